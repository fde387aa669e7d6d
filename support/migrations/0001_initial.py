"""Tickets, what is said in them, and what the desk works with."""

import customer.storage
import django.db.models.deletion
import support.models.attachment
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('customer', '0018_inbox_kind_support'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Holiday',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(unique=True, verbose_name='day')),
                ('title', models.CharField(max_length=120, verbose_name='occasion')),
            ],
            options={
                'verbose_name': 'holiday',
                'verbose_name_plural': 'holidays',
                'ordering': ['day'],
            },
        ),
        migrations.CreateModel(
            name='CannedReply',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=120, verbose_name='title')),
                ('body', models.TextField(max_length=5000, verbose_name='text')),
                ('is_active', models.BooleanField(default=True, verbose_name='in use')),
                ('used_count', models.PositiveIntegerField(default=0, editable=False, verbose_name='times used')),
                ('device_type', models.ForeignKey(blank=True, help_text='Leave empty for every device type.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='customer.devicetype', verbose_name='device type')),
                ('owner', models.ForeignKey(blank=True, help_text='Leave empty for the whole team.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='only for')),
            ],
            options={
                'verbose_name': 'canned reply',
                'verbose_name_plural': 'canned replies',
                'ordering': ['title', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='SlaPolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('importance', models.CharField(choices=[('low', 'low'), ('medium', 'medium'), ('high', 'high'), ('urgent', 'urgent')], max_length=6, verbose_name='importance')),
                ('mode', models.CharField(blank=True, choices=[('contract', 'under contract'), ('undecided', 'not chosen yet'), ('pay_per_case', 'pay per case'), ('withdrawn', 'withdrawn')], help_text='Leave empty for every mode without a policy of its own.', max_length=12, verbose_name='mode of service')),
                ('first_answer_minutes', models.PositiveIntegerField(verbose_name='answer within, working minutes')),
                ('resolution_minutes', models.PositiveIntegerField(verbose_name='solution within, working minutes')),
            ],
            options={
                'verbose_name': 'service level',
                'verbose_name_plural': 'service levels',
                'ordering': ['importance', 'mode'],
                'constraints': [models.UniqueConstraint(fields=('importance', 'mode'), name='sla_policy_once'), models.CheckConstraint(condition=models.Q(('first_answer_minutes__gte', 1), ('resolution_minutes__gte', models.F('first_answer_minutes'))), name='sla_policy_answer_before_solution')],
            },
        ),
        migrations.CreateModel(
            name='Ticket',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=20, unique=True, verbose_name='number')),
                ('title', models.CharField(max_length=150, verbose_name='title')),
                ('description', models.TextField(verbose_name='description')),
                ('importance', models.CharField(choices=[('low', 'low'), ('medium', 'medium'), ('high', 'high'), ('urgent', 'urgent')], default='medium', max_length=6, verbose_name='importance')),
                ('rank', models.PositiveSmallIntegerField(editable=False)),
                ('status', models.CharField(choices=[('open', 'open'), ('in_review', 'in review'), ('answered', 'answered')], default='open', max_length=9, verbose_name='response status')),
                ('created_at', models.DateTimeField(verbose_name='opened at')),
                ('last_message_at', models.DateTimeField(verbose_name='last message at')),
                ('waiting_since', models.DateTimeField(blank=True, null=True, verbose_name='the buyer waits since')),
                ('buyer_wrote_at', models.DateTimeField(verbose_name='the buyer wrote at')),
                ('first_answered_at', models.DateTimeField(blank=True, null=True, verbose_name='first answered at')),
                ('answered_at', models.DateTimeField(blank=True, null=True, verbose_name='answered at')),
                ('buyer_read_at', models.DateTimeField(blank=True, null=True, verbose_name='read by the buyer at')),
                ('staff_read_at', models.DateTimeField(blank=True, null=True, verbose_name='read by staff at')),
                ('first_answer_due_at', models.DateTimeField(verbose_name='first answer due at')),
                ('answer_due_at', models.DateTimeField(blank=True, null=True, verbose_name='answer due at')),
                ('resolution_due_at', models.DateTimeField(blank=True, null=True, verbose_name='resolution due at')),
                ('resolution_left_minutes', models.IntegerField(blank=True, null=True, verbose_name='working minutes left while paused')),
                ('due_at', models.DateTimeField(blank=True, null=True, verbose_name='due at')),
                ('answer_breached_at', models.DateTimeField(blank=True, null=True, verbose_name='answer overdue since')),
                ('resolution_breached_at', models.DateTimeField(blank=True, null=True, verbose_name='resolution overdue since')),
                ('warned_at', models.DateTimeField(blank=True, null=True, verbose_name='warned of closing at')),
                ('closed_at', models.DateTimeField(blank=True, null=True, verbose_name='closed at')),
                ('closed_why', models.CharField(blank=True, choices=[('solved', 'solved'), ('by_buyer', 'closed by the buyer'), ('silence', 'no reply from the buyer'), ('merged', 'merged into another ticket'), ('transferred', 'the device changed hands'), ('declined', 'not a matter for support')], max_length=12, verbose_name='why it was closed')),
                ('reopened_count', models.PositiveSmallIntegerField(default=0, verbose_name='times reopened')),
                ('rating', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='rating')),
                ('rating_note', models.TextField(blank=True, max_length=1000, verbose_name='note on the rating')),
                ('rated_at', models.DateTimeField(blank=True, null=True, verbose_name='rated at')),
                ('mode', models.CharField(choices=[('contract', 'under contract'), ('undecided', 'not chosen yet'), ('pay_per_case', 'pay per case'), ('withdrawn', 'withdrawn')], max_length=12, verbose_name='mode of service when opened')),
                ('tariff_low_rial', models.BigIntegerField(blank=True, null=True, verbose_name='price from, rial')),
                ('tariff_high_rial', models.BigIntegerField(blank=True, null=True, verbose_name='price up to, rial')),
                ('tariff_accepted_at', models.DateTimeField(blank=True, null=True, verbose_name='tariff accepted at')),
                ('remote_session_id', models.CharField(blank=True, max_length=40, verbose_name='id of the remote session')),
                ('search_text', models.TextField(default='', editable=False)),
                ('staff_text', models.TextField(default='', editable=False)),
                ('assignee', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='assignee')),
                ('buyer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tickets', to='customer.buyer', verbose_name='buyer')),
                ('closed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='closed by')),
                ('device', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tickets', to='customer.device', verbose_name='device')),
                ('merged_into', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='merged', to='support.ticket', verbose_name='merged into')),
                ('opened_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='opened by')),
            ],
            options={
                'verbose_name': 'ticket',
                'verbose_name_plural': 'tickets',
                'ordering': ['-last_message_at', '-pk'],
                'permissions': [('read_conversation', 'Can read the conversation of a ticket'), ('answer_ticket', 'Can answer tickets and write internal notes'), ('assign_ticket', 'Can assign tickets to others'), ('merge_ticket', 'Can merge, split and link tickets')],
            },
        ),
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_staff', models.BooleanField(verbose_name='from staff')),
                ('is_internal', models.BooleanField(default=False, verbose_name='internal note')),
                ('body', models.TextField(blank=True, verbose_name='text')),
                ('created_at', models.DateTimeField(verbose_name='written at')),
                ('deliver_after', models.DateTimeField(blank=True, null=True, verbose_name='reaches the buyer at')),
                ('before', models.JSONField(blank=True, editable=False, null=True)),
                ('author', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='author')),
                ('ticket', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='support.ticket', verbose_name='ticket')),
            ],
            options={
                'verbose_name': 'message',
                'verbose_name_plural': 'messages',
                'ordering': ['created_at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='Attachment',
            fields=[
                ('id', models.CharField(default=support.models.attachment.new_key, editable=False, max_length=32, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=150, verbose_name='name')),
                ('file', models.FileField(max_length=120, storage=customer.storage.private_storage, upload_to='attachments/', verbose_name='file')),
                ('size', models.PositiveBigIntegerField(verbose_name='size, bytes')),
                ('received', models.PositiveBigIntegerField(default=0, verbose_name='received, bytes')),
                ('content_type', models.CharField(blank=True, max_length=60, verbose_name='type of content')),
                ('sha256', models.CharField(blank=True, editable=False, max_length=64)),
                ('state', models.CharField(choices=[('uploading', 'being uploaded'), ('ready', 'ready'), ('infected', 'refused: harmful content')], default='uploading', max_length=9, verbose_name='state')),
                ('scan', models.CharField(choices=[('not_scanned', 'not scanned'), ('clean', 'clean')], default='not_scanned', max_length=11, verbose_name='scan for malware')),
                ('created_at', models.DateTimeField(verbose_name='uploaded at')),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='uploaded by')),
                ('message', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='attachments', to='support.message', verbose_name='message')),
                ('ticket', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='attachments', to='support.ticket', verbose_name='ticket')),
            ],
            options={
                'verbose_name': 'attachment',
                'verbose_name_plural': 'attachments',
                'ordering': ['created_at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='TicketDraft',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(blank=True, max_length=300, verbose_name='title')),
                ('body', models.TextField(blank=True, verbose_name='text')),
                ('is_internal', models.BooleanField(default=False, verbose_name='internal note')),
                ('saved_at', models.DateTimeField(verbose_name='saved at')),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='author')),
                ('ticket', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='drafts', to='support.ticket', verbose_name='ticket')),
            ],
            options={
                'verbose_name': 'draft',
                'verbose_name_plural': 'drafts',
            },
        ),
        migrations.CreateModel(
            name='TicketLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('related', 'related'), ('split', 'split off'), ('caused', 'caused by')], default='related', max_length=8, verbose_name='kind')),
                ('made_at', models.DateTimeField(verbose_name='made at')),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='made by')),
                ('other', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='linked', to='support.ticket', verbose_name='other ticket')),
                ('ticket', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='links', to='support.ticket', verbose_name='ticket')),
            ],
            options={
                'verbose_name': 'link between tickets',
                'verbose_name_plural': 'links between tickets',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='WorkingHours',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('weekday', models.PositiveSmallIntegerField(choices=[(5, 'Saturday'), (6, 'Sunday'), (0, 'Monday'), (1, 'Tuesday'), (2, 'Wednesday'), (3, 'Thursday'), (4, 'Friday')], verbose_name='day of the week')),
                ('opens_at', models.TimeField(verbose_name='from')),
                ('closes_at', models.TimeField(verbose_name='to')),
            ],
            options={
                'verbose_name': 'working hours',
                'verbose_name_plural': 'working hours',
                'ordering': ['weekday', 'opens_at'],
                'constraints': [models.CheckConstraint(condition=models.Q(('closes_at__gt', models.F('opens_at'))), name='working_hours_end_after_start'), models.UniqueConstraint(fields=('weekday', 'opens_at'), name='working_hours_once_per_start')],
            },
        ),
        migrations.CreateModel(
            name='WorkLog',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('activity', models.CharField(choices=[('remote', 'remote session'), ('phone', 'phone call'), ('on_site', 'visit on site'), ('workshop', 'work in the workshop'), ('research', 'study and tests')], max_length=10, verbose_name='activity')),
                ('minutes', models.PositiveIntegerField(verbose_name='minutes')),
                ('note', models.TextField(blank=True, max_length=2000, verbose_name='note')),
                ('worked_on', models.DateField(verbose_name='date')),
                ('created_at', models.DateTimeField(verbose_name='recorded at')),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='done by')),
                ('ticket', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='work', to='support.ticket', verbose_name='ticket')),
            ],
            options={
                'verbose_name': 'work record',
                'verbose_name_plural': 'work records',
                'ordering': ['-worked_on', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='SavedFilter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('query', models.CharField(max_length=500, verbose_name='query')),
                ('is_shared', models.BooleanField(default=False, verbose_name='shown to the whole team')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='owner')),
            ],
            options={
                'verbose_name': 'saved filter',
                'verbose_name_plural': 'saved filters',
                'ordering': ['name', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('owner', 'name'), name='saved_filter_once_per_name')],
            },
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(fields=['buyer', '-last_message_at', '-id'], name='ticket_by_buyer_newest'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(condition=models.Q(('closed_at__isnull', True)), fields=['due_at', 'id'], name='ticket_open_by_due'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(condition=models.Q(('closed_at__isnull', True)), fields=['rank', 'due_at', 'id'], name='ticket_open_by_rank'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(condition=models.Q(('closed_at__isnull', True)), fields=['assignee', 'due_at', 'id'], name='ticket_open_by_assignee'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(fields=['-created_at', '-id'], name='ticket_newest'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(fields=['device', '-created_at'], name='ticket_by_device'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(condition=models.Q(('closed_at__isnull', True), ('waiting_since__isnull', True)), fields=['answered_at'], name='ticket_silent_by_answer'),
        ),
        migrations.AddConstraint(
            model_name='ticket',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', True), ('closed_by__isnull', True), ('closed_why', '')), models.Q(('closed_at__isnull', False), models.Q(('closed_why', ''), _negated=True)), _connector='OR'), name='ticket_closed_says_why'),
        ),
        migrations.AddConstraint(
            model_name='ticket',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_why', 'merged'), ('merged_into__isnull', False)), models.Q(models.Q(('closed_why', 'merged'), _negated=True), ('merged_into__isnull', True)), _connector='OR'), name='ticket_merged_names_its_target'),
        ),
        migrations.AddConstraint(
            model_name='ticket',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('rated_at__isnull', True), ('rating__isnull', True)), models.Q(('rated_at__isnull', False), ('rating__gte', 1), ('rating__lte', 5)), _connector='OR'), name='ticket_rating_one_to_five'),
        ),
        migrations.AddConstraint(
            model_name='ticket',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('importance', 'urgent'), ('rank', 0)), models.Q(('importance', 'high'), ('rank', 1)), models.Q(('importance', 'medium'), ('rank', 2)), models.Q(('importance', 'low'), ('rank', 3)), _connector='OR'), name='ticket_rank_is_importance'),
        ),
        migrations.AddConstraint(
            model_name='ticket',
            constraint=models.CheckConstraint(condition=models.Q(('closed_at__isnull', True), models.Q(('due_at__isnull', True), ('waiting_since__isnull', True)), _connector='OR'), name='ticket_closed_waits_for_nobody'),
        ),
        migrations.AddConstraint(
            model_name='ticket',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('mode', 'pay_per_case'), _negated=True), ('tariff_accepted_at__isnull', False), _connector='OR'), name='ticket_pay_per_case_accepted'),
        ),
        migrations.AddConstraint(
            model_name='ticket',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('title', ''), _negated=True), models.Q(('description', ''), _negated=True)), name='ticket_says_something'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(fields=['ticket', 'created_at', 'id'], name='message_by_ticket'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(('is_internal', False), ('from_staff', True), _connector='OR'), name='message_note_by_staff'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(('from_staff', True), ('deliver_after__isnull', True), _connector='OR'), name='message_of_buyer_at_once'),
        ),
        migrations.AddIndex(
            model_name='attachment',
            index=models.Index(condition=models.Q(('ticket__isnull', True)), fields=['created_at'], name='attachment_orphans'),
        ),
        migrations.AddIndex(
            model_name='attachment',
            index=models.Index(fields=['owner', 'created_at'], name='attachment_by_owner'),
        ),
        migrations.AddConstraint(
            model_name='attachment',
            constraint=models.CheckConstraint(condition=models.Q(('ticket__isnull', True), ('state', 'ready'), _connector='OR'), name='attachment_bound_when_ready'),
        ),
        migrations.AddConstraint(
            model_name='attachment',
            constraint=models.CheckConstraint(condition=models.Q(('message__isnull', True), ('ticket__isnull', False), _connector='OR'), name='attachment_of_message_has_ticket'),
        ),
        migrations.AddConstraint(
            model_name='attachment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'ready'), _negated=True), models.Q(('received', models.F('size')), models.Q(('sha256', ''), _negated=True), models.Q(('content_type', ''), _negated=True)), _connector='OR'), name='attachment_ready_is_whole'),
        ),
        migrations.AddConstraint(
            model_name='ticketdraft',
            constraint=models.UniqueConstraint(fields=('author', 'ticket'), name='draft_once_per_person_and_ticket'),
        ),
        migrations.AddConstraint(
            model_name='ticketdraft',
            constraint=models.UniqueConstraint(condition=models.Q(('ticket__isnull', True)), fields=('author',), name='draft_one_new_ticket_per_person'),
        ),
        migrations.AddConstraint(
            model_name='ticketlink',
            constraint=models.UniqueConstraint(fields=('ticket', 'other'), name='ticket_link_once'),
        ),
        migrations.AddConstraint(
            model_name='ticketlink',
            constraint=models.CheckConstraint(condition=models.Q(('ticket', models.F('other')), _negated=True), name='ticket_link_between_two'),
        ),
        migrations.AddConstraint(
            model_name='worklog',
            constraint=models.CheckConstraint(condition=models.Q(('minutes__gte', 1), ('minutes__lte', 1440)), name='work_within_a_day'),
        ),
    ]
