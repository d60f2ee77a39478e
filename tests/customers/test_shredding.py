"""Of whom was erased not a byte is left in the files of the database, once they are written anew (security T49)."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from django.db import connection

from customers import erasure, shredding
from tests.cast import make_customer

CANARY = "Shred41c7e09b5f62"
# A few tables in which a customer's words stand; the command takes all of them.
SOME = ("customers_customer", "customers_contactpoint", "core_event")
FILES = """
    select pg_read_binary_file(pg_relation_filepath(one)) from (
        select c.oid as one from pg_class c where c.oid = any(%(tables)s::regclass[])
        union select indexrelid from pg_index where indrelid = any(%(tables)s::regclass[])
        union select reltoastrelid from pg_class where oid = any(%(tables)s::regclass[]) and reltoastrelid <> 0) files
"""


def on_disk() -> bool:
    """Whether any file of these tables, of their indexes or of their large values holds the canary."""
    own = connection.get_connection_params()
    with psycopg.connect(host=own["host"], dbname=own["dbname"], user="postgres", autocommit=True) as line:  # who may read files
        line.execute("CHECKPOINT")
        found = line.execute(FILES, {"tables": list(SOME)}).fetchall()
    return any(CANARY.lower().encode() in bytes(content).lower() for (content,) in found)


@pytest.mark.django_db(transaction=True)
def test_no_byte_of_an_erased_customer_is_left_once_the_files_are_written_anew(support: Any) -> None:
    person = make_customer(f"Ada {CANARY}", f"{CANARY.lower()}@canary.example", attributes={"note": CANARY})
    assert on_disk(), "the look finds what is there"
    erasure.erase(person.pk)
    with connection.cursor() as cursor:
        for table in SOME:
            cursor.execute(f"VACUUM {table}")
    assert on_disk(), "an ordinary VACUUM leaves the bytes: this is what shredding is for"
    assert list(shredding.shred(SOME)) == list(SOME)
    assert not on_disk()
    assert set(SOME) <= set(shredding.tables())
