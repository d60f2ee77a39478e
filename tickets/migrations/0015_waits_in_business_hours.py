"""How long customers waited in business hours, and whether people solved it. Older tickets: none known, and solved by people."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tickets", "0014_escalations")]

    operations = [
        migrations.AddField("ticket", "first_reply_took", models.PositiveIntegerField(blank=True, editable=False, null=True)),
        migrations.AddField("ticket", "solving_took", models.PositiveIntegerField(blank=True, editable=False, null=True)),
        migrations.AddField("ticket", "solved_by_people", models.BooleanField(db_default=True, default=True, editable=False)),
    ]
