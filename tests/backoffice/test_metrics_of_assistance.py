"""What the engine gave, what it cost and who carries how much, against a count by hand of the same random rows."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from assist.models import ChatSession, Draft, Prediction, Suggestion
from helpdesk.backoffice.metrics import assistance, behind, board, people, rollup
from helpdesk.backoffice.metrics.scope import Scope
from helpdesk.core.models import ModelCall, User
from knowledge.models import Category, SearchLog
from tests.cast import receive
from tickets.models import Queue, Ticket

from .test_metrics import counting, scopes, within

pytestmark = pytest.mark.django_db
KINDS, JUDGED = ("article", "similar_ticket"), (None, "helpful", "not_helpful", "irrelevant")


@pytest.fixture
def tickets(fortnight: Callable[[int], list[Ticket]]) -> list[Ticket]:
    """Those of a fortnight that were not merged; the engine was busy with each."""
    dice, rows = random.Random(4), [one for one in fortnight(4) if not one.merged_into_id]
    message = receive("ada@x.example", "Earlier")
    drafts, suggestions, guesses, calls, searches = [], [], [], [], []
    for one in rows:
        at = min(timezone.now(), one.created_at + timedelta(minutes=dice.randrange(2000)))
        state = dice.choice(("used", "dismissed", "stale"))
        distance = dice.choice((0, 0.02, 0.021, 0.7)) if state == "used" else None
        drafts.append(Draft(ticket=one, answers=message, text="Hello", state=state, edit_distance=distance, created_at=at))
        shown, clicked = dice.random() < 0.8, dice.random() < 0.4
        said = {"suggestion_type": dice.choice(KINDS), "agent_feedback": dice.choice(JUDGED)}
        suggestions.append(Suggestion(ticket=one, title="x", shown_to_agent=shown, agent_clicked=clicked, created_at=at, **said))
        settled = dice.choice((None, at))
        field = dice.choice(("category", "category", "priority"))
        guesses.append(Prediction(ticket=one, field=field, label="x", band="act", correct=dice.random() < 0.6, settled_at=settled))
        outcome, cost = dice.choice(("done", "failed", "invalid")), Decimal(dice.randrange(1000)) / 1000
        task, about = dice.choice(("reply", "summary")), dice.choice((f"ticket:{one.pk}", "chat:1", ""))
        calls.append(ModelCall(task=task, model="m", about=about, outcome=outcome, cost=cost, payload_hash="x", created_at=at))
        searches.append(SearchLog(query="x", place=dice.choice(("help", "console")), deflected=dice.random() < 0.3, created_at=at))
    for model, made in ((Draft, drafts), (Suggestion, suggestions), (Prediction, guesses), (ModelCall, calls), (SearchLog, searches)):
        model.objects.bulk_create(made)  # type: ignore[attr-defined]
    rollup.rebuild()
    return rows


def of(rows: list[Any], tickets: list[Ticket], scope: Scope, when: Callable[[Any], datetime | None]) -> list[Any]:
    """By hand: those of the scope's days that belong to its tickets."""
    ours = {one.pk for one in counting(tickets, scope)}
    return [row for row in rows if row.ticket_id in ours and within(scope, when(row))]


def opens(name: str, scope: Scope, rows: list[Any]) -> bool:
    return set(behind.tickets(name, scope).values_list("pk", flat=True)) == {row.ticket_id for row in rows}


def test_drafts_agree_with_a_count_by_hand_and_open_their_tickets(tickets: list[Ticket], support: Queue) -> None:
    everything = list(Draft.objects.all())
    for scope in scopes(support):
        rows = of(everything, tickets, scope, lambda row: row.created_at)
        used = [row for row in rows if row.state == "used"]
        parts = {
            "as-written": [row for row in used if row.edit_distance <= 0.02],
            "edited": [row for row in used if row.edit_distance > 0.02],
            "dismissed": [row for row in rows if row.state == "dismissed"],
            "ignored": [row for row in rows if row.state == "stale"],
        }
        found = assistance.given(scope).drafts
        assert (found.shown, found.used) == (len(rows), len(used))
        assert {name: getattr(found, name.replace("-", "_")) for name in parts} == {name: len(part) for name, part in parts.items()}
        assert all(opens(f"drafts-{name}", scope, part) for name, part in parts.items()) and opens("drafted", scope, rows)
        days = Counter(timezone.localdate(row.created_at) for row in rows)
        assert found.shares == {
            day: pytest.approx(sum(timezone.localdate(row.created_at) == day for row in used) / n) for day, n in days.items()
        }


def test_suggestions_and_what_was_said_of_them_agree_with_a_count_by_hand(tickets: list[Ticket], support: Queue) -> None:
    everything = list(Suggestion.objects.filter(shown_to_agent=True))
    for scope in scopes(support):
        rows = of(everything, tickets, scope, lambda row: row.created_at)
        given = assistance.given(scope)
        kinds = {one.kind: one for one in given.kinds}
        for kind in KINDS:
            theirs = [row for row in rows if row.suggestion_type == kind]
            clicked = [row for row in theirs if row.agent_clicked]
            found = kinds.get(kind, assistance.Kind(kind, 0, 0, 0, 0, 0))
            assert (found.shown, found.used, found.rated) == (
                len(theirs),
                len(clicked),
                sum(row.agent_feedback is not None for row in theirs),
            )
            assert opens(f"suggested-{kind}", scope, theirs) and opens(f"suggestion-used-{kind}", scope, clicked)
        judged = Counter(row.agent_feedback for row in rows if row.agent_feedback)
        assert given.feedback == {"rated": judged.total(), **{name: judged[name] for name in JUDGED if name}}
        assert opens("suggestions-rated", scope, [row for row in rows if row.agent_feedback])


