"""100,000 customers from a CSV. Promised: under three minutes."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from customers import importing
from customers.models import Customer

ROWS = 100_000


@pytest.mark.django_db
@pytest.mark.timeout(900)
def test_a_hundred_thousand_customers(tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    with path.open("w") as out:
        out.write("id,name,email,phone,company,plan\n")
        for n in range(ROWS):
            phone = f"+45 33 {n // 10000:02} {n // 100 % 100:02} {n % 100:02}"
            out.write(f"c-{n},Person {n},p{n}@firm{n % 5000}.example,{phone},Firm {n % 5000},premium\n")
    mapping = importing.guess(importing.columns_of(path))
    for what in ("new", "unchanged"):
        started = time.perf_counter()
        report = importing.import_customers(path, mapping=mapping)
        seconds = time.perf_counter() - started
        print(f"\n{ROWS:,} customers, {what}: {seconds:.1f} s ({ROWS / seconds:,.0f} a second) {report.counts}")
    assert Customer.objects.count() == ROWS
