"""The feed of events: who keeps the cursor misses nothing and reads nothing twice, whatever is written meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from customers.models import AccessEntry, Customer
from helpdesk.core import feed_order
from helpdesk.core.events import record
from helpdesk.core.models import ApiKey, Event, User
from helpdesk.partners import feed
from knowledge.models import Article
from tests.cast import receive, signed_in
from tickets.models import Queue, Ticket

FEED = "/api/v1/events/"


def client_with(*scopes: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {ApiKey.issue('x', scopes=list(scopes))[1]}"})


def walk(client: Client, limit: int = 100, **query: Any) -> tuple[list[dict[str, Any]], str]:
    """Follow `next` to the end; the events, and the cursor to come again with."""
    found: list[dict[str, Any]] = []
    answer = client.get(FEED, {"limit": limit, **query}).json()
    while True:
        found += answer["results"]
        if answer["next"] is None:
            return found, answer["cursor"]
        answer = client.get(answer["next"]).json()


@pytest.mark.django_db
def test_events_come_in_order_with_what_they_concern(ticket: Ticket, ingrid: Customer, api: Client) -> None:
    events, cursor = walk(api, limit=1)
    assert next(one["kind"] for one in events if one["ticket"] == ticket.number) == "ticket.created"
    assert len({one["id"] for one in events}) == len(events) == Event.objects.filter(kind__in=feed.kinds()).count()
    created = next(one for one in events if one["kind"] == "ticket.created")
    assert created["customer_id"] == str(ingrid.pk) and created["subject_id"] == str(ticket.pk)
    assert created["occurred_at"].endswith("Z")
    assert walk(api, cursor=cursor) == ([], cursor), "nothing new, and the same place"
    ticket.tag("late", by=None)
    fresh, _cursor = walk(api, cursor=cursor)
    assert [one["kind"] for one in fresh] == ["ticket.tagged"] and fresh[0]["data"] == {"tag": "late"}


@pytest.mark.django_db
def test_the_feed_can_begin_now(ticket: Ticket, api: Client) -> None:
    events, cursor = walk(api, start="now")
    assert events == []
    ticket.tag("late", by=None)
    assert [one["kind"] for one in walk(api, cursor=cursor)[0]] == ["ticket.tagged"]


@pytest.mark.django_db
def test_the_feed_is_filtered_by_kind_ticket_customer_subject_and_time(
    ticket: Ticket, ingrid: Customer, dwayne: Customer, api: Client
) -> None:
    other = receive(dwayne, "Other").ticket
    assert {one["ticket"] for one in walk(api, kind="ticket.created,ticket.tagged")[0]} == {ticket.number, other.number}
    assert {one["ticket"] for one in walk(api, ticket=ticket.number)[0]} == {ticket.number}
    assert {one["customer_id"] for one in walk(api, customer=str(dwayne.pk))[0]} == {str(dwayne.pk)}
    assert {one["subject_id"] for one in walk(api, subject_type="ticket", subject_id=str(other.pk))[0]} == {str(other.pk)}
    assert walk(api, until=(timezone.now() - timedelta(days=1)).isoformat())[0] == []
    assert walk(api, since=(timezone.now() + timedelta(days=1)).isoformat())[0] == []
    assert len(walk(api, since=(timezone.now() - timedelta(days=1)).isoformat())[0]) == len(walk(api)[0])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("cursor=nonsense", "cursor"), ("kind=ticket.exploded", "kind"), ("kind=user.invited", "kind"), ("since=yesterday", "since"),
        ("limit=101", "limit"), ("limit=0", "limit"), ("ticket=TKT-20200101-0001", "ticket"), ("customer=nobody", "customer"),
        ("password__startswith=p", "password__startswith"), ("start=middle", "start"),
    ],
)  # fmt: skip
def test_what_the_feed_does_not_know_is_refused_by_name(query: str, field: str, api: Client) -> None:
    answer = api.get(f"{FEED}?{query}")
    assert answer.status_code == 400 and list(answer.json()["errors"]) == [field]


@pytest.mark.django_db
def test_a_key_reads_the_kinds_that_its_scopes_open(ticket: Ticket, api: Client) -> None:
    article = Article.objects.create(title="How to", slug="how-to")
    with transaction.atomic():
        record("article.published", subject=article, title="How to", status="published")
    assert {one["kind"] for one in walk(client_with("articles:read"))[0]} == {"article.published"}
    assert "article.published" not in {one["kind"] for one in walk(client_with("tickets:read"))[0]}
    assert walk(client_with("tickets:write"))[0] == []
    assert not {one["kind"] for one in walk(api)[0]} & {"user.invited", "mail.stored"}


@pytest.mark.django_db
def test_an_agent_reads_of_their_own_tickets(ticket: Ticket, billing: Queue, tomasz: User, maya: User, dwayne: Customer) -> None:
    assert ticket.number in {one["ticket"] for one in walk(signed_in(maya))[0]}
    assert ticket.number not in {one["ticket"] for one in walk(signed_in(tomasz))[0]}
    assert Client().get(FEED).status_code == 401


@pytest.mark.django_db
def test_reading_the_feed_is_a_reading_of_those_whom_it_names(ticket: Ticket, ingrid: Customer, api: Client) -> None:
    walk(api)
    assert AccessEntry.objects.filter(customer_ref=ingrid.pk, what="events", actor_kind="api").exists()


@pytest.mark.django_db
def test_a_page_costs_the_same_at_any_depth_and_with_any_filter(
    ticket: Ticket, api: Client, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Callable[..., Any]
) -> None:
    monkeypatch.setattr(feed, "WINDOW", 50)
    with transaction.atomic():
        for n in range(300):
            record("note.added", subject=ticket, ticket=ticket) if n == 250 else record("ticket.snoozed", subject=ticket, ticket=ticket)
    rare, _cursor = walk(api, kind="note.added")
    assert len(rare) == 1, "found, though most pages on the way there are empty"
    key = ApiKey.objects.get()
    deep = list(Event.objects.order_by("position", "id").values_list("position", "id"))[280]
    for place in (None, deep):
        with django_assert_num_queries(3):  # the horizon, the window, the events in it
            feed.page(key, feed.Wanted(kinds=["ticket.snoozed"]), after=place, limit=10)
    plan = _plan_beyond(deep)
    assert "event_feed" in plan and "Seq Scan" not in plan and "Sort" not in plan


def _plan_beyond(place: feed.Place) -> str:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE core_event")
        cursor.execute("SET LOCAL enable_seqscan = off")  # there are few rows here: the question is whether the index can serve the order
    return str(feed._beyond(place).values_list("position", "id")[:51].explain())


@pytest.mark.django_db(transaction=True)
def test_an_event_that_was_numbered_before_and_committed_later_is_not_passed(support: Queue, dwayne: Customer, api: Client) -> None:
    """The gap of every feed that orders by a sequence: 11 is committed while 10 still runs."""
    _events, cursor = walk(api, start="now")
    written, go_on = threading.Event(), threading.Event()

    def write_slowly() -> None:
        with transaction.atomic():
            record("customer.created", subject=dwayne, customer=dwayne)
            written.set()
            go_on.wait(60)
        connection.close()

    slow = threading.Thread(target=write_slowly)
    slow.start()
    try:
        assert written.wait(60)
        with transaction.atomic():
            record("customer.changed", subject=dwayne, customer=dwayne)
        early, cursor = walk(api, cursor=cursor)
        assert early == [], "what came after waits for what is still being written"
    finally:
        go_on.set()
        slow.join(60)
    late, _cursor = walk(api, cursor=cursor)
    assert sorted(one["kind"] for one in late) == ["customer.changed", "customer.created"]


@pytest.mark.django_db(transaction=True)
def test_a_reader_among_many_writers_hears_everything_once_in_one_order(dwayne: Customer, api_key: str) -> None:
    writers, each = 6, 25
    over = threading.Event()
    heard: list[int] = []

    def write(number: int) -> None:
        for n in range(each):
            with transaction.atomic():
                record("customer.changed", subject=dwayne, old=str(number), new=n)
                if n % 3 == number % 3:
                    record("customer.changed", subject=dwayne, old="more", new=n)
        connection.close()

    def read() -> None:
        cursor, client = "", Client(headers={"Authorization": f"Bearer {api_key}"})
        while True:
            last = over.is_set()
            found, cursor = walk(client, limit=7, **({"cursor": cursor} if cursor else {}))
            heard.extend(one["id"] for one in found)
            if last:
                break
        connection.close()

    reader = threading.Thread(target=read)
    reader.start()
    threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(120)
    over.set()
    reader.join(120)
    in_order = list(Event.objects.order_by("position", "id").values_list("pk", flat=True))
    assert heard == in_order and len(heard) > writers * each


def _let_time_pass_elsewhere(*, transactions: int) -> None:
    """Other sessions of the cluster take numbers while the one under test still runs."""

    def take() -> None:
        with connection.cursor() as cursor:
            for _ in range(transactions):
                cursor.execute("SELECT pg_current_xact_id()")
        connection.close()

    other = threading.Thread(target=take)
    other.start()
    other.join(60)


@pytest.mark.django_db
def test_after_a_restore_new_events_come_after_all_that_the_dump_brought(ticket: Ticket, api: Client) -> None:
    """In another cluster transactions are counted from the beginning."""
    far = Event.objects.order_by("-position").values_list("position", flat=True)[0] + 5_000_000
    Event.objects.update(position=far)
    _let_time_pass_elsewhere(transactions=5)
    assert feed_order.keep_growing() and not feed_order.keep_growing()
    ticket.tag("late", by=None)
    assert Event.objects.get(kind="ticket.tagged").position > far
    kinds = [one["kind"] for one in walk(api)[0]]
    assert kinds[-1] == "ticket.tagged" and "ticket.created" in kinds[:-1]


@pytest.mark.django_db
def test_a_very_long_filter_is_refused_quickly(api: Client) -> None:
    answer = api.get(f"{FEED}?kind={quote('ticket.created,' * 100_000)}")
    assert answer.status_code in {400, 414}
