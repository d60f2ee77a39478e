"""Naughty strings in every field of every door: stored or refused in words, never a traceback; shown, but never alive.

`client.raise_request_exception` is off: what a stranger would see is what is asserted, and a 500 fails.
"""

from __future__ import annotations

import json
import re
import time
from typing import Any
from urllib.parse import quote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from customers.models import Customer
from helpdesk.core.models import Receipt, User
from tests.cast import make_agent, run_events, signed_in
from tests.security.naughty import EVERYTHING, FILE_NAMES, living
from tickets import replying
from tickets.api.inbound import sign
from tickets.channels import mailbox
from tickets.models import Attachment, InboundHook, Message, Queue, Tag, Ticket

pytestmark = pytest.mark.django_db

naughty = pytest.mark.parametrize("text", EVERYTHING.values(), ids=EVERYTHING.keys())
REFUSED_OR_DONE = {200, 201, 204, 302, 400, 413, 422, 429}


@pytest.fixture(autouse=True)
def _no_limits(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tickets.channels.webform.PER_VISITOR", 10_000)
    monkeypatch.setattr("tickets.channels.webform.PER_ADDRESS", 10_000)


def calm(client: Client) -> Client:
    client.raise_request_exception = False
    return client


def assert_not_alive(page: bytes) -> None:
    assert not (found := living(page.decode("utf-8", "replace"))), f"{found} in a page's source"


def assert_no_secret(page: bytes, settings: Any) -> None:
    assert settings.SECRET_KEY.encode() not in page


# -- mail ------------------------------------------------------------------------------------------------------


def take_mail(raw: bytes) -> Message:
    """Through the door and the worker; nothing may fail on the way, nor need a second try."""
    stored = mailbox.store(raw, source="lmtp", envelope_from="a@b.example", envelope_to=["support@fernway.example"])
    run_events()
    failed = Receipt.objects.exclude(error="").values_list("subscriber", "error")
    assert not failed, list(failed)
    stored.refresh_from_db()
    assert stored.message is not None
    return stored.message


@naughty
def test_a_mail_with_it_in_every_header_and_in_the_body_is_a_ticket(text: str, support: Queue, as_maya: Client, settings: Any) -> None:
    line = re.sub(r"[\r\n]+", "\r\n ", text).encode("utf-8", "surrogatepass")
    headers = b"".join(
        name + b": " + line + b"\r\n"
        for name in (b"Subject", b"To", b"Cc", b"Reply-To", b"In-Reply-To", b"References", b"Date", b"X-Priority", b"List-Odd")
    )
    message = take_mail(
        b"From: "
        + line
        + b" <naughty@people.example>\r\n"
        + headers
        + b"Message-ID: <"
        + line[:200]
        + b"@x>\r\n\r\n"
        + text.encode("utf-8", "surrogatepass")
    )
    page = calm(as_maya).get(reverse("ticket", args=[message.ticket.number]))
    assert page.status_code == 200
    assert_not_alive(page.content)
    assert_no_secret(page.content, settings)


@naughty
def test_an_encoded_mail_with_it_is_a_ticket_and_its_answer_has_one_recipient(text: str, support: Queue, maya: User) -> None:
    from email.header import Header
    from email.message import Message as Mail

    mail = Mail()
    word = Header(text[:3000], "utf-8", maxlinelen=10_000).encode()
    mail["From"], mail["Subject"], mail["Message-ID"] = f"{word} <naughty@people.example>", word, "<odd@people.example>"
    mail["Content-Type"] = "text/html; charset=utf-8"
    mail.set_payload(text.encode("utf-8", "surrogatepass"))
    message = take_mail(mail.as_bytes())
    answer = replying.reply(ticket=message.ticket, by=maya, text="Thank you")
    from tickets.channels import outgoing

    sent = outgoing.compose(answer.deliveries.get()).message()
    assert sent.get_all("To") == ["naughty@people.example"]
    assert not {"Bcc", "X-Evil"} & set(sent.keys())
    assert_not_alive(sent.get_payload(1).get_payload(decode=True))


@pytest.mark.parametrize("name", FILE_NAMES.values(), ids=FILE_NAMES.keys())
def test_a_file_of_any_name_is_kept_under_ours_and_downloaded(name: str, support: Queue, as_maya: Client) -> None:
    written = quote(name, safe="")
    raw = (
        b"From: a@people.example\r\nSubject: File\r\nMessage-ID: <file@people.example>\r\n"
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b\r\n"
        b"Content-Type: text/html\r\nContent-Disposition: attachment; filename*=utf-8''"
        + written.encode()
        + b"\r\n\r\n<script>alert(1)</script>\r\n--b--\r\n"
    )
    kept = take_mail(raw).attachments.get()
    assert re.fullmatch(r"attachments/\d{4}/\d\d/\d\d/[0-9a-f-]{36}", kept.file.name)
    assert 0 < len(kept.name) <= 150
    assert not set(kept.name) & set("/\\\x00\r\n\u202e\u200b")
    answer = calm(as_maya).get(reverse("file", args=[kept.pk]))
    assert answer.status_code == 200
    assert answer["Content-Disposition"].startswith("attachment;")
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("application/octet-stream", "nosniff")
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert calm(Client()).get(reverse("file", args=[kept.pk])).status_code in {302, 404}


# -- the public form -------------------------------------------------------------------------------------------


@naughty
def test_the_contact_form_takes_it_or_says_why_not(text: str, support: Queue, as_maya: Client, settings: Any) -> None:
    page = calm(Client()).post(
        "/help/contact/", {"subject": text, "body": text, "name": text, "email": "n@people.example", "article": text, "website": ""}
    )
    assert page.status_code in REFUSED_OR_DONE
    assert_not_alive(page.content)
    assert_no_secret(page.content, settings)
    if ticket := Ticket.objects.first():
        shown = calm(as_maya).get(reverse("ticket", args=[ticket.number]))
        assert shown.status_code == 200
        assert_not_alive(shown.content)


@naughty
def test_what_visitors_type_into_addresses_and_searches_is_no_error(text: str, support: Queue) -> None:
    client, word = calm(Client()), text[:2000]
    for path in (
        "/help/search/?q={}",
        "/help/contact/?about={0}&article={0}",
        "/help/requests/{}/",
        "/help/contact/sent/{}/",
        "/invitations/{}/",
        "/help/{}/",
    ):
        page = client.get(path.format(quote(word, safe="")))
        assert page.status_code < 500, path
        assert_not_alive(page.content)
    assert client.post("/accounts/login/", {"login": word, "password": word}).status_code < 500
    assert client.post("/accounts/password/reset/", {"email": word}).status_code < 500


@pytest.mark.parametrize("name", FILE_NAMES.values(), ids=FILE_NAMES.keys())
def test_a_form_with_a_file_of_any_name_is_taken(name: str, support: Queue) -> None:
    upload = SimpleUploadedFile("x", b"<script>alert(1)</script>", content_type="text/html")
    upload._name = name  # type: ignore[attr-defined]  # the client would tidy it up
    page = calm(Client()).post(
        "/help/contact/",
        {"subject": "File", "body": "See the file", "name": "N", "email": "n@people.example", "files": upload, "website": ""},
    )
    assert page.status_code in REFUSED_OR_DONE
    for kept in Attachment.objects.all():
        assert re.fullmatch(r"attachments/[0-9/]+/[0-9a-f-]{36}", kept.file.name)


# -- the partners' door ----------------------------------------------------------------------------------------


def post(client: Client, path: str, data: object, **headers: str) -> Any:
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    return calm(client).post(path, body, content_type="application/json", headers=headers)


@naughty
def test_the_api_takes_it_in_every_field_or_names_the_field(text: str, api: Client, support: Queue) -> None:
    who = {"email": "n@people.example", "name": text[:200], "external_id": text[:150], "phone": text[:40]}
    whole = {
        "subject": text[:500],
        "body": text[:200_000],
        "customer": who,
        "tags": [text[:60]],
        "metadata": {text[:100]: text, "deep": [{"x": text}]},
    }
    for new in (
        whole,
        *(
            {"body": "Hello", "customer": {"email": "n@people.example"}, **{field: whole[field]}}
            for field in ("subject", "body", "tags", "metadata")
        ),
    ):
        made = post(api, "/api/v1/tickets/", new)
        assert made.status_code in {201, 400}, made.content
        if made.status_code == 400:
            assert made.json()["errors"]
    number = post(api, "/api/v1/tickets/", {"body": "Hello", "customer": {"email": "n@people.example"}}).json()["number"]
    for author in ("customer", "agent"):
        assert post(
            api, f"/api/v1/tickets/{number}/messages/", {"body": text[:100_000], "author": author, "external_id": text[:200]}
        ).status_code in {201, 400}
    for field in ("subject", "queue", "category", "assignee_id", "status"):
        changed = calm(api).patch(f"/api/v1/tickets/{number}/", json.dumps({field: text}), content_type="application/json")
        assert changed.status_code in {200, 400}, (field, changed.content)
    assert calm(api).patch(
        f"/api/v1/tickets/{number}/", json.dumps({"tags": [text[:60]]}), content_type="application/json"
    ).status_code in {200, 400}
    run_events()
    assert not Receipt.objects.exclude(error="").values_list("subscriber", "error")


@naughty
def test_filters_cursors_and_paths_of_the_api_are_no_error(text: str, api: Client, ticket: Ticket) -> None:
    word = quote(text[:1500], safe="")
    for name in (
        "search",
        "status",
        "queue",
        "tag",
        "assignee",
        "customer",
        "created_after",
        "ordering",
        "cursor",
        "limit",
        "expand",
        "fields",
        "_connector",
        "password__startswith",
    ):
        answer = calm(api).get(f"/api/v1/tickets/?{name}={word}")
        assert answer.status_code in {200, 400, 404}, (name, answer.content)
    for path in (f"/api/v1/tickets/{word}/", f"/api/v1/tickets/{word}/messages/", f"/api/v1/inbound/{word}/"):
        assert calm(api).get(path).status_code in {404, 405}, path


FORGED = [
    b"p=n4ughty",
    b"p=%00",
    b"o=99999999999999999999&p=x",
    b"p=" + b"9" * 400,
    b"r=1&p=\xff\xfe",
    b"o=-1",
    b"p=2026-13-45",
    b"\x00\xff",
]


@pytest.mark.parametrize("position", FORGED)
@pytest.mark.parametrize("path", ["/api/v1/tickets/", "/api/v1/tickets/{}/messages/", "/api/v1/tickets/{}/events/"])
def test_a_forged_cursor_is_refused(position: bytes, path: str, api: Client, ticket: Ticket) -> None:
    import base64

    cursor = quote(base64.b64encode(position))
    answer = calm(api).get(path.format(ticket.number) + f"?cursor={cursor}")
    assert answer.status_code in {200, 400, 404}, answer.content


BROKEN = {
    "not json": b"{",
    "empty": b"",
    "null": b"null",
    "list": b"[1]",
    "string": b'"x"',
    "deep": b"[" * 100_000 + b"]" * 100_000,
    "deep in a field": b'{"body":"x","customer":{"email":"n@people.example"},"metadata":' + b'{"a":' * 20_000 + b"1" + b"}" * 20_001,
    "a bit deep in a field": b'{"body":"x","customer":{"email":"n@people.example"},"metadata":' + b'{"a":' * 900 + b"1" + b"}" * 901,
    "infinite": b'{"body":"x","customer":{"email":"n@people.example"},"metadata":{"a":1e999}}',
    "not a number": b'{"body":"x","customer":{"email":"n@people.example"},"metadata":{"a":NaN}}',
    "huge number": b'{"body":"x","customer":{"email":"n@people.example"},"metadata":{"a":' + b"9" * 5_000 + b"}}",
    "nul in metadata": b'{"body":"x","customer":{"email":"n@people.example"},"metadata":{"a":"\\u0000"}}',
    "nul in a name": b'{"body":"x","customer":{"email":"n@people.example"},"metadata":{"\\u0000":"a"}}',
    "lone surrogate": b'{"body":"x \\ud800","customer":{"email":"n@people.example"}}',
    "lone surrogate in metadata": b'{"body":"x","customer":{"email":"n@people.example"},"metadata":{"a":"\\udfff"}}',
    "surrogate name": b'{"\\ud800":"x"}',
    "bytes": b"\xff\xfe\x00",
    "numbers for words": b'{"body":1,"subject":2,"customer":{"email":3},"tags":[4]}',
    "words for objects": b'{"body":"x","customer":"n@people.example","metadata":"y","tags":"z"}',
    "same name twice": b'{"body":"x","body":"y","customer":{"email":"n@people.example"}}',
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN.keys())
@pytest.mark.parametrize("path", ["/api/v1/tickets/", "/api/v1/tickets/{}/messages/", "/api/v1/triage/"])
def test_broken_json_is_a_clear_refusal(body: bytes, path: str, api: Client, ticket: Ticket) -> None:
    answer = post(api, path.format(ticket.number), body)
    assert answer.status_code in {200, 201, 400}, answer.content
    if answer.status_code == 400:
        assert answer["Content-Type"] == "application/problem+json"
        assert "Traceback" not in answer.content.decode()


@naughty
def test_the_webhook_takes_it_or_says_why_not(text: str, support: Queue) -> None:
    hook = InboundHook.objects.create(name="Odd", queue=support)
    body = json.dumps(
        {"subject": text[:500], "body": text[:200_000], "customer": {"email": "n@people.example", "name": text[:200]}}
    ).encode()
    stamp = str(int(time.time()))
    event_id = text[:250].encode("ascii", "ignore").decode()
    made = post(
        Client(),
        f"/api/v1/inbound/{hook.pk}/",
        body,
        **{"X-Signature": sign(hook.secret, stamp, body), "X-Timestamp": stamp, "X-Event-Id": event_id},
    )
    assert made.status_code in {200, 400}, made.content
    wrong = post(
        Client(),
        f"/api/v1/inbound/{hook.pk}/",
        body,
        **{"X-Signature": text[:200].encode("ascii", "ignore").decode(), "X-Timestamp": text[:11].encode("ascii", "ignore").decode()},
    )
    assert wrong.status_code == 403


# -- the console -----------------------------------------------------------------------------------------------


@naughty
def test_agents_may_write_it_everywhere_and_it_is_shown_as_text(text: str, ticket: Ticket, as_maya: Client, settings: Any) -> None:
    client = calm(as_maya)
    for kind in ("reply", "note"):
        assert client.post(reverse("compose", args=[ticket.number]), {"kind": kind, "text": text}).status_code in REFUSED_OR_DONE
    for verb in ("tag", "untag", "subject", "status", "priority", "assignee", "queue", "snooze"):
        field = {"untag": "tag", "snooze": "until"}.get(verb, verb)
        assert client.post(reverse("act", args=[ticket.number, verb]), {field: text}).status_code in REFUSED_OR_DONE, verb
    assert client.post(reverse("bulk"), {"do": "tag", "tag": text, "ticket": [ticket.number, text]}).status_code in REFUSED_OR_DONE
    assert (
        client.post(reverse("profile"), {"name": text, "signature": text, "time_zone": text, "language": text}).status_code
        in REFUSED_OR_DONE
    )
    pages = [
        reverse("ticket", args=[ticket.number]),
        reverse("view", args=["all"]),
        reverse("profile"),
        reverse("search") + "?q=n4ughty",
        reverse("inbox"),
    ]
    for path in pages:
        page = client.get(path)
        assert page.status_code == 200, path
        assert_not_alive(page.content)
        assert_no_secret(page.content, settings)
    run_events()
    assert not Receipt.objects.exclude(error="").values_list("subscriber", "error")


@naughty
def test_agents_may_ask_for_it_everywhere(text: str, ticket: Ticket, as_maya: Client) -> None:
    word = quote(text[:2000], safe="")
    for path in (
        f"/search/?q={word}",
        f"/search/?q={word}&part=palette",
        f"/inbox/?sort={word}&after={word}&part={word}&tab={word}",
        f"/inbox/all/?part=rows&after={word}",
    ):
        page = calm(as_maya).get(path)
        assert page.status_code in {200, 400, 404}, path
        assert_not_alive(page.content)


@naughty
def test_people_and_tags_of_any_name_are_shown_as_text(text: str, ticket: Ticket, support: Queue, as_maya: Client) -> None:
    name = text.replace("\x00", "")[:150]
    Customer.objects.filter(pk=ticket.customer_id).update(name=name, time_zone=name[:64])
    support.name = name[:80]
    support.save(update_fields=["name"])
    other = make_agent("Odd Person", support)
    User.objects.filter(pk=other.pk).update(name=name, signature=name)
    ticket.tags.add(Tag.objects.create(name=name[:60]))
    for path in (
        reverse("ticket", args=[ticket.number]),
        reverse("view", args=["all"]),
        reverse("customer-card", args=[ticket.customer_id]),
        reverse("others", args=[ticket.number]),
    ):
        page = calm(as_maya).get(path)
        assert page.status_code == 200, path
        assert_not_alive(page.content)
    supervisor = signed_in(make_agent("Priya Raman", role=User.Role.ADMIN))
    assert_not_alive(calm(supervisor).get(reverse("people")).content)


def test_a_login_of_ten_megabytes_is_refused(support: Queue, clean_cache: Any) -> None:
    page = calm(Client()).post("/accounts/login/", {"login": "maya@fernway.example", "password": "x" * 10_000_000})
    assert page.status_code in {200, 400, 413}
