"""What became of drafts is counted from what agents did, by engine, category and week."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from assist.copilot import funnel
from assist.models import Draft
from helpdesk.core.models import User
from tests.cast import make_category, receive, signed_in
from tickets.models import Ticket

pytestmark = pytest.mark.django_db

WORDS = "Hello,\n\nPress Resend in Settings. [1]"


@pytest.fixture
def write(ingrid: Any) -> Callable[..., Draft]:
    def made(engine: str = "local", confidence: float = 0.8) -> Draft:
        message = receive(ingrid, "A question", "How do I send it again?")
        message.ticket.set_category(make_category("technical"), by=None)
        return Draft.objects.create(ticket=message.ticket, answers=message, text=WORDS, engine=engine, confidence=confidence)

    return made


def see(client: Client, draft: Draft) -> None:
    assert client.get(f"/assist/tickets/{draft.ticket_id}/draft/").status_code == 200


def send(client: Client, ticket: Ticket, text: str, draft: Draft) -> None:
    assert client.post(f"/tickets/{ticket.number}/messages/", {"text": text, "draft": str(draft.pk)}).status_code == 302


def test_a_draft_goes_its_way_from_shown_to_sent(write: Callable[..., Draft], as_maya: Client, drain: Callable[[], int]) -> None:
    plain, edited, dismissed, unseen = write(), write("model"), write(), write()
    for one in (plain, edited, dismissed):
        see(as_maya, one)
    as_maya.post(f"/assist/drafts/{dismissed.pk}/dismiss/")
    for one in (plain, edited):
        as_maya.post(f"/assist/drafts/{one.pk}/use/")
    send(as_maya, plain.ticket, "Hello,\n\nPress Resend in Settings.", plain)
    send(as_maya, edited.ticket, "Hello,\n\nPress Resend in Settings, then tell me whether it went through.", edited)
    for one in (plain, edited):
        _settled(one)

    whole = funnel.whole(30)
    assert (whole.written, whole.shown, whole.accepted, whole.dismissed) == (4, 3, 2, 1)
    assert (whole.sent, whole.as_written, whole.edited) == (2, 1, 1)
    by_engine = {one.what: one for one in funnel.by("engine", 30)}
    assert (by_engine["local"].as_written, by_engine["model"].edited) == (1, 1)
    assert by_engine["model"].distance is not None and 0 < by_engine["model"].distance < 1
    assert [(one.what, one.written) for one in funnel.by("category", 30)] == [("Technical", 4)]
    assert sum(one.written for one in funnel.by("week", 30)) == 4
    unseen.refresh_from_db()
    assert unseen.shown_at is None


def test_a_draft_too_weak_to_show_is_not_counted_as_shown(write: Callable[..., Draft], as_maya: Client) -> None:
    see(as_maya, write(confidence=0.1))
    assert funnel.whole(30).shown == 0


def test_supervisors_read_it_on_a_page_of_few_queries(
    write: Callable[..., Draft], priya: User, as_maya: Client, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    see(as_maya, write())
    supervisor = signed_in(priya)
    supervisor.get("/evaluation/drafts/")
    with django_assert_max_num_queries(14):
        page = supervisor.get("/evaluation/drafts/", {"days": "7"}).content.decode()
    assert "Of 1 drafts that an agent saw, 0 were accepted" in page and "local engine" in page


def _settled(draft: Draft) -> None:
    """What the worker does after the reply was sent."""
    from assist import copilot
    from tickets.models import Message

    copilot.settle(Message.objects.get(ticket=draft.ticket_id, author_kind="agent").pk)
