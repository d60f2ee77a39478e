"""Waits in business hours beside those by the clock. Past days are counted anew by the next `refresh`, which finds none."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("helpdesk", "0001_figures"), ("tickets", "0015_waits_in_business_hours")]

    operations = [
        migrations.AddField(
            "dayfigures",
            "first_replies_open",
            django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), db_default=[], default=list, size=None),
        ),
        migrations.AddField(
            "dayfigures",
            "resolutions_open",
            django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), db_default=[], default=list, size=None),
        ),
        migrations.RunSQL("DELETE FROM helpdesk_dayfigures", migrations.RunSQL.noop),
    ]
