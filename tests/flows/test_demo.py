"""The demonstration company: what a first visitor finds, and what a second load leaves alone."""

from __future__ import annotations

import json
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import transaction
from django.db.models import Count, F
from django.test import override_settings
from django.utils import timezone

from assist.models import CallSession, Suggestion, TriageRun
from customers import memory
from customers.models import ContactPoint, Customer, MemoryFact
from helpdesk.core.models import Event, Receipt, User
from helpdesk.demo import calls_loading, sign_in, source
from helpdesk.demo.moments import COMPANY_ZONE, Moments, fill
from knowledge import search
from knowledge.models import Article, Category, Incident, SolvedCase
from tests.cast import receive
from tickets import searching
from tickets.models import Attachment, Delivery, Message, Queue, Ticket

OPEN = ("new", "open", "pending", "on_hold")


pytestmark = pytest.mark.xdist_group("demonstration")  # loaded once for all of them


@pytest.fixture(scope="module")
def company(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The demonstration in a transaction that the tests' own ones nest in. Yields where its sign-in is written down."""
    folder = tmp_path_factory.mktemp("demonstration")
    with pytest.MonkeyPatch.context() as patched, django_db_blocker.unblock(), override_settings(MEDIA_ROOT=folder / "media"):
        patched.setattr(sign_in, "path", lambda: folder / "demo-sign-in.txt")  # DATA_DIR itself stays: it holds the model
        patched.setattr("celery.app.task.Task.apply_async", lambda *_args, **_kwargs: None)
        outer = transaction.atomic()
        outer._from_testcase = True  # type: ignore[attr-defined]  # as Django marks its tests' own
        with outer:
            call_command("demo")
            yield folder
            transaction.set_rollback(True)


@dataclass
class Again:
    """What was there before the demonstration was loaded a second time, with a visitor's own ticket in it."""

    counts: dict[str, int]
    files: set[str]
    added: Ticket
    password: str


@pytest.fixture(scope="module")
def again(company: Path) -> Again:
    added = receive("hannah@lumenoak.example", "Something new", "A visitor tries the mail door.").ticket
    before = Again(_counts(), set(Attachment.objects.values_list("file", flat=True)), added, sign_in.password())
    call_command("demo")
    return before


def test_the_files_hold_what_was_promised() -> None:
    people, stories = source.people(), source.stories()
    assert (len(people["agents"]), len(people["queues"])) == (6, 4)
    assert len(people["customers"]) >= 60
    assert len(people["organisations"]) >= 30
    assert len(stories) >= 150
    assert len({story["key"] for story in stories}) == len(stories)
    assert all(2 <= len(story["messages"]) <= 8 for story in stories if story["status"] not in OPEN)
    assert {story.get("language", "en") for story in stories} >= {"en", "de", "fr", "es", "ar"}
    assert len(Counter(story["channel"] for story in stories)) >= 5
    assert sum(story.get("incident") == "INC-204" for story in stories) >= 14


def test_the_knowledge_base_answers_frequent_questions() -> None:
    """Each with the question as its title and a first sentence that answers it; and each is asked in other words in our own file."""
    asked = [article for article in source.articles() if article.audience == "public" and article.title.endswith("?")]
    assert len(asked) >= 25
    assert all(len(article.body.split("\n")[0].split()) <= 60 for article in asked)
    lines = (Path(__file__).parents[1] / "data/faq/questions.jsonl").read_text(encoding="utf-8").splitlines()
    counted = Counter(json.loads(line)["article"] for line in lines)
    assert {article.slug for article in asked} <= counted.keys() and set(counted.values()) == {3}


def test_every_story_names_only_what_exists() -> None:
    people = source.people()
    agents, customers, queues = ({row["key"] for row in people[what]} for what in ("agents", "customers", "queues"))
    slugs = {article.slug for article in source.articles()}
    for story in source.stories():
        assert story["customer"] in customers
        assert story["queue"] in queues
        assert story.get("assignee", "maya") in agents
        assert {line["from"] for line in story["messages"]} <= agents | customers
        assert story.get("article") in slugs | {None}


def test_past_tickets_happen_on_working_days_and_never_in_the_future() -> None:
    for day in range(20, 27):  # a week, weekend included
        at = Moments(timezone.datetime(2026, 11, day, 6, 30, tzinfo=COMPANY_ZONE))
        for story in source.stories():
            moments = [at.in_ticket(story, line["after"]) for line in story["messages"]]
            assert moments == sorted(moments)
            assert moments[-1] <= at.now
            assert "minutes_ago" in story or all(moment.astimezone(COMPANY_ZONE).weekday() < 5 for moment in moments)


def test_texts_speak_of_the_day_they_were_written() -> None:
    written = timezone.datetime(2026, 11, 17, 14, 21, tzinfo=COMPANY_ZONE)
    assert fill("It is {t}. You promised {t-1}. Trucks leave at {h+2}. By {d+2}.", written) == (
        "It is 14:21. You promised 14:20. Trucks leave at 16:00. By 19 November."
    )


def test_a_first_visitor_finds_a_company_at_work(company: Path) -> None:
    tickets = Ticket.objects.all()
    assert (User.objects.count(), Queue.objects.count()) == (6, 4)
    assert Customer.objects.count() == len(source.people()["customers"])
    assert tickets.count() == len(source.stories()) + len(calls_loading.PAST)
    assert 30 <= tickets.filter(status__in=OPEN).count() <= 50
    assert set(tickets.values_list("category__slug", flat=True)) == set(Category.objects.values_list("slug", flat=True))
    assert Article.objects.published().count() == len(source.articles())
    assert Incident.objects.open().get().reference == "INC-204"
    assert tickets.filter(due_at__lt=timezone.now()).count() >= 2
    assert tickets.filter(due_at__range=(timezone.now(), timezone.now() + timedelta(hours=2))).count() >= 5
    assert Attachment.objects.count() >= 8


def test_calls_of_the_last_hours_are_over_summed_up_and_in_tickets(company: Path) -> None:
    calls = CallSession.objects.exclude(status__in=CallSession.RUNNING).order_by("-ended_at")
    assert [call.call_id for call in calls] == [f"demonstration-{past.file}" for past in calls_loading.PAST]
    for call, past in zip(calls, calls_loading.PAST, strict=True):
        spoken = call.segments.count()  # type: ignore[attr-defined]
        assert spoken > 20 and call.summary and call.ticket is not None
        assert (call.disposition, call.ticket.status, call.ticket.channel) == (past.disposition, past.status, "phone")
        assert (call.wrapped_up_at is None) == (not past.disposition)
        assert call.started_at < call.ended_at < timezone.now() - timedelta(minutes=past.minutes_ago - 1)  # type: ignore[operator]
        assert Suggestion.objects.filter(session=call, agent_clicked=True, created_at__range=(call.started_at, call.ended_at)).exists()
        assert call.ticket.messages.count() == 2  # the caller's words, and one note
    assert not Event.objects.filter(kind="call.ended", occurred_at__gt=timezone.now() - timedelta(minutes=5)).exists()


def test_past_tickets_look_as_if_they_had_been_answered_here(company: Path) -> None:
    solved = Ticket.objects.filter(status__in=Ticket.DONE)
    assert not solved.filter(first_response_at__isnull=True).exists()
    assert not solved.filter(resolved_at__isnull=True).exists()
    assert not solved.filter(resolved_at__lt=F("first_response_at")).exists()
    assert not solved.filter(first_response_at__lt=F("created_at")).exists()
    assert not solved.filter(due_at__isnull=False).exists()
    assert not Ticket.objects.filter(status=Ticket.Status.CLOSED, closed_at__isnull=True).exists()
    assert not Ticket.objects.filter(updated_at__gt=timezone.now()).exists()
    assert not Ticket.objects.filter(sentiment="").exists()
    one = Ticket.objects.get(subject="Signature never matches, I am going crazy")
    kinds = list(Event.objects.filter(ticket_ref=one.pk).order_by("id").values_list("kind", flat=True))
    assert kinds[:2] == ["ticket.created", "message.received"]
    assert kinds[-1] == "ticket.status_changed"
    assert "message.sent" in kinds
    times = list(Event.objects.filter(ticket_ref=one.pk).order_by("id").values_list("occurred_at", flat=True))
    assert times == sorted(times)


def test_past_work_can_be_found_and_learnt_from(company: Path) -> None:
    priya = User.objects.get(email="priya@fernway.example")
    assert searching.search("henhouse", viewer=priya).get().subject == "Address not found for my own mother"
    assert searching.search("Mazowsze", viewer=priya).exists()
    hits = search.search("the driver's dot on the map freezes when the screen is off", viewer=priya, limit=3)
    assert hits[0].slug == "keep-gps-running-screen-off"
    assert SolvedCase.objects.linked().count() >= 80
    waiting = Receipt.objects.filter(Receipt.OPEN)
    assert not waiting.exists(), list(waiting.values_list("subscriber", "event__kind").distinct())


def test_open_tickets_are_understood_and_past_ones_ring_no_bell(company: Path) -> None:
    understood = TriageRun.objects.values("ticket").distinct()
    assert understood.count() == Ticket.objects.active().count()
    assert not TriageRun.objects.filter(ticket__status__in=Ticket.DONE).exists()
    waiting = Receipt.objects.filter(Receipt.OPEN)
    assert not waiting.exists(), list(waiting.values_list("subscriber", "event__kind").distinct())
    assert not Delivery.objects.exclude(state=Delivery.State.SENT).exists()
    assert mail.outbox == []


def test_customers_who_agreed_are_remembered_over_time(company: Path) -> None:
    ingrid = Customer.objects.get(name="Ingrid Sørensen-Dahl")
    known = {fact.attribute: fact.value for fact in memory.facts(ingrid)}
    assert known["outbound cut-off"] == "16:00 at the Køge terminal"
    earlier = memory.facts(ingrid, timezone.now() - timedelta(days=500))
    assert earlier.get(attribute="outbound cut-off").value == "17:00"
    assert {"plan", "data region", "outage contact", "how to write to her", "warehouses", "carrier for sweden"} <= known.keys()
    assert memory.timeline(ingrid).filter(source_kind="message").exists()
    assert not MemoryFact.objects.exclude(customer__consents__granted=True).exists()


def test_everyone_signs_in_with_one_generated_password_that_others_cannot_read(company: Path) -> None:
    path = company / "demo-sign-in.txt"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text()
    password = sign_in.password()
    assert password in text
    assert all(agent.email in text and agent.check_password(password) for agent in User.objects.all())


def test_a_replayed_transcript_reaches_the_agent_who_signs_in(company: Path) -> None:
    spoken_to = {json.loads(path.read_text())["call"]["agent_id"] for path in Path("helpdesk/demo/calls").glob("*.json")}
    assert spoken_to <= set(User.objects.filter(is_active=True).values_list("external_id", flat=True))


def test_a_call_is_going_on_while_the_first_visitor_looks_and_after_a_second_load(again: Again) -> None:
    call = CallSession.objects.running().get()
    assert (call.agent.name, call.customer.name, call.status) == ("Maya Lindqvist", "Kwabena Mensah", "active")  # type: ignore[union-attr]
    assert 100 < call.duration_seconds < 600
    assert call.segments.count() > 15  # type: ignore[attr-defined]
    assert Suggestion.objects.filter(session=call, source_id__isnull=False).exists()
    assert not User.objects.filter(is_active=False).exists()
    assert Event.objects.filter(kind="call.started").count() == 1 + len(calls_loading.PAST)


def test_loading_again_leaves_one_copy(again: Again) -> None:
    assert _counts() == again.counts
    assert not again.files & set(Attachment.objects.values_list("file", flat=True))
    assert not Ticket.objects.values("number").annotate(n=Count("id")).filter(n__gt=1).exists()
    assert sign_in.password() == again.password


def test_what_a_visitor_adds_to_a_demonstration_customer_stays(again: Again) -> None:
    assert Ticket.objects.filter(pk=again.added.pk).exists()
    assert again.added.customer.name == "Hannah Birdsall"


def _counts() -> dict[str, int]:
    from assist.models import Draft, Suggestion
    from helpdesk.core.models import Embedding

    people = (User, Queue, Customer, ContactPoint)
    work = (Ticket, Message, Delivery, Attachment, Event, TriageRun, Draft, Suggestion)
    models = (*people, *work, Article, SolvedCase, Embedding)
    return {model.__name__: model._default_manager.count() for model in models}
