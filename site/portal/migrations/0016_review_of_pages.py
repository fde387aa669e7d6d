"""Editors write and submit; an administrator reviews, and approving publishes."""

from customer.roles import Role
from django.db import migrations

from portal.grants import grant_pages

WORKFLOW = TASK = "بازبینی فنی"


def make_workflow(apps, schema_editor):
    Workflow = apps.get_model("wagtailcore", "Workflow")
    Task = apps.get_model("wagtailcore", "Task")
    GroupApprovalTask = apps.get_model("wagtailcore", "GroupApprovalTask")
    kind = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="wagtailcore", model="groupapprovaltask"
    )[0]
    # Wagtail's own workflow waits for a group that this house never had.
    Workflow.objects.filter(name="Moderators approval", workflow_states=None).delete()
    Task.objects.filter(name="Moderators approval", task_states=None, workflow_tasks=None).delete()
    task = GroupApprovalTask.objects.create(name=TASK, active=True, content_type=kind)
    task.groups.add(apps.get_model("auth", "Group").objects.get(name=Role.ADMINISTRATOR))
    workflow = Workflow.objects.create(name=WORKFLOW, active=True)
    apps.get_model("wagtailcore", "WorkflowTask").objects.create(workflow=workflow, task_id=task.pk, sort_order=0)
    root = apps.get_model("wagtailcore", "Page").objects.get(depth=1)
    apps.get_model("wagtailcore", "WorkflowPage").objects.update_or_create(
        page=root, defaults={"workflow": workflow}
    )
    editors_publish(apps).delete()


def drop_workflow(apps, schema_editor):
    apps.get_model("wagtailcore", "Workflow").objects.filter(name=WORKFLOW).delete()
    apps.get_model("wagtailcore", "Task").objects.filter(name=TASK).delete()
    grant_pages(apps, Role.EDITOR, ["publish_page"])


def editors_publish(apps):
    return apps.get_model("wagtailcore", "GroupPagePermission").objects.filter(
        group__name=Role.EDITOR, permission__codename="publish_page"
    )


class Migration(migrations.Migration):
    dependencies = [
        ("cms", "0030_campaigns"),
        ("portal", "0015_notice_permissions"),
    ]

    operations = [migrations.RunPython(make_workflow, drop_workflow)]
