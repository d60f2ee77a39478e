"""Who is on duty for escalations: shifts by the week, and days on which somebody stands in."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import tickets.models.duty


class Migration(migrations.Migration):

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('tickets', '0017_queue_rights'),
    ]

    operations = [
        migrations.CreateModel(
            name='DutyDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(verbose_name='day')),
                ('level', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='days', to='tickets.escalationlevel')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='colleague')),
                ('stand_in', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='who stands in')),
            ],
            options={
                'verbose_name': 'day of another on duty',
                'verbose_name_plural': 'days of another on duty',
                'ordering': ('day', 'id'),
                'constraints': [models.UniqueConstraint(fields=('level', 'day', 'person'), name='one_stand_in_a_day')],
            },
        ),
        migrations.CreateModel(
            name='DutyShift',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('time_zone', models.CharField(blank=True, max_length=64, verbose_name='time zone')),
                ('week', models.JSONField(default=tickets.models.duty.working_week, verbose_name='week')),
                ('level', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='shifts', to='tickets.escalationlevel')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='colleague')),
            ],
            options={
                'verbose_name': 'shift of duty',
                'verbose_name_plural': 'shifts of duty',
                'constraints': [models.UniqueConstraint(fields=('level', 'person'), name='one_shift_a_person')],
            },
        ),
    ]
