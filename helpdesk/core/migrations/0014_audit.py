"""The audit and its chain. Both tables only grow: the database itself refuses anything else."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models.functions import Now

ONLY_GROWS = """
CREATE FUNCTION helpdesk_audit_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% only grows: rows are neither changed nor deleted', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
""" + "".join(
    f"CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION helpdesk_audit_only_grows();\n"
    f"CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION helpdesk_audit_only_grows();\n"
    for table in ("core_auditentry", "core_auditseal")
)


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0013_experiments'),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('at', models.DateTimeField(db_default=Now(), verbose_name='when')),
                ('actor_kind', models.CharField(max_length=12)),
                ('actor_id', models.CharField(blank=True, max_length=64)),
                ('actor_name', models.CharField(blank=True, max_length=150, verbose_name='who')),
                ('address', models.CharField(blank=True, max_length=64, verbose_name='from where')),
                ('request_id', models.CharField(blank=True, max_length=64)),
                ('act', models.CharField(choices=[('created', 'made'), ('changed', 'changed'), ('removed', 'removed'), ('signed_in', 'signed in'), ('signed_out', 'signed out'), ('locked_out', 'locked out'), ('exported', 'took out'), ('imported', 'brought in'), ('erased', 'erased'), ('read', 'read'), ('linked', 'made a link of')], max_length=12, verbose_name='did')),
                ('subject', models.CharField(max_length=60, verbose_name='what')),
                ('subject_id', models.CharField(blank=True, max_length=64)),
                ('label', models.CharField(blank=True, max_length=150)),
                ('before', models.JSONField(blank=True, null=True)),
                ('after', models.JSONField(blank=True, null=True)),
            ],
            options={
                'verbose_name': 'audit entry',
                'verbose_name_plural': 'audit',
                'ordering': ('-id',),
                'indexes': [models.Index(fields=['subject', '-id'], name='audit_by_subject'), models.Index(fields=['actor_id', '-id'], name='audit_by_actor'), models.Index(fields=['at'], name='audit_by_time')],
            },
        ),
        migrations.CreateModel(
            name='AuditSeal',
            fields=[
                ('seq', models.BigIntegerField(primary_key=True, serialize=False)),
                ('previous', models.CharField(max_length=64)),
                ('hash', models.CharField(max_length=64)),
                ('at', models.DateTimeField(db_default=Now())),
                ('entry', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='seal', to='core.auditentry')),
            ],
            options={
                'verbose_name': 'audit seal',
            },
        ),
        migrations.RunSQL(ONLY_GROWS, "DROP FUNCTION helpdesk_audit_only_grows() CASCADE;"),
    ]
