"""The classifier refreshes itself in the background."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from assist.learning import recalling, refreshing
from assist.models import LabelledExample, LearnedModel
from assist.triage import categorise, similar
from assist.triage.case import Case
from assist.triage.reading import read
from customers.models import Customer
from helpdesk.core.embeddings import get_embedder, store
from knowledge.categories import known_categories, load_default_categories
from knowledge.models import Category
from tickets.models import Queue, Ticket

pytestmark = pytest.mark.django_db

PARTS = "horn adapter,dock plate,ramp lamp,gate motor,belt roller,strap winch,tail lift,pallet jack,roller door,loading arm".split(",")
ASKED = ("Is the {} in stock?", "What does the {} cost?", "Can we order a {} with black paint?")


@pytest.fixture(autouse=True)
def _categories(db: None) -> None:
    load_default_categories()


def labelled(support: Queue, customer: Customer, label: str, texts: list[str]) -> None:
    tickets = [
        Ticket(number=f"TKT-20261120-{9000 + n}", subject=text, queue=support, customer=customer, channel="email")
        for n, text in enumerate(texts)
    ]
    Ticket.objects.bulk_create(tickets)
    store.put(similar.KIND, [store.Passage(t.pk, 0, t.subject) for t in tickets], get_embedder().embed([t.subject for t in tickets]))
    LabelledExample.objects.bulk_create(
        [LabelledExample(ticket=t, field="category", label=label, text=t.subject, weight=3) for t in tickets]
    )


@pytest.fixture
def spare_parts(support: Queue, ingrid: Customer) -> None:
    """Thirty tickets that people put into a category of their own, which has no phrases."""
    Category.objects.create(slug="spare_parts", name="Spare parts", description="", examples=[])
    labelled(support, ingrid, "spare_parts", [ask.format(part) for part in PARTS for ask in ASKED])


def guess(text: str) -> categorise.Categorised:
    reading = read(Case(subject="", body=text))
    assert reading.vector is not None
    return categorise.categorise(reading, known_categories(), learned=recalling.recall(reading.vector))


def test_enough_examples_make_it_due_and_a_fit_puts_it_into_use(spare_parts: None) -> None:
    assert guess("Do you have bumper rails for a dock?").category != "spare_parts"
    assert refreshing.due() == ["category"]
    model = refreshing.refresh("category")
    assert model is not None and model.examples == 30
    assert refreshing.due() == []
    found = guess("Do you have bumper rails for a dock?")
    assert (found.category, found.learned_from) == ("spare_parts", 30)


def test_twenty_more_make_it_due_again_and_one_does_after_a_night(spare_parts: None, support: Queue, dwayne: Customer) -> None:
    refreshing.refresh("category")
    one = Ticket.objects.create(number="TKT-20261121-0001", subject="One", queue=support, customer=dwayne, channel="email")
    LabelledExample.objects.create(ticket=one, field="category", label="sales", text="One")
    assert refreshing.due() == []
    LearnedModel.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert refreshing.due() == ["category"]


def test_every_process_takes_up_a_new_model_at_once(spare_parts: None) -> None:
    assert "category" not in recalling.recall(get_embedder().embed(["ramp lamp"])[0]).companies
    refreshing.refresh("category")
    assert recalling.recall(get_embedder().embed(["ramp lamp"])[0]).companies["category"].examples == 30


def test_two_do_not_fit_at_once(spare_parts: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(%s)", [refreshing.LOCK])
    from concurrent.futures import ThreadPoolExecutor

    def other() -> Any:
        try:
            return refreshing.refresh("category")
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(other).result() is None
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_unlock(%s)", [refreshing.LOCK])


def test_a_fit_that_fails_changes_nothing(spare_parts: None, monkeypatch: pytest.MonkeyPatch) -> None:
    refreshing.refresh("category")
    before = guess("Do you have bumper rails for a dock?")

    def broken(*_: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(refreshing, "teach", broken)
    with pytest.raises(MemoryError):
        refreshing.refresh("category")
    assert LearnedModel.objects.count() == 1
    assert guess("Do you have bumper rails for a dock?") == before


def test_a_stored_model_that_cannot_be_read_is_passed_over(spare_parts: None) -> None:
    refreshing.refresh("category")
    LearnedModel.objects.update(parts=b"nonsense")
    assert guess("I was charged twice this month, refund one please").category == "billing"


def test_the_category_that_is_new_since_the_fit_is_still_found(spare_parts: None) -> None:
    refreshing.refresh("category")
    phrases = ["My badge does not open the yard gate", "The gate camera does not see our number plate", "Nobody opens the yard at night"]
    Category.objects.create(
        slug="yard_access", name="Yard access", description="Gates, badges, number plates of the yard", examples=phrases
    )
    assert guess("The camera at the yard gate does not know our new number plate").category == "yard_access"


def test_with_enough_examples_confidence_is_calibrated_on_held_out_ones(support: Queue, ingrid: Customer, dwayne: Customer) -> None:
    texts = [ask.format(part) for part in PARTS for ask in ASKED]
    labelled(support, ingrid, "sales", [*texts, *(f"{text} Today?" for text in texts), *(f"Hello, {text}" for text in texts)])
    model = refreshing.refresh("category")
    assert model is not None and model.accuracy is not None and model.accuracy > 0.9
    assert len(model.calibration) == 21
    shares = [share for _at, share in model.calibration]
    assert shares == sorted(shares), "surer is never less often right"


def test_the_command_says_what_it_learned(spare_parts: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("learn")
    said = capsys.readouterr().out
    assert "category: learned from 30 examples" in said
    call_command("learn", "--all")
    assert "priority: not enough" in capsys.readouterr().out
