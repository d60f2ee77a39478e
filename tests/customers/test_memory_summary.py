"""A long history in short: what infusion tells of what there is no room for, by leave, by rights, and as it was known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache

from customers import memory, retention
from customers.memory import Observed, Query, Source, summarising
from customers.models import Customer, MemoryNode, MemorySummary
from helpdesk.core.models import User
from tests.cast import receive
from tests.plugins.model_server import ModelServer, says

pytestmark = pytest.mark.django_db
FIRST = datetime(2025, 3, 1, 9, tzinfo=UTC)
MATTERS = (
    "The label printer jams on damp days",
    "The invoice for March came twice",
    "Scanners lose the dock's network",
    "Routes load slowly",
)


def remember(customer: Customer, number: int = 48, **more: Any) -> None:
    """One memory every third day since March 2025."""
    for index in range(number):
        at = FIRST + timedelta(days=3 * index)
        text = f"Hello. {MATTERS[index % 4]}, case {index}. Thank you for your help so far."
        source = Source("message", f"{more.get('ticket', '')}:{index}")
        memory.observe([customer], Observed("Observation", "SupportInteraction", text, starts=at, learned=at, **more), source=source)


def told(customer: Customer, *, viewer: Any = None, tokens: int = 500, **more: Any) -> list[dict[str, Any]]:
    _prompt, sources = memory.infuse("Help.", Query("printer", customers=(customer.pk,), **more), max_tokens=tokens, viewer=viewer)
    return sources


def summaries(sources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [source for source in sources if source["type"] == "Summary"]


def test_a_long_history_is_told_in_short_with_dates_and_sources(ingrid: Customer) -> None:
    memory.grant(ingrid)
    remember(ingrid)
    assert summarising.refresh(ingrid.pk) is True
    months = list(ingrid.memory_summaries.order_by("month").values_list("month", flat=True).distinct())
    assert [month.month for month in months] == [3, 4, 5, 6, 7]
    prompt, sources = memory.infuse("Help.", Query("printer", customers=(ingrid.pk,)), max_tokens=600, viewer=None)
    short = summaries(sources)
    assert short and len(prompt) <= 600 * 4 + len("\n\nHelp.")
    assert [source["number"] for source in sources] == list(range(1, len(sources) + 1))
    for source in short:
        row = MemorySummary.objects.get(pk=source["id"])
        assert f"{source['number']}. [{row.at:%Y-%m}] {row.text}" in prompt
        assert row.text in MemoryNode.objects.get(pk=source["of"][0]).text
        assert not row.text.startswith("Hello")


def test_a_short_history_has_no_summary(ingrid: Customer) -> None:
    memory.grant(ingrid)
    remember(ingrid, 5)
    assert summarising.refresh(ingrid.pk) is False
    assert not summaries(told(ingrid))


def test_the_background_renews_only_the_months_that_changed(ingrid: Customer) -> None:
    cache.delete("memory:summarised-to")
    memory.grant(ingrid)
    remember(ingrid)
    assert summarising.refresh_the_changed() == 1
    before = dict(ingrid.memory_summaries.values_list("pk", "month"))
    assert summarising.refresh_the_changed() == 0
    at = FIRST + timedelta(days=2)
    seen = Observed("Observation", "SupportInteraction", "Forklift chargers fail since the storm", starts=at, learned=at, importance=1.0)
    memory.observe([ingrid], seen, source=Source("api"))
    assert summarising.refresh_the_changed() == 1
    after = dict(ingrid.memory_summaries.values_list("pk", "month"))
    assert {month.month for pk, month in before.items() if pk not in after} == {3}
    assert ingrid.memory_summaries.filter(text__contains="Forklift").exists()


def test_at_a_past_moment_only_what_was_known_then_is_told(ingrid: Customer) -> None:
    memory.grant(ingrid)
    remember(ingrid)
    summarising.refresh(ingrid.pk)
    moment = FIRST + timedelta(days=40)
    short = summaries(told(ingrid, reference_time=moment, tokens=2_000))
    assert short
    assert all(MemoryNode.objects.get(pk=one).learned_at <= moment for source in short for one in source["of"])


def test_a_memory_that_was_learned_late_is_in_no_summary_of_before(ingrid: Customer) -> None:
    memory.grant(ingrid)
    remember(ingrid)
    MemoryNode.objects.update(learned_at=FIRST + timedelta(days=300))
    ingrid.memory_traces.update(learned_at=FIRST + timedelta(days=300))
    summarising.refresh(ingrid.pk)
    assert not summaries(told(ingrid, reference_time=FIRST + timedelta(days=200), tokens=2_000))
    assert summaries(told(ingrid, reference_time=FIRST + timedelta(days=301), tokens=2_000))


@pytest.mark.parametrize("purpose", ["storage", "context_infusion"])
def test_what_was_taken_back_is_told_no_more(ingrid: Customer, purpose: str) -> None:
    memory.grant(ingrid)
    remember(ingrid)
    summarising.refresh(ingrid.pk)
    memory.revoke(ingrid, purposes=[purpose])
    assert not ingrid.memory_summaries.exists()
    assert summarising.refresh(ingrid.pk) is (purpose != "storage")
    assert not told(ingrid)


def test_types_without_leave_are_left_out_of_what_stands_already(ingrid: Customer) -> None:
    memory.grant(ingrid)
    remember(ingrid)
    summarising.refresh(ingrid.pk)
    assert not summaries(told(ingrid, types=("Event",)))


@pytest.mark.usefixtures("support")
def test_who_may_not_see_the_ticket_does_not_see_its_summary(ingrid: Customer, maya: User, tomasz: User) -> None:
    memory.grant(ingrid)
    remember(ingrid, ticket=receive(ingrid, "Label printer", "It jams").ticket.pk)
    summarising.refresh(ingrid.pk)
    assert summaries(told(ingrid, viewer=maya))
    assert not told(ingrid, viewer=tomasz)


def test_retention_and_erasure_take_the_lines_along(ingrid: Customer) -> None:
    memory.grant(ingrid)
    remember(ingrid)
    summarising.refresh(ingrid.pk)
    MemoryNode.objects.filter(starts_at__lt=FIRST + timedelta(days=31)).delete()
    assert not [one for one in summaries(told(ingrid, tokens=5_000)) if MemorySummary.objects.get(pk=one["id"]).month.month == 3]
    retention.run()
    assert sorted({row.month.month for row in ingrid.memory_summaries.all()}) == [4, 5, 6, 7]
    memory.forget(ingrid)
    assert not MemorySummary.objects.exists()


def test_with_a_model_a_month_has_a_paragraph_and_without_its_answer_sentences(ingrid: Customer, model: ModelServer) -> None:
    memory.grant(ingrid)
    remember(ingrid)
    model.does(says('{"summary": "The printer jammed; the invoice came twice."}'))
    summarising.refresh(ingrid.pk)
    short = summaries(told(ingrid, tokens=5_000))
    rows = [MemorySummary.objects.get(pk=one["id"]) for one in short]
    paragraphs = [row for row in rows if row.by]
    assert paragraphs and all(row.text == "The printer jammed; the invoice came twice." for row in paragraphs)
    assert all(len(row.sources) >= summarising.ENOUGH for row in paragraphs)
    assert not {row.month for row in paragraphs} & {row.month for row in rows if not row.by}
    moment = paragraphs[-1].learned_at - timedelta(days=1)  # the paragraph rests on what came later: the sentences stand in
    earlier = [MemorySummary.objects.get(pk=one["id"]) for one in summaries(told(ingrid, tokens=5_000, reference_time=moment))]
    assert paragraphs[-1] not in earlier


def test_who_does_not_let_us_infuse_is_not_told_to_a_model(ingrid: Customer, model: ModelServer) -> None:
    memory.grant(ingrid, purposes=["storage", "retrieval"])
    remember(ingrid)
    assert summarising.refresh(ingrid.pk) is True
    assert not model.asked
    assert not ingrid.memory_summaries.exclude(by="").exists()
