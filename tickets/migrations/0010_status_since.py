from django.db import migrations


class Migration(migrations.Migration):
    """How long a ticket has had its status, as near as its other times tell."""

    dependencies = [("tickets", "0009_rules_and_notices")]

    operations = [
        migrations.RunSQL(
            "UPDATE tickets_ticket SET status_since = COALESCE(closed_at, resolved_at, updated_at)", migrations.RunSQL.noop, elidable=True
        ),
    ]
