"""One HNSW index for each kind of vector that search walks: a partial index needs no filter on the kind."""

from django.db import migrations

CREATE = """
create index {name} on core_embedding using hnsw (vector halfvec_cosine_ops) with (m = 16, ef_construction = 200)
where object_kind = '{kind}'
"""


def index(kind: str) -> migrations.RunSQL:
    name = f"embedding_near_{kind}"
    return migrations.RunSQL(CREATE.format(name=name, kind=kind), f"drop index if exists {name}")


class Migration(migrations.Migration):
    dependencies = (("core", "0001_initial"), ("knowledge", "0002_solved_cases"))
    operations = (index("article"), index("case"))
