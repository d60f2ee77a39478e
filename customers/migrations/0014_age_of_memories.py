from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0013_memory_summaries'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='memorytrace',
            index=models.Index(fields=['customer', 'node_type', 'learned_at'], name='memory_trace_age'),
        ),
    ]
