"""What recall looks at first stands together in one index of each customer, with a bit for each word."""

import django.db.models.deletion
import pgvector.django.bit
from django.db import migrations, models

FUNCTION = """
CREATE FUNCTION helpdesk_word_marks(words tsvector) RETURNS bit(512) LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(bit_or(set_bit(0::bit(512), ('x' || left(md5(word), 3))::bit(12)::int % 512, 1)), 0::bit(512))
    FROM unnest(tsvector_to_array(words)) AS word
$$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0011_erasures_ordered'),
    ]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION helpdesk_word_marks(tsvector)"),
        migrations.RemoveIndex(model_name='memorytrace', name='memory_trace_words'),
        migrations.RemoveIndex(model_name='memorytrace', name='memory_trace_of'),
        migrations.AddField(
            model_name='memorytrace',
            name='marks',
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Func('words', function='helpdesk_word_marks'),
                output_field=pgvector.django.bit.BitField(length=512),
            ),
        ),
        migrations.AlterField(
            model_name='memorytrace',
            name='customer',
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name='memory_traces',
                to='customers.customer',
            ),
        ),
        migrations.AddIndex(
            model_name='memorytrace',
            index=models.Index(
                fields=['customer'],
                include=(
                    'id',
                    'node_type',
                    'category',
                    'starts_at',
                    'learned_at',
                    'retired_at',
                    'importance',
                    'feedback',
                    'marks',
                    'model',
                    'vector',
                ),
                name='memory_trace_of',
            ),
        ),
    ]
