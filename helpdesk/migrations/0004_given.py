"""What the engine gave, by day. Past days are counted anew by the next `refresh`, which finds none."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("helpdesk", "0003_targets")]

    operations = [
        migrations.CreateModel(
            "DayGiven",
            [
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("day", models.DateField(db_index=True)),
                ("queue_id", models.UUIDField(null=True)),
                ("channel", models.CharField(max_length=10)),
                ("what", models.CharField(max_length=10)),
                ("name", models.CharField(max_length=40)),
                ("said", models.CharField(max_length=20)),
                ("n", models.PositiveIntegerField()),
                ("good", models.PositiveIntegerField()),
                ("cost", models.DecimalField(decimal_places=6, max_digits=14)),
            ],
            options={"verbose_name": "given on a day"},
        ),
        migrations.RunSQL("DELETE FROM helpdesk_dayfigures", migrations.RunSQL.noop),
    ]
