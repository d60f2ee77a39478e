"""A person's export: one archive with everything, made in the background, fetched by those who may."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client

from assist.models import CallSession
from customers import erasure, exporting, memory
from customers.memory import Source
from customers.models import AccessEntry, Customer, CustomerExport
from helpdesk.core.models import User
from tests.cast import ago, receive, signed_in
from tickets.models import Attachment, Message, Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def known(ticket: Ticket, ingrid: Customer, maya: User) -> Customer:
    memory.grant(ingrid, source="Agreement v4")
    memory.learn(ingrid, "plan", "Enterprise <b>", source=Source("agent"))
    message = ticket.messages.get()
    Message.objects.create(
        ticket=ticket, author_kind="agent", user=maya, body_text="A note of ours", visibility="internal", channel="email"
    )
    file = Attachment(message=message, name="../../evil.txt", size=5)
    file.file.save("x.txt", ContentFile(b"words"))
    file.save()
    call = CallSession.objects.create(call_id="x", customer=ingrid, summary="About labels")
    call.segments.create(speaker="customer", text="The printer jams", start_time=0, end_time=1, text_hash="x")
    return ingrid


def made(customer: Customer, by: User | None = None) -> ZipFile:
    run = exporting.ask(customer, by=by)
    exporting.make(run.pk)
    run.refresh_from_db()
    assert run.state == "ready"
    return ZipFile(BytesIO(run.file.read()))


def test_everything_is_in_it_to_read_and_as_data(known: Customer, dwayne: Customer, priya: User) -> None:
    receive(dwayne, "Somebody else", "Words of Dwayne")
    archive = made(known, priya)
    page = archive.read("index.html").decode()
    for words in (
        "EU sync API returning 503",
        "Since 13:52",
        "Agreement v4",
        "The printer jams",
        "Ingrid Sørensen-Dahl",
        "Enterprise &lt;b&gt;",
    ):
        assert words in page
    assert "Dwayne" not in page
    assert "A note of ours" not in page
    assert "Enterprise <b>" not in page
    assert {f"{name}.json" for name in exporting.parts()} < set(archive.namelist())
    (file,) = (name for name in archive.namelist() if name.startswith("files/"))
    assert file.endswith("evil.txt")
    assert ".." not in file
    assert archive.read(file) == b"words"
    assert json.loads(archive.read("facts.json"))[0]["value"] == "Enterprise <b>"


def test_a_supervisor_asks_watches_and_fetches(known: Customer, priya: User, as_maya: Client) -> None:
    client = signed_in(priya)
    assert as_maya.post(f"/customers/{known.pk}/export/").status_code == 403
    path = client.post(f"/customers/{known.pk}/export/").headers["Location"]
    assert "being made" in client.get(path).content.decode()
    assert client.post(f"/customers/{known.pk}/export/").headers["Location"] == path  # one at a time
    assert client.get(f"{path}file/").status_code == 404
    exporting.make_waiting()
    assert "Download" in client.get(path, headers={"HX-Request": "true"}).content.decode()
    answer = client.get(f"{path}file/")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert ZipFile(BytesIO(b"".join(answer.streaming_content))).testzip() is None  # type: ignore[attr-defined]
    assert as_maya.get(f"{path}file/").status_code == 403
    assert list(AccessEntry.objects.filter(actor_id=str(priya.pk)).order_by("id").values_list("what", flat=True)) == [
        "export",
        "export page",
        "export fetched",
    ]


def test_after_a_week_it_is_gone_and_a_run_that_was_left_is_made_again(known: Customer) -> None:
    made(known)
    old = CustomerExport.objects.get()
    CustomerExport.objects.filter(pk=old.pk).update(asked_at=ago(days=8))
    left = known.exports.create(state="running", asked_at=ago(hours=1))
    exporting.make_waiting()
    assert not default_storage.exists(old.file.name)
    left.refresh_from_db()
    assert left.state == "ready"


def test_erasing_takes_the_exports_with_it(known: Customer, django_capture_on_commit_callbacks: Any) -> None:
    made(known)
    name = CustomerExport.objects.get().file.name
    with django_capture_on_commit_callbacks(execute=True):
        erasure.erase(known.pk)
    assert not default_storage.exists(name)


def test_a_file_that_is_gone_from_the_disk_stops_nothing(known: Customer) -> None:
    default_storage.delete(Attachment.objects.get().file.name)
    assert "index.html" in made(known).namelist()
