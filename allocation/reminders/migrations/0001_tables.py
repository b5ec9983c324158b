"""Make the tables of reminders, and the one row of their settings: all off except the page."""

import django.core.validators
import django.db.models.deletion
import uuid
from django.db import migrations, models

from allocation import merged


def add_settings(apps, schema_editor):
    apps.get_model("reminders", "ReminderSettings").objects.create(pk=1)


class Migration(migrations.Migration):

    initial = True

    replaces = merged.names('reminders', '0001_tables')

    dependencies = [
        ('directives', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='ReminderSettings',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('quiet_hours', models.PositiveSmallIntegerField(default=24, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(720)])),
                ('site_url', models.CharField(blank=True, max_length=200, verbose_name='address of this server')),
                ('email_on', models.BooleanField(default=False, verbose_name='e-mail')),
                ('recipients', models.JSONField(blank=True, default=list)),
                ('webhook_on', models.BooleanField(default=False, verbose_name='webhook')),
                ('webhook_url', models.CharField(blank=True, max_length=1000, verbose_name='address of the webhook')),
                ('webhook_secret', models.CharField(blank=True, editable=False, max_length=100)),
                ('secret_made_at', models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                'verbose_name_plural': 'reminder settings',
                'db_table': 'reminder_settings',
                'constraints': [models.CheckConstraint(condition=models.Q(('pk', 1)), name='one_row_of_reminder_settings'), models.CheckConstraint(condition=models.Q(('quiet_hours__gte', 1), ('quiet_hours__lte', 720)), name='quiet_hours_in_range'), models.CheckConstraint(condition=models.Q(('webhook_on', False), models.Q(models.Q(('webhook_url', ''), _negated=True), models.Q(('webhook_secret', ''), _negated=True)), _connector='OR'), name='webhook_has_address_and_secret')],
            },
        ),
        migrations.CreateModel(
            name='Reminder',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=200, unique=True)),
                ('kind', models.CharField(choices=[('quiet_sd', 'quiet SD'), ('unlogged', 'phases not logged'), ('zone', 'zone'), ('exhaustion', 'exhaustion')], max_length=12)),
                ('subject', models.CharField(max_length=100)),
                ('sd', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reminders', to='directives.strategicdirective', verbose_name='SD')),
                ('title', models.CharField(max_length=120)),
                ('text', models.CharField(max_length=600)),
                ('made_at', models.DateTimeField(verbose_name='since')),
                ('resolved_at', models.DateTimeField(null=True, verbose_name='resolved')),
                ('dismissed_at', models.DateTimeField(null=True, verbose_name='dismissed')),
                ('dismissed_by', models.CharField(blank=True, max_length=150)),
            ],
            options={
                'db_table': 'reminders',
                'ordering': ['-made_at', '-id'],
                'indexes': [models.Index(fields=['-made_at', '-id'], name='reminder_newest_first')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('resolved_at__isnull', True)), fields=('kind', 'subject'), name='one_open_reminder_per_subject')],
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('reminder', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='reminders.reminder')),
                ('channel', models.CharField(choices=[('email', 'e-mail'), ('webhook', 'webhook')], max_length=8)),
                ('state', models.CharField(choices=[('pending', 'waiting'), ('sending', 'being sent'), ('sent', 'sent'), ('failed', 'failed'), ('uncertain', 'uncertain'), ('dropped', 'not sent')], default='pending', max_length=10)),
                ('made_at', models.DateTimeField(verbose_name='made')),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('next_at', models.DateTimeField(null=True, verbose_name='next try')),
                ('tried_at', models.DateTimeField(null=True, verbose_name='last try')),
                ('said', models.CharField(blank=True, max_length=300, verbose_name='what came of it')),
            ],
            options={
                'verbose_name_plural': 'deliveries',
                'db_table': 'reminder_deliveries',
                'ordering': ['-made_at', 'id'],
                'indexes': [models.Index(fields=['-made_at'], name='delivery_newest_first'), models.Index(condition=models.Q(('state__in', ['pending', 'sending'])), fields=['state', 'next_at'], name='delivery_to_do')],
                'constraints': [models.UniqueConstraint(fields=('reminder', 'channel'), name='one_delivery_per_reminder_and_channel')],
            },
        ),
        migrations.RunPython(add_settings, migrations.RunPython.noop),
    ]
