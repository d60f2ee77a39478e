from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('assist', '0019_draft_funnel'),
    ]

    operations = [
        migrations.AddField(
            model_name='callsession',
            name='held_since',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='callsession',
            name='held_seconds',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='callsession',
            name='agent_muted',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='callsession',
            name='line_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
