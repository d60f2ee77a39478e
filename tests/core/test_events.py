"""The event spine: what is recorded is dealt with, at least once, whatever happens to Redis or the worker."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from helpdesk.core import events
from helpdesk.core.models import Event, Receipt
from tests.cast import ago, make_customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard(monkeypatch):
    """A subscriber of `customer.created` that notes what it hears, and fails while `heard.broken` is set."""

    class Heard(list):
        broken = False

    seen = Heard()

    def listen(event: Event) -> None:
        if seen.broken:
            raise RuntimeError("not now")
        seen.append(event.pk)

    subscription = events.Subscription("tests.listen", listen, slow=False)
    monkeypatch.setitem(events._by_kind, "customer.created", [subscription])
    monkeypatch.setitem(events._by_name, "tests.listen", subscription)
    return seen


def happen() -> Event:
    customer = make_customer("Li", f"li{timezone.now().timestamp()}@x.example")
    with transaction.atomic():
        return events.record("customer.created", subject=customer, customer=customer)


def test_an_event_reaches_its_subscriber_once_however_often_it_is_rung(heard):
    event = happen()
    for _ring in range(3):
        events.dispatch(event.pk)
    assert heard == [event.pk]


def test_a_change_that_is_rolled_back_leaves_no_event(heard):
    with pytest.raises(RuntimeError), transaction.atomic():
        happen()
        raise RuntimeError
    assert not Event.objects.exists()
    assert not Receipt.objects.exists()


def test_a_subscriber_that_fails_is_asked_again_later(heard):
    heard.broken = True
    event = happen()
    events.dispatch(event.pk)
    receipt = Receipt.objects.get()
    assert (receipt.attempts, receipt.done_at) == (1, None)
    assert "not now" in receipt.error
    events.dispatch(event.pk)
    assert Receipt.objects.get().attempts == 1, "not before its time"
    heard.broken = False
    Receipt.objects.update(due_at=ago(seconds=1))
    events.dispatch(event.pk)
    assert heard == [event.pk]


def test_a_subscriber_that_always_fails_is_given_up_and_the_error_kept(heard):
    heard.broken = True
    event = happen()
    for _attempt in range(events.MOST_ATTEMPTS):
        Receipt.objects.update(due_at=ago(seconds=1))
        events.dispatch(event.pk)
    receipt = Receipt.objects.get()
    assert receipt.failed_at is not None
    assert "not now" in receipt.error


def test_the_sweep_rings_for_what_nobody_heard(heard, monkeypatch):
    event = happen()
    rung = []
    monkeypatch.setattr("helpdesk.core.tasks.send_quietly", lambda task, event_id: rung.append(event_id))
    assert events.sweep() == 0, "its own ring may still be on the way"
    Receipt.objects.update(due_at=ago(seconds=1))
    assert events.sweep() == 1
    assert rung == [event.pk]


def test_a_receipt_that_another_worker_holds_is_left_alone(heard):
    happen()
    Receipt.objects.update(attempts=1, due_at=timezone.now() + timedelta(seconds=100))
    assert events.run(Receipt.objects.get().pk) is False
    assert heard == []


def test_an_unknown_kind_and_unknown_data_are_refused(db):
    customer = make_customer("Li", "li@x.example")
    with pytest.raises(LookupError):
        events.record("customer.exploded", subject=customer)
    with pytest.raises(TypeError):
        events.record("customer.created", subject=customer, colour="red")


def test_a_broken_broker_does_not_break_the_change(heard, monkeypatch, django_capture_on_commit_callbacks):
    from kombu.exceptions import OperationalError

    def refuse(*_args, **_kwargs):
        raise OperationalError("connection refused")

    monkeypatch.setattr("celery.app.task.Task.apply_async", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        happen()
    assert Receipt.objects.filter(Receipt.OPEN).count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_event_outside_a_transaction_is_refused(heard):
    customer = make_customer("Li", "li@x.example")
    with pytest.raises(transaction.TransactionManagementError):
        events.record("customer.created", subject=customer)
