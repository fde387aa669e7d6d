"""What each group of staff may see and do at the support desk."""

from customer.roles import Role
from django.db import migrations

from portal.grants import grant

TICKETS = ["support.view_ticket"]
CONVERSATION = ["support.read_conversation@ticket", "support.view_message", "support.view_attachment"]
WORK = ["support.view_worklog", "support.view_ticketlink"]
ANSWER = [
    "support.answer_ticket@ticket",
    "support.assign_ticket@ticket",
    "support.merge_ticket@ticket",
    "support.add_worklog",
]
LEVELS = ["workinghours", "holiday", "slapolicy"]


def all_of(*models):
    return [f"support.{act}_{model}" for model in models for act in ("view", "add", "change", "delete")]


GRANTS = {
    Role.ADMINISTRATOR: [*TICKETS, *CONVERSATION, *WORK, *ANSWER, *all_of("cannedreply", "savedfilter", *LEVELS)],
    Role.SUPPORT: [
        *TICKETS,
        *CONVERSATION,
        *WORK,
        *ANSWER,
        *all_of("cannedreply", "savedfilter"),
        *(f"support.view_{model}" for model in LEVELS),
    ],
    # Finance sees that there is a ticket and what was worked on it, not what was said.
    Role.FINANCE: [*TICKETS, *WORK],
    Role.AUDITOR: [*TICKETS, *CONVERSATION, *WORK, *(f"support.view_{model}" for model in ["cannedreply", *LEVELS])],
}


def give(apps, schema_editor):
    for role, permissions in GRANTS.items():
        grant(apps, role, permissions)


class Migration(migrations.Migration):
    dependencies = [
        ("support", "0001_initial"),
        ("portal", "0017_content_reports"),
    ]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
