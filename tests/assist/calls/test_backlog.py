"""Words that were put off: one round for all calls that wait, and nothing left behind (speed under load, issue “live call assist”)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache

from assist.calls import backlog, pacing, switchboard
from assist.calls.switchboard import Opening, Spoken
from assist.models import AgentAction, CallSession, CallUpdate
from helpdesk.celery import app
from tickets.models import Queue

pytestmark = pytest.mark.django_db
TROUBLE = "I get error 401 when I log in to the mobile app"


@pytest.fixture
def put_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a web process that has its hands full."""
    monkeypatch.setattr(pacing, "MOST_PRESENT", -1)


def call_of(number: int, *sentences: str) -> CallSession:
    session, _ = switchboard.start(Opening(call_id=f"call-{number}"))
    for place, text in enumerate(sentences):
        assert switchboard.hear(session, Spoken(speaker="customer", text=text, start_time=place * 2.0)).status == "deferred"
    return session


def frames(session: CallSession) -> list[dict[str, Any]]:
    kept = CallUpdate.objects.filter(session=session, payload__type="suggestions").order_by("n")
    return list(kept.values_list("payload", flat=True))


def searches(session: CallSession) -> int:
    return AgentAction.objects.filter(session=session, agent_name="retrieval").count()


def test_a_call_is_thought_about_once_for_all_that_was_said(
    support: Queue, articles: Any, put_off: None, worker: Callable[[], Any]
) -> None:
    call = call_of(1, "Hello, I have a problem", TROUBLE, "It is version 2.5")
    assert worker() is None
    (frame,) = frames(call)
    assert frame["segment_id"] == frame["searched_to"] == call.segments.latest("id").pk
    assert frame["suggestions"][0]["title"] == "Error 401 when logging in to the mobile app"
    call.refresh_from_db()
    assert (call.analysed, call.analysis_due_at) == (3, None)


def test_when_many_wait_each_is_brought_up_to_date_and_the_search_follows(
    support: Queue, articles: Any, put_off: None, worker: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog, "HANDFUL", 3)
    monkeypatch.setattr(backlog, "SEARCHED", 1)
    monkeypatch.setattr(backlog, "SEARCH_ANEW", timedelta(hours=1))
    calls = [call_of(number, TROUBLE) for number in range(6)]
    worker()
    assert [searches(call) for call in calls] == [1] * 6, "a call that nothing is known of is searched for at once"
    for call in calls:
        switchboard.hear(call, Spoken(speaker="customer", text="It is version 2.5, and I have tried twice", start_time=9.0))
    left = worker()
    newest = {call.pk: call.segments.latest("id").pk for call in calls}
    assert all(frames(call)[-1]["segment_id"] == newest[call.pk] for call in calls)
    assert all({"type": "version", "value": "2.5"} in frames(call)[-1]["entities"] for call in calls)
    behind = [call for call in calls if frames(call)[-1]["searched_to"] != newest[call.pk]]
    assert behind and left and left > 3000, "the others are due for a search, and the worker knows when"
    assert all(frames(call)[-1]["suggestions"] for call in behind), "what was found stays on the screen meanwhile"
    CallSession.objects.filter(pk__in=[call.pk for call in behind]).update(analysis_due_at=calls[0].started_at)  # the hour is over
    assert worker() is None
    assert all(frames(call)[-1]["searched_to"] == newest[call.pk] for call in calls)


def test_a_second_worker_leaves_the_calls_to_the_first(support: Queue, put_off: None, worker: Callable[[], Any], clean_cache: Any) -> None:
    call = call_of(1, TROUBLE)
    cache.add(backlog._TURN, "taken", 60)
    assert worker() is None and not frames(call)
    cache.delete(backlog._TURN)
    worker()
    assert frames(call)


def test_what_is_due_later_is_said_in_seconds(support: Queue, put_off: None, monkeypatch: pytest.MonkeyPatch) -> None:
    call_of(1, TROUBLE)
    monkeypatch.setattr(backlog, "GRACE", timedelta(hours=1))
    left = backlog.work_off()
    assert left is not None and 3000 < left <= 3600


def test_a_sentence_is_kept_in_few_statements(support: Queue, put_off: None, django_assert_num_queries: Any) -> None:
    session, _ = switchboard.start(Opening(call_id="few"))
    with django_assert_num_queries(1):
        switchboard.hear(session, Spoken(speaker="agent", text="How can I help?", start_time=1.0))
    switchboard.hear(session, Spoken(speaker="customer", text="Hello", start_time=2.0))  # whether consent is asked for is looked up once
    with django_assert_num_queries(1):
        switchboard.hear(session, Spoken(speaker="customer", text=TROUBLE, start_time=3.0))


def test_rounds_are_thought_where_the_model_is(settings: Any) -> None:
    app.loader.import_default_modules()  # as a worker does: what other tests imported says nothing
    routes, known = settings.CELERY_TASK_ROUTES, app.tasks
    assert routes["assist.calls.rounds.assist_the_waiting"] == {"queue": "thinking"}
    assert set(routes) <= set(known), "a route of a task that there is no more sends its successor to the wrong worker"
