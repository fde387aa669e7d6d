from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('integrations', '0004_sms_credit'),
    ]

    operations = [
        migrations.CreateModel(
            name='MessageTemplate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=60, verbose_name='message')),
                ('channel', models.CharField(choices=[('sms', 'SMS'), ('whatsapp', 'WhatsApp')], default='sms', max_length=10, verbose_name='channel')),
                ('text', models.TextField(max_length=900, verbose_name='text')),
                ('whatsapp_template', models.CharField(blank=True, max_length=120, verbose_name='name of the approved template')),
                ('language', models.CharField(blank=True, default='fa', max_length=10, verbose_name='language of the approved template')),
                ('is_active', models.BooleanField(default=True, verbose_name='in use')),
            ],
            options={
                'verbose_name': 'message text',
                'verbose_name_plural': 'message texts',
                'ordering': ['key', 'channel', 'pk'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('is_active', True)), fields=('key', 'channel'), name='message_template_one_in_use', violation_error_message='This message already has a text in use on this channel.'), models.CheckConstraint(condition=models.Q(models.Q(('channel', 'whatsapp'), _negated=True), models.Q(('whatsapp_template', ''), _negated=True), _connector='OR'), name='message_template_names_whatsapp')],
            },
        ),
    ]
