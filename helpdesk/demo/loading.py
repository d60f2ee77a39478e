"""Loads the demonstration company. Safe to repeat: what is there is replaced by one fresh copy, and nothing else is touched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from helpdesk.backoffice.metrics import rollup
from helpdesk.core.embeddings import EmbeddingUnavailable
from helpdesk.core.models import User
from knowledge.categories import load_default_categories
from tickets.models import Ticket

from . import calls_loading, company, knowledge, learned, macros, memories, sign_in, source, tickets_loading, widget
from .moments import Moments

Advance = Callable[[int], None]


@dataclass
class Loaded:
    """What there is now, for the report at the end."""

    counts: dict[str, int] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


def is_empty() -> bool:
    """Whether nobody works here yet: no ticket, and no colleague but those of an unfinished load."""
    own = [source.demo_id("agent", row["key"]) for row in source.people()["agents"]]
    return not Ticket.objects.exists() and not User.objects.exclude(pk__in=own).exists()


def load(progress: Progress) -> Loaded:
    """The whole company. Raises CommandError off loopback."""
    sign_in.refuse_off_loopback()
    at, loaded = Moments(timezone.now()), Loaded()
    password = sign_in.password()
    with transaction.atomic(), _bar(progress, "People and queues", 1):
        cast = _people(password, at)
        knowledge.load_status(at)
        widget.load_site()
    with _bar(progress, "Articles", 1):
        cast.articles = knowledge.load_articles(cast.agents, cast.categories, at)
    with _bar(progress, "Making articles findable", len(cast.articles)) as advance, _without_engine(loaded):
        knowledge.index_articles(cast.articles, advance)
    with _bar(progress, "Macros", 1):
        ready = macros.load_macros(cast, at)
    with _bar(progress, "Making macros findable", 1), _without_engine(loaded):
        macros.make_findable(ready)
    with _bar(progress, "Tickets", 1):
        told = tickets_loading.replace_tickets(cast, at)
    with _bar(progress, "Making tickets findable", len(told)) as advance:
        tickets_loading.make_searchable(told, advance)
    with _bar(progress, "Learning from solved tickets", len(told)) as advance, _without_engine(loaded):
        tickets_loading.remember(told, cast, advance)
    with _bar(progress, "Understanding open tickets", sum(one.is_open for one in told)) as advance:
        tickets_loading.understand(told, advance)
    with _bar(progress, "Measuring the engine's guesses", sum(not one.is_open for one in told)) as advance, _without_engine(loaded):
        learned.learn(told, advance)
    with _bar(progress, "What customers let us remember", 1):
        memories.load_memories(cast, at)
    with _bar(progress, "Calls, one of them in progress", len(calls_loading.PAST) + 1) as advance:
        for past in calls_loading.PAST:
            calls_loading.load_past_call(past, cast, at)
            advance(1)
        calls_loading.load_call(cast, at)
    rollup.rebuild()
    sign_in.write_down(list(cast.agents.values()), password)
    loaded.counts = {
        "agents": len(cast.agents),
        "queues": len(cast.queues),
        "customers": len(cast.customers),
        "articles": len(cast.articles),
        "tickets": len(told),
        "messages": sum(len(one.messages) for one in told),
    }
    return loaded


def progress_bars() -> Progress:
    return Progress(TextColumn("    {task.description:<30}"), BarColumn(bar_width=28), MofNCompleteColumn(), TimeElapsedColumn())


def _people(password: str, at: Moments) -> company.Cast:
    categories = {category.slug: category for category in load_default_categories()}
    agents = company.load_agents(password, at)
    queues = company.load_queues(agents, categories)
    return company.Cast(agents=agents, queues=queues, customers=company.load_customers(at), categories=categories)


@contextmanager
def _bar(progress: Progress, title: str, total: int) -> Iterator[Advance]:
    task = progress.add_task(title, total=total)
    yield lambda count: progress.advance(task, count)
    progress.update(task, completed=total)


@contextmanager
def _without_engine(loaded: Loaded) -> Iterator[None]:
    """No vectors today: search goes by words, and the worker makes them when the engine is there."""
    try:
        yield
    except EmbeddingUnavailable as error:
        loaded.remarks.append(f"Search by meaning comes later, the engine does not answer: {error}")
