import uuid

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('integrations', '0002_outbox_by_stream'),
    ]

    operations = [
        migrations.CreateModel(
            name='DeliveryReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('provider', models.CharField(max_length=20, verbose_name='provider')),
                ('external_id', models.CharField(max_length=120, verbose_name='their id')),
                ('status', models.CharField(choices=[('unknown', 'not known'), ('queued', 'queued at the provider'), ('sent', 'on its way'), ('undelivered', 'did not arrive'), ('failed', 'could not be sent'), ('cancelled', 'cancelled'), ('blocked', 'the recipient blocks such messages'), ('delivered', 'arrived'), ('read', 'read')], max_length=12, verbose_name='status')),
                ('code', models.CharField(blank=True, max_length=20, verbose_name='their code')),
                ('reason', models.CharField(blank=True, max_length=300, verbose_name='reason')),
                ('reference', models.CharField(blank=True, max_length=120, verbose_name='our reference')),
                ('at', models.DateTimeField(verbose_name='when')),
                ('received_at', models.DateTimeField(verbose_name='received at')),
                ('raw', models.JSONField(default=dict, verbose_name='details')),
                ('batch', models.UUIDField(default=uuid.uuid4, editable=False)),
            ],
            options={
                'verbose_name': 'delivery report',
                'verbose_name_plural': 'delivery reports',
                'ordering': ['-received_at', '-pk'],
                'indexes': [models.Index(fields=['-received_at'], name='report_by_time'), models.Index(condition=models.Q(('reference', ''), _negated=True), fields=['provider', 'reference'], name='report_by_reference')],
                'constraints': [models.UniqueConstraint(fields=('provider', 'external_id', 'status'), name='report_once_per_stage')],
            },
        ),
        migrations.CreateModel(
            name='WhatsAppWindow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('phone_index', models.CharField(max_length=64, unique=True)),
                ('last_inbound_at', models.DateTimeField(verbose_name='last message to us')),
            ],
            options={
                'verbose_name': 'WhatsApp window',
                'verbose_name_plural': 'WhatsApp windows',
            },
        ),
    ]
