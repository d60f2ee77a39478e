import helpdesk.core.models.event
from django.db import migrations, models

# What each function promises: core/feed_order.py. The column comes with a constant first, which rewrites nothing however many events
# there are; what is written from then on has the number of its transaction.
FORWARDS = """
    CREATE FUNCTION event_position_base() RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT 0::bigint';

    CREATE FUNCTION event_position() RETURNS bigint LANGUAGE sql VOLATILE
        AS 'SELECT pg_current_xact_id()::text::bigint + event_position_base()';

    CREATE FUNCTION event_horizon() RETURNS bigint LANGUAGE plpgsql STABLE AS $$
    DECLARE
        snapshot pg_snapshot := pg_current_snapshot();
        -- nobody has a number at or above this one yet, but for those who began after we looked
        beyond bigint := greatest(pg_snapshot_xmax(snapshot)::text::bigint, pg_current_xact_id_if_assigned()::text::bigint + 1);
        oldest bigint;
        hidden boolean;
    BEGIN
        PERFORM pg_stat_clear_snapshot();  -- else it is as it was at the first look of this transaction
        SELECT min(beyond - ago), bool_or(query = '<insufficient privilege>') INTO oldest, hidden
        FROM pg_stat_activity, LATERAL (SELECT (beyond - backend_xid::text::bigint) & 4294967295) AS distance(ago)
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND (ago IS NULL OR ago < 2147483648);
        IF hidden THEN  -- other roles write here too, and do not let us see which transactions are theirs
            oldest := pg_snapshot_xmin(snapshot)::text::bigint;
        END IF;
        RETURN least(beyond, oldest) + event_position_base();
    END $$;

    ALTER TABLE core_event ADD COLUMN position bigint NOT NULL DEFAULT 0;
    ALTER TABLE core_event ALTER COLUMN position SET DEFAULT event_position();
"""
BACKWARDS = """
    ALTER TABLE core_event DROP COLUMN position;
    DROP FUNCTION event_horizon();
    DROP FUNCTION event_position();
    DROP FUNCTION event_position_base();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0008_customer_sign_in'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(FORWARDS, BACKWARDS)],
            state_operations=[
                migrations.AddField(
                    model_name='event',
                    name='position',
                    field=models.BigIntegerField(db_default=helpdesk.core.models.event.NextPosition(), editable=False),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['position', 'id'], name='event_feed'),
        ),
    ]
