"""Customers of another system, from whatever file it gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client

from customers import import_runs, importing
from customers.models import ContactPoint, Customer, CustomerImport, Organisation
from helpdesk.core.errors import Conflict, Invalid
from helpdesk.core.models import User
from tests.cast import make_customer, signed_in

pytestmark = pytest.mark.django_db

TABLE = "Customer ID;Full name;E-mail address;Phone;Company;Plan;Favourite colour\n" + "\n".join(
    (
        "c-1;Ingrid Sørensen-Dahl;Ingrid@Nordhavn.example;33 12 34 56;Nordhavn Logistics A/S;Enterprise;blue",
        "c-2;Dwayne Okonkwo-Barrett;dwayne@barrett.example;;;Free;",
        ";;;;;;green",
        "c-3;No Address;not-an-address;;;;",
        "c-1;Ingrid again;other@nordhavn.example;;;;",
    )
)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "customers.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path


def take(path: Path, **options: Any) -> importing.Report:
    return importing.import_customers(path, mapping=importing.guess(importing.columns_of(path)), region="DK", **options)


def test_columns_are_recognised_by_their_names(table: Path) -> None:
    assert importing.guess(importing.columns_of(table)) == {
        "external_id": "Customer ID",
        "name": "Full name",
        "email": "E-mail address",
        "phone": "Phone",
        "organisation": "Company",
        "tier": "Plan",
    }


def test_rows_become_customers_with_addresses_and_organisations(table: Path) -> None:
    report = take(table, keep_others=True)
    assert report.counts == {"created": 2, "changed": 0, "unchanged": 0, "skipped": 3}
    ingrid = Customer.objects.get(external_id="c-1")
    assert (ingrid.name, ingrid.email, ingrid.phone, ingrid.tier) == (
        "Ingrid Sørensen-Dahl",
        "ingrid@nordhavn.example",
        "+4533123456",
        "enterprise",
    )
    assert ingrid.organisation == Organisation.objects.get(name="Nordhavn Logistics A/S")
    assert ingrid.attributes == {"Favourite colour": "blue"}


def test_what_is_left_out_is_named_with_its_line_and_reason(table: Path) -> None:
    said = {one["source"]: one["reason"] for one in take(table).skipped}
    assert "no id" in said["line 4"]
    assert "no e-mail address" in said["line 5"]
    assert "line 2" in said["line 6"], "a repetition says where the first one stands"


def test_the_same_file_twice_changes_nothing(table: Path) -> None:
    take(table)
    before = list(Customer.objects.order_by("pk").values())
    report = take(table)
    assert (report.counts["created"], report.counts["changed"], report.counts["unchanged"]) == (0, 0, 2)
    assert list(Customer.objects.order_by("pk").values()) == before


def test_a_dry_run_says_the_same_and_changes_nothing(table: Path) -> None:
    assert take(table, dry_run=True).counts == {"created": 2, "changed": 0, "unchanged": 0, "skipped": 3}
    assert not Customer.objects.exists() and not Organisation.objects.exists()


def test_what_the_file_leaves_empty_stays_and_what_it_says_is_taken_over(table: Path, tmp_path: Path) -> None:
    dwayne = make_customer("Dwayne", "dwayne@barrett.example", tier="premium", title="Owner")
    report = take(table)
    dwayne.refresh_from_db()
    assert report.counts["changed"] == 1
    assert (dwayne.name, dwayne.tier, dwayne.title, dwayne.external_id) == ("Dwayne Okonkwo-Barrett", "free", "Owner", "c-2")


def test_a_row_that_names_two_customers_is_left_out_and_changes_neither(tmp_path: Path) -> None:
    ingrid, dwayne = make_customer("Ingrid", "ingrid@nordhavn.example"), make_customer("Dwayne", "d@barrett.example", external_id="d-1")
    path = tmp_path / "mixed.csv"
    path.write_text("id,email,name\nd-1,ingrid@nordhavn.example,Somebody\n")
    report = take(path)
    assert "different customers" in report.skipped[0]["reason"]
    assert {ingrid.name, dwayne.name} == set(Customer.objects.values_list("name", flat=True))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_accents_survive_whatever_the_encoding(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_bytes("email,name\nz@x.example,Zoë Müller\n".encode(encoding))
    take(path)
    assert Customer.objects.get().name == "Zoë Müller"


@pytest.mark.parametrize("lines", [False, True])
def test_json_is_read_as_a_list_and_as_lines(lines: bool, tmp_path: Path) -> None:
    rows = [{"email": f"p{n}@x.example", "name": f"P {n}", "tags": ["a"]} for n in range(3)]
    path = tmp_path / "people.json"
    path.write_text("\n".join(map(json.dumps, rows)) if lines else json.dumps(rows))
    assert take(path).counts["created"] == 3


@pytest.mark.parametrize("content", ["", "[", '{"a": 1}\nnot json', "[1]", "\x00\x01\x02"])
def test_a_file_that_is_nothing_is_refused_in_words(content: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.json"
    path.write_text(content)
    with pytest.raises(Invalid):
        take(path)
    assert not Customer.objects.exists()


def test_the_command_shows_what_it_took_the_columns_for(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("import_customers", str(table), "--dry-run", "--map", "title=Favourite colour")
    said = capsys.readouterr().out
    assert "title = Favourite colour" in said and "nothing was changed: 2 created" in said
    assert not Customer.objects.exists()


def test_queries_do_not_grow_with_the_rows(tmp_path: Path, django_assert_max_num_queries: Any) -> None:
    path = tmp_path / "many.csv"
    path.write_text("id,email,company\n" + "".join(f"c{n},c{n}@firm{n % 7}.example,Firm {n % 7}\n" for n in range(900)))
    with django_assert_max_num_queries(14):
        take(path)
    assert ContactPoint.objects.count() == 900


# -- in the console


@pytest.fixture
def as_priya(priya: User) -> Client:
    return signed_in(priya)


def upload(client: Client, content: str = TABLE) -> CustomerImport:
    client.post("/customers/import/", {"file": SimpleUploadedFile("customers.csv", content.encode())})
    return CustomerImport.objects.latest("started_at")


def test_a_supervisor_checks_tries_and_imports(as_priya: Client) -> None:
    run = upload(as_priya)
    page = as_priya.get(f"/customers/import/{run.pk}/").content.decode()
    assert "Favourite colour" in page and "Ingrid Sørensen-Dahl" in page
    chosen = {"column-email": "E-mail address", "column-name": "Full name", "region": "dk"}
    as_priya.post(f"/customers/import/{run.pk}/go/", {**chosen, "act": "try"})
    import_runs.work(run.pk)
    page = as_priya.get(f"/customers/import/{run.pk}/?part=1").content.decode()
    assert "nothing has changed yet" in page and not Customer.objects.exists()
    as_priya.post(f"/customers/import/{run.pk}/go/", {**chosen, "act": "import"})
    import_runs.work(run.pk)
    import_runs.work(run.pk)  # a second worker finds nothing to do
    run.refresh_from_db()
    assert (run.state, run.counts["created"]) == ("done", 3)
    assert not run.file, "the uploaded list is not kept"
    assert "The import is done" in as_priya.get(f"/customers/import/{run.pk}/").content.decode()


def test_an_import_on_its_way_is_not_started_twice(as_priya: Client) -> None:
    run = upload(as_priya)
    import_runs.set_going(run, "running")
    with pytest.raises(Conflict):
        import_runs.set_going(run, "trying")


def test_a_column_that_is_not_there_is_refused(as_priya: Client) -> None:
    run = upload(as_priya)
    answer = as_priya.post(f"/customers/import/{run.pk}/go/", {"column-email": "Nothing", "act": "import"})
    assert answer.status_code == 400 and "no such column" in answer.content.decode()


def test_a_hostile_header_stays_text(as_priya: Client) -> None:
    run = upload(as_priya, "email,<script>alert(1)</script>\na@b.example,=cmd|' /C calc'!A0\n")
    page = as_priya.get(f"/customers/import/{run.pk}/").content.decode()
    assert "<script>alert(1)" not in page and "&lt;script&gt;" in page


def test_agents_do_not_import(as_maya: Client) -> None:
    assert as_maya.get("/customers/import/").status_code == 403
