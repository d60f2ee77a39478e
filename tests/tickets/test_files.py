"""Files, raw mails and formatted bodies: who gets them, and what a browser may do with them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from helpdesk.core.models import User
from tests.conftest import receive, signed_in
from tickets.channels.base import InboundAttachment
from tickets.models import Attachment, Message, RawMail, Ticket

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
HTML = b"<html><script>alert(1)</script></html>"


def attached(ticket: Ticket, name: str, kind: str, content: bytes) -> Attachment:
    from tickets.intake import attach

    return attach(ticket.messages.first(), InboundAttachment(name=name, content_type=kind, content=content))


@pytest.mark.parametrize(
    ("name", "kind", "content", "inline"),
    [
        ("photo.png", "image/png", PNG, True),
        ("page.html", "text/html", HTML, False),
        ("page.png", "image/png", HTML, False),
        ("drawing.svg", "image/svg+xml", b"<svg onload=alert(1)>", False),
        ("paper.pdf", "application/pdf", b"%PDF-1.7", False),
        ("n\r\nSet-Cookie: a=b", "text/plain", b"x", False),
    ],
)
def test_only_real_pictures_are_shown_everything_else_is_a_download(  # noqa: PLR0917
    as_maya: Client, ticket: Ticket, name: str, kind: str, content: bytes, inline: bool
) -> None:
    answer = as_maya.get(f"/files/{attached(ticket, name, kind, content).pk}/")
    assert answer["Content-Disposition"].startswith("inline" if inline else "attachment")
    assert answer["Content-Type"] == ("image/png" if inline else "application/octet-stream")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert "Set-Cookie" not in answer
    assert b"".join(answer.streaming_content) == content


def test_files_open_only_for_those_who_see_the_ticket(ticket: Ticket, maya: User, tomasz: User) -> None:
    path = f"/files/{attached(ticket, 'a.txt', 'text/plain', b'x').pk}/"
    assert signed_in(maya).get(path).status_code == 200
    assert signed_in(tomasz).get(path).status_code == 404
    assert Client().get(path).status_code == 302


def test_a_file_is_found_with_its_ticket_in_one_query(as_maya: Client, ticket: Ticket, django_assert_num_queries: Any) -> None:
    path = f"/files/{attached(ticket, 'a.txt', 'text/plain', b'x').pk}/"
    as_maya.get(path)
    with django_assert_num_queries(4):  # who asks (session and person), the file, the note that it was read
        as_maya.get(path)


def test_an_infected_file_is_given_to_nobody(as_maya: Client, ticket: Ticket) -> None:
    attachment = attached(ticket, "a.txt", "text/plain", b"x")
    Attachment.objects.update(verdict="infected")
    assert as_maya.get(f"/files/{attachment.pk}/").status_code == 404


def test_a_file_gone_from_the_disk_is_not_there(as_maya: Client, ticket: Ticket) -> None:
    attachment = attached(ticket, "a.txt", "text/plain", b"x")
    attachment.file.storage.delete(attachment.file.name)
    assert as_maya.get(f"/files/{attachment.pk}/").status_code == 404


def test_a_formatted_mail_is_framed_without_anything_that_runs(as_maya: Client, ingrid: object, support: object) -> None:
    html = '<h1>Hi</h1><script>alert(1)</script><img src="http://track.example/x.png"><form action="/x"><input></form>'
    html += '<a href="javascript:alert(1)">x</a>'
    message = receive(ingrid, "Formatted", "Hi", body_html=html)  # type: ignore[arg-type]
    answer = as_maya.get(f"/messages/{message.pk}/body")
    page, policy = answer.content.decode(), answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    for part in ("default-src 'none'", "form-action 'none'", "base-uri 'none'", "frame-ancestors 'self'", "sandbox allow-same-origin"):
        assert part in policy
    assert "allow-scripts" not in policy
    assert "<script>" not in page
    assert "<form" not in page
    assert "javascript:" not in page
    assert ' src="http' not in page
    assert "remote image is not loaded" in page
    frame = as_maya.get(f"/tickets/{message.ticket.number}/").content.decode()
    assert 'sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox"' in frame


def test_bodies_and_raw_mails_open_only_for_those_who_see_the_ticket(ticket: Ticket, maya: User, tomasz: User) -> None:
    raw = RawMail.objects.create(raw=b"From: x\r\n\r\nHello", content_hash="0" * 64, source="lmtp")
    message = ticket.messages.get()
    Message.objects.filter(pk=message.pk).update(raw_mail=raw, undisplayable=True)
    for part in ("body", "raw"):
        assert signed_in(maya).get(f"/messages/{message.pk}/{part}").status_code == 200
        assert signed_in(tomasz).get(f"/messages/{message.pk}/{part}").status_code == 404
    answer = signed_in(maya).get(f"/messages/{message.pk}/raw")
    assert answer.content == b"From: x\r\n\r\nHello"
    assert answer["Content-Disposition"].startswith("attachment")
    assert "Download raw" in signed_in(maya).get(f"/tickets/{ticket.number}/").content.decode()
