"""Keys may be limited to teams, and with them the webhooks that they make."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0014_audit'),
    ]

    operations = [
        migrations.AddField(
            model_name='apikey',
            name='queues',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), blank=True, default=list, size=None, verbose_name='teams'),
        ),
        migrations.AddField(
            model_name='webhook',
            name='queues',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), blank=True, default=list, size=None),
        ),
    ]
