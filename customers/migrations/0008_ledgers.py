"""The consent ledger and the access log are added to, never changed: the database itself refuses it (customers/ledgers.py)."""

from django.db import migrations

TABLES = ("customers_consententry", "customers_accessentry")
FUNCTION = """
CREATE FUNCTION helpdesk_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(current_setting('helpdesk.ledgers_open', true), '') = 'yes' THEN
        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% only grows: rows are neither changed nor deleted', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
"""
GUARDED = "".join(
    f"CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION helpdesk_only_grows();\n" for table in TABLES
)
FREE = "".join(f"DROP TRIGGER only_grows ON {table};\n" for table in TABLES) + "DROP FUNCTION helpdesk_only_grows();"


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0007_exports'),
    ]

    operations = [migrations.RunSQL(FUNCTION + GUARDED, FREE)]
