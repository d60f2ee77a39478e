import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0012_recall_at_one_look'),
    ]

    operations = [
        migrations.CreateModel(
            name='MemorySummary',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('month', models.DateField()),
                ('at', models.DateTimeField()),
                ('learned_at', models.DateTimeField()),
                ('text', models.TextField()),
                ('sources', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                ('number', models.PositiveIntegerField()),
                ('newest', models.BigIntegerField()),
                ('by', models.CharField(blank=True, max_length=100)),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memory_summaries', to='customers.customer')),
            ],
            options={
                'verbose_name': 'memory summary',
                'verbose_name_plural': 'memory summaries',
                'indexes': [models.Index(fields=['customer', 'month'], include=('number', 'newest'), name='memory_summary_of')],
            },
        ),
    ]
