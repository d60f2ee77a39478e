from django.db import migrations, models

STATES = [
    ("waiting", "Waiting"),
    ("acknowledged", "Acknowledged"),
    ("handed_back", "Handed back"),
    ("done", "Solved"),
    ("taken_back", "Taken back"),
]


class Migration(migrations.Migration):
    dependencies = [("tickets", "0015_waits_in_business_hours")]

    operations = [
        migrations.AlterField(
            "escalation", "state", models.CharField(choices=STATES, default="waiting", max_length=14, verbose_name="state")
        ),
    ]
