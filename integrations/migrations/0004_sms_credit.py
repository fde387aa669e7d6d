from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('integrations', '0003_delivery_reports'),
    ]

    operations = [
        migrations.CreateModel(
            name='SmsCredit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('provider', models.CharField(max_length=20, unique=True, verbose_name='provider')),
                ('rial', models.BigIntegerField(blank=True, null=True, verbose_name='credit')),
                ('checked_at', models.DateTimeField(blank=True, null=True, verbose_name='checked at')),
                ('low_since', models.DateTimeField(blank=True, null=True, verbose_name='low since')),
                ('last_error', models.CharField(blank=True, max_length=300, verbose_name='last error')),
            ],
            options={
                'verbose_name': 'SMS credit',
                'verbose_name_plural': 'SMS credit',
                'ordering': ['provider'],
            },
        ),
    ]
