"""Who is told of what, once, in the ways they chose: the bell, the list, mail, and chat systems."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import time, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from helpdesk.core import events
from helpdesk.core.models import Event, Receipt, User
from tests.cast import make_agent, receive, signed_in
from tickets import live, replying
from tickets.models import ChatHook, ChatPost, Notice, NoticeSettings, Ticket
from tickets.notices import hearing, mailing, posting, reading, telling

pytestmark = pytest.mark.django_db


@pytest.fixture
def drain(db: None) -> Callable[[], None]:
    """Let only the notices hear of what happened."""

    def run() -> None:
        for receipt in (
            Receipt.objects.filter(Receipt.OPEN, subscriber="tickets.tell_colleagues").order_by("id").values_list("pk", flat=True)
        ):
            events.run(receipt)

    return run


def told(person: User) -> list[str]:
    return list(Notice.objects.filter(user=person).order_by("id").values_list("kind", flat=True))


def chosen(person: User, **fields: Any) -> NoticeSettings:
    return NoticeSettings.objects.update_or_create(user=person, defaults=fields)[0]


# -- who is told -----------------------------------------------------------------------------------------------


def test_who_is_given_a_ticket_is_told_and_who_takes_it_is_not(ticket, maya, priya, drain) -> None:
    ticket.assign(to=maya, by=priya)
    drain()
    assert told(maya) == ["assigned"]
    ticket.assign(to=priya, by=priya)
    drain()
    assert told(priya) == []


def test_the_assignee_hears_when_the_customer_writes_again(ticket, maya, priya, ingrid, drain) -> None:
    ticket.assign(to=maya, by=maya)
    message = receive(ingrid, "Re:", "And now?", metadata={"ticket_number": ticket.number}, external_id="n@n")
    drain()
    assert told(maya) == ["replied"]
    assert Notice.objects.get(user=maya).message_ref == message.pk
    assert told(priya) == []


def test_a_note_tells_whom_it_names(ticket, maya, priya, drain) -> None:
    replying.note(ticket=ticket, by=priya, text="@Maya can you look? priya@fernway.example knows more")
    drain()
    assert (told(maya), told(priya)) == (["mentioned"], [])


def test_names_are_told_apart(db: None) -> None:
    people = [make_agent("Ada King"), make_agent("Maya One", is_active=True)]
    twin = User.objects.create_user("maya.two@fernway.example", "x", name="Maya Two")
    everybody = [*people, twin]
    assert hearing.mentioned("@Maya Two and @ada", everybody) == [twin, people[0]]
    assert hearing.mentioned("@maya.two!", everybody) == [twin]
    assert hearing.mentioned("@Mayas, x@ada.example, @nobody", everybody) == []


def test_supervisors_hear_of_escalations_and_low_ratings(ticket, maya, priya, drain) -> None:
    ticket.assign(to=maya, by=maya)
    ticket.record("ticket.escalated", level="legal", reasons=["A lawyer"])
    ticket.record("rating.given", by=ticket.customer, score=1, old=None, commented=False, source="mail")
    ticket.record("rating.given", by=ticket.customer, score=5, old=1, commented=False, source="mail")
    drain()
    assert told(priya) == ["escalated", "rated"]
    assert told(maya) == ["escalated", "rated"]


def test_new_tickets_are_told_to_those_who_want_it(support, maya, ingrid, drain) -> None:
    receive(ingrid, "One", "x", external_id="a@a")
    drain()
    assert told(maya) == []
    chosen(maya, ways={"new": ["app"]})
    receive(ingrid, "Two", "x", external_id="b@b")
    drain()
    assert told(maya) == ["new"]


def test_the_same_event_heard_twice_tells_once(ticket, maya, priya, drain) -> None:
    ticket.assign(to=maya, by=priya)
    drain()
    hearing.hear(Event.objects.get(kind="ticket.assigned"))
    assert told(maya) == ["assigned"]


def test_telling_a_hundred_costs_what_telling_one_costs(ticket) -> None:
    def cost(people: list[User], source: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            telling.tell([one.pk for one in people], "assigned", source=source, ticket=ticket)
        return len(queries)

    crowd = [make_agent(f"Agent{n} X") for n in range(12)]
    assert cost(crowd[:1], "a") == cost(crowd, "b")


# -- the bell and the list -------------------------------------------------------------------------------------


def test_the_bell_counts_the_list_leads_there_and_reading_empties_it(ticket, maya, as_maya: Client, priya, drain) -> None:
    ticket.assign(to=maya, by=priya)
    replying.note(ticket=ticket, by=priya, text="@maya look")
    drain()
    assert ">2</span>" in as_maya.get("/notices/bell/").content.decode()
    page = as_maya.get("/notices/").content.decode()
    assert "Priya Raman gave you this ticket" in page
    assert "Priya Raman mentioned you in a note" in page
    notice = Notice.objects.get(kind="mentioned")
    assert as_maya.get(f"/notices/{notice.pk}/")["Location"] == f"{ticket.get_absolute_url()}#m-{notice.message_ref}"
    assert as_maya.get("/notices/bell/").content.decode().strip() == ""


def test_a_burst_is_one_line(ticket, maya, ingrid, as_maya: Client, drain) -> None:
    ticket.assign(to=maya, by=maya)
    for n in range(3):
        receive(ingrid, "Re:", f"{n}?", metadata={"ticket_number": ticket.number}, external_id=f"{n}@n")
    drain()
    (line,) = reading.page(maya)[0]
    assert (line.text, line.times) == ("Ingrid Sørensen-Dahl wrote", 3)
    as_maya.post("/notices/read/")
    assert reading.unread(maya) == 0


def test_what_one_may_no_longer_see_is_not_shown(ticket, maya, billing, priya, drain) -> None:
    ticket.assign(to=maya, by=priya)
    drain()
    ticket.assign(to=None, by=priya)
    ticket.move(queue=billing, by=priya)
    assert (reading.page(maya)[0], reading.unread(maya)) == ([], 0)


def test_nobody_opens_somebody_elses_notice(ticket, maya, priya, drain) -> None:
    ticket.assign(to=maya, by=priya)
    drain()
    assert signed_in(priya).get(f"/notices/{Notice.objects.get().pk}/").status_code == 404


def test_the_list_is_read_page_by_page(ticket, maya, as_maya: Client, monkeypatch) -> None:
    monkeypatch.setattr(reading, "PAGE", 2)
    for n in range(3):
        telling.tell([maya.pk], "rule", source=f"r{n}", ticket=ticket, text=f"Look {n} at {{{{ticket.number}}}}")
    lines, after = reading.page(maya)
    assert [line.text for line in lines] == [f"Look 2 at {ticket.number}", f"Look 1 at {ticket.number}"]
    assert "Look 0" in as_maya.get(f"/notices/?before={after}").content.decode()
    assert as_maya.get("/notices/?before=x").status_code == 200


def test_the_bell_rings_on_the_screens_of_the_one_who_is_told(ticket, maya, monkeypatch) -> None:
    rung: list[tuple[str, str]] = []
    monkeypatch.setattr("helpdesk.core.realtime.broadcast", lambda group, payload: rung.append((group, payload["kind"])))
    telling.tell([maya.pk], "assigned", source="a", ticket=ticket)
    telling.tell([maya.pk], "assigned", source="a", ticket=ticket)
    assert rung == [(f"agent.{maya.pk}", "notice")]
    assert live.parts_of("notice") == ["bell"]


# -- mail ------------------------------------------------------------------------------------------------------


@pytest.fixture
def mail_server(settings: Any) -> Any:
    settings.EMAIL_URL = "smtp://localhost"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def make_due(**filters: Any) -> None:
    Notice.objects.filter(mail_due_at__isnull=False, **filters).update(mail_due_at=timezone.now())


def test_a_mail_gathers_what_came_together_and_comes_once(ticket, maya, priya, drain, mail_server) -> None:
    ticket.assign(to=maya, by=priya)
    replying.note(ticket=ticket, by=priya, text="@maya look")
    drain()
    assert mailing.mail_due() == 0, "it waits for more"
    make_due()
    assert (mailing.mail_due(), mailing.mail_due()) == (1, 0)
    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == ([maya.email], "2 things for you")
    assert f"{ticket.number} EU sync API returning 503" in sent.body
    assert "503." not in sent.body, "no words of the customer's message"


def test_what_was_read_meanwhile_is_not_mailed(ticket, maya, priya, drain, mail_server) -> None:
    ticket.assign(to=maya, by=priya)
    drain()
    reading.mark_read(maya)
    make_due()
    assert mailing.mail_due() == 0


def test_quiet_hours_and_digests_are_kept(ticket, maya, priya, drain) -> None:
    chosen(maya, digest="daily", daily_at=time(8))
    ticket.assign(to=maya, by=priya)
    drain()
    due = Notice.objects.get().mail_due_at
    assert (due.hour, due.minute) == (8, 0)
    assert timezone.now() <= due <= timezone.now() + timedelta(days=1)


@pytest.mark.usefixtures("mail_server")
def test_a_mail_server_that_is_away_is_asked_again(ticket, maya, monkeypatch) -> None:
    telling.tell([maya.pk], "assigned", source="a", ticket=ticket)
    make_due()
    monkeypatch.setattr("django.core.mail.EmailMessage.send", lambda _self: (_ for _ in ()).throw(OSError("away")))
    assert mailing.mail_due() == 0
    notice = Notice.objects.get()
    assert notice.mailed_at is None
    assert notice.mail_due_at > timezone.now()


# -- chat ------------------------------------------------------------------------------------------------------


@contextmanager
def chat(status: int = 200) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """An incoming webhook that answers with this status."""
    heard: list[dict[str, Any]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args: Any) -> None:
            """Be quiet."""

    server = HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", heard
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def inside(settings: Any) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]


def test_a_team_room_hears_once_with_what_people_wrote_made_harmless(support, ingrid, drain, inside) -> None:
    with chat() as (url, heard):
        ChatHook.objects.create(queue=support, address={"url": url}, kinds=["new"])
        ticket = receive(ingrid, "<!channel> & <http://evil.example|click>", "x").ticket
        drain()
        assert (posting.post_due(), posting.post_due()) == (1, 0)
    assert heard[0]["text"].endswith(f"|{ticket.number}> &lt;!channel&gt; &amp; &lt;http://evil.example|click&gt;")
    assert ChatPost.objects.get().sent_at is not None


def test_a_room_that_is_away_is_tried_again_and_one_that_is_gone_is_not(support, maya, ticket, inside) -> None:
    hook = ChatHook.objects.create(user=maya)
    for status, over in ((500, False), (410, True)):
        with chat(status) as (url, _heard):
            ChatHook.objects.filter(pk=hook.pk).update(address={"url": url})
            post = ChatPost.objects.create(hook=hook, kind="assigned", source=str(status), ticket=ticket)
            assert posting.post_due() == 0
        post.refresh_from_db()
        assert (post.sent_at, post.failed_at is not None, post.attempts) == (None, over, 1)
        assert post.due_at > timezone.now()
    hook.refresh_from_db()
    assert hook.last_error == "HTTP 410"


def test_an_address_inside_our_network_is_refused_and_never_shown(as_maya: Client, maya) -> None:
    page = as_maya.post("/settings/notifications/", {"digest": "at_once", "daily_at": "08:00", "url": "http://127.0.0.1:1/x"})
    assert page.status_code == 422
    assert "may not be reached" in page.content.decode()
    ChatHook.objects.create(user=maya, address={"url": "https://hooks.example/secret"})
    assert "secret" not in as_maya.get("/settings/notifications/").content.decode()


# -- choices ---------------------------------------------------------------------------------------------------


def test_a_person_chooses_and_the_choices_hold(as_maya: Client, maya, ticket, priya, drain) -> None:
    form = {"digest": "hourly", "daily_at": "09:30", "quiet_from": "20:00", "quiet_until": "07:00", "replied-app": "on"}
    assert as_maya.post("/settings/notifications/", form).status_code == 302
    kept = NoticeSettings.objects.get(user=maya)
    assert (kept.digest, kept.quiet_from, kept.ways["replied"], kept.ways["assigned"]) == ("hourly", time(20), ["app"], [])
    ticket.assign(to=maya, by=priya)
    drain()
    assert told(maya) == []


def test_half_of_quiet_hours_is_refused(as_maya: Client) -> None:
    form = {"digest": "at_once", "daily_at": "08:00", "quiet_from": "20:00"}
    assert as_maya.post("/settings/notifications/", form).status_code == 422


def test_only_supervisors_set_a_teams_room(as_maya: Client, priya, support) -> None:
    assert as_maya.post("/settings/notifications/support/", {"kinds": "new"}).status_code == 403
    hook = ChatHook.objects.create(queue=support, address={"url": "https://hooks.example/x"})
    signed_in(priya).post("/settings/notifications/support/", {"kinds": ["new", "sla", "nonsense"]})
    hook.refresh_from_db()
    assert (hook.kinds, hook.address) == (["new", "sla"], {"url": "https://hooks.example/x"})
    signed_in(priya).post("/settings/notifications/support/", {"forget": "on"})
    assert not ChatHook.objects.exists()


def test_whoever_started_an_import_is_told_when_it_is_done(maya, drain) -> None:
    from django.db import transaction

    from helpdesk.core.events import record

    with transaction.atomic():
        record("customers.imported", subject=maya, by=maya, name="x.csv", counts={})
    drain()
    assert told(maya) == ["ready"]
    assert Ticket.objects.count() == 0