def test_first_guesses_agree_with_a_count_by_hand(tickets: list[Ticket], support: Queue) -> None:
    everything = list(Prediction.objects.filter(field="category"))
    for scope in scopes(support):
        rows = of(everything, tickets, scope, lambda row: row.settled_at)
        right = [row for row in rows if row.correct]
        assert assistance.given(scope).accuracy == (len(rows), pytest.approx(len(right) / len(rows)) if rows else None)
        assert opens("triage-settled", scope, rows) and opens("triage-wrong", scope, [row for row in rows if not row.correct])


def test_spend_and_deflection_agree_with_a_count_by_hand(tickets: list[Ticket], support: Queue) -> None:
    calls, searches = list(ModelCall.objects.all()), list(SearchLog.objects.exclude(place="console"))
    for scope in scopes(support):
        about = {f"ticket:{one.pk}" for one in counting(tickets, scope)}
        narrowed = bool(scope.queue or scope.channel)
        rows = [row for row in calls if within(scope, row.created_at) and (not narrowed or row.about in about)]
        found = assistance.given(scope).spend
        assert (found.calls, found.failed) == (len(rows), sum(row.outcome in ("failed", "invalid") for row in rows))
        assert found.total == sum(row.cost for row in rows) == sum(found.by_task.values()) == sum(found.by_day.values())
        asked = [row for row in searches if within(scope, row.created_at)]
        assert assistance.deflection(scope) == (len(asked), sum(row.deflected for row in asked))


def test_what_was_decided_judged_or_moved_later_is_counted_again_on_its_own_day(tickets: list[Ticket], support: Queue, maya: User) -> None:
    rollup.refresh()
    earlier = timezone.now() - timedelta(days=20)
    Ticket.objects.update(updated_at=earlier)
    past = Draft.objects.filter(created_at__lt=timezone.now() - timedelta(days=3))
    judged, moved = past.filter(state="stale").first(), past.exclude(ticket__queue=support).last()
    assert judged and moved and judged.ticket_id != moved.ticket_id
    Draft.objects.filter(pk=judged.pk).update(state="used", edit_distance=0)
    Suggestion.objects.filter(ticket=judged.ticket).update(shown_to_agent=True, agent_clicked=True, agent_feedback="helpful")
    judged.ticket.record("draft.used", subject=judged, by=maya)
    moved.ticket.move(queue=support, by=maya)
    rollup.refresh()
    refreshed = [assistance.given(scope) for scope in scopes(support)]
    rollup.rebuild()
    assert [sorted(one.rows) for one in refreshed] == [sorted(assistance.given(scope).rows) for scope in scopes(support)]


def test_agents_carry_what_their_lists_hold(tickets: list[Ticket], support: Queue, maya: User) -> None:
    User.objects.filter(pk=maya.pk).update(last_seen_at=timezone.now())
    maya.queues.add(support)
    for scope in scopes(support):
        ours = [one for one in tickets if one.assignee_id == maya.pk and one.status in Ticket.ACTIVE]
        (found,), here, free = people.agents(scope)
        assert (found.open, here, free) == (len(ours), 1, 0)
        assert found.open == behind.tickets("open", scope.everywhere).filter(assignee=maya).count()


def test_topics_and_channels_say_what_their_lists_hold(tickets: list[Ticket]) -> None:
    categories = Category.objects.bulk_create([Category(name=name, slug=name.lower()) for name in ("Invoices", "Delivery")])
    for n, one in enumerate(tickets):
        one.category = (*categories, None)[n % 3]
    Ticket.objects.bulk_update(tickets, ["category"])
    rollup.rebuild()
    scope = Scope.of("7d")
    shown, ours = board.read(scope), [one for one in tickets if within(scope, one.created_at)]
    topics = {row["name"]: row["n"] for row in shown.topics}
    assert topics == {one.name: sum(ticket.category_id == one.pk for ticket in ours) for one in categories}
    channels = {row["channel"]: row["n"] for row in shown.channels}
    assert channels == {name: behind.tickets("created", replace(scope, channel=name)).count() for name in channels}


def test_chats_that_fell_silent_are_not_live(tickets: list[Ticket], support: Queue) -> None:
    speaking, silent = tickets[:2]
    for one, hours in ((speaking, 1), (silent, 13)):
        at = timezone.now() - timedelta(hours=hours)
        ChatSession.objects.create(ticket=one, customer=one.customer, session_id=one.number, queue=support, last_message_at=at)
    scope = Scope.of("today")
    assert people.standing(scope).chats == 1 and list(behind.tickets("chatting", scope)) == [speaking]
