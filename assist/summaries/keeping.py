"""Summaries as they are kept and shown: which stands first, which is out of date, and making them anew.

The local one is brought up to date whenever it is read, so it is always there and never old. A model's is made when somebody asks for it
(`ask`), and from then on again when the customer writes; it is shown out of date rather than not at all, behind the local one.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Max, Q, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assist import experiments
from assist.models import TicketSummary, TriageRun
from helpdesk.core import clock
from helpdesk.core.llm import LlmUnavailable, provider
from tickets.models import Message, Ticket

from . import history, quoting, standing, wording
from .quoting import ASKED, OPEN, PROMISED, TRIED, Quote, Said, line_of

LOCAL, MODEL = TicketSummary.Engine.LOCAL, TicketSummary.Engine.MODEL
PARTS = {
    ASKED: gettext_lazy("Asked"),
    TRIED: gettext_lazy("Tried"),
    PROMISED: gettext_lazy("Promised"),
    OPEN: gettext_lazy("Still open"),
}
LONGEST_WAIT = timedelta(seconds=90)  # for a model's: its turn, two answers, and some patience
LONGEST_REFUSAL = 300  # characters
MOST_READ = 120  # messages, the newest; and the first one
_COUNTED = Q(visibility=Message.Visibility.PUBLIC, automatic=False)


@dataclass(frozen=True)
class Progress:
    """How far a conversation is: what tells whether a summary still says all."""

    messages: int
    newest: datetime | None


@dataclass(frozen=True)
class Summary:
    engine: str
    made_at: datetime
    stale: bool  # somebody wrote since, or took a reply back
    lines: tuple[dict[str, str], ...]
    shortened: bool = False  # a part of it is said elsewhere on the screen

    def beside(self, told: Iterable[str]) -> Summary:
        """Without the sentences that stand above it already."""
        known = {line_of(one).casefold() for one in told}
        kept = tuple(line for line in self.lines if line["text"].casefold() not in known)
        return replace(self, lines=kept, shortened=len(kept) < len(self.lines))

    @property
    def by_model(self) -> bool:
        return self.engine == MODEL

    @property
    def parts(self) -> list[tuple[str, str, list[str]]]:
        """(key, title, sentences) of each part that has any."""
        found = {key: [line["text"] for line in self.lines if line["part"] == key] for key in PARTS}
        return [(key, str(PARTS[key]), texts) for key, texts in found.items() if texts]


@dataclass(frozen=True)
class Shown:
    ticket: Ticket
    summaries: tuple[Summary, ...]  # what is up to date first, a model's before ours
    stands: str
    customer: tuple[str, ...]  # at most three lines
    writing: bool = False  # a model's is on its way
    refused: str = ""  # why there is no newer one of a model

    @property
    def best(self) -> Summary:
        return self.summaries[0]

    @property
    def others(self) -> tuple[Summary, ...]:
        return self.summaries[1:]

    @property
    def text(self) -> str:
        """The ticket in words, to be copied: without what is remembered of the customer, which not every colleague may read."""
        lines = [f"{title}: {' '.join(texts)}" for _key, title, texts in self.best.parts]
        return "\n".join([*lines, _("Where it stands: %(line)s") % {"line": self.stands}])


def of(ticket: Ticket, *, viewer: Any) -> Shown:
    """The summaries of a ticket as this viewer may read them. Some ten queries; no model is asked."""
    now = _progress(ticket)
    rows = {row.engine: row for row in TicketSummary.objects.filter(ticket=ticket)}
    local = rows.get(LOCAL)
    if local is None or _stale(local, now):
        local = _quoted(ticket, now)
    kept, model = [_shown(local, now)], rows.get(MODEL)
    if model:
        kept.insert(1 if _stale(model, now) else 0, _shown(model, now))
    past = history.told(model.customer, model.customer_digest, ticket, viewer) if model else ()
    customer = tuple(standing.of_customer(ticket, viewer, past=past))
    return Shown(ticket, tuple(kept), standing.where_it_stands(ticket), customer, _is_written(local), local.refused)


def _is_written(local: TicketSummary) -> bool:
    """Whether a model's was asked for, not so long ago that it will not come."""
    return local.asked_at is not None and timezone.now() - local.asked_at < LONGEST_WAIT


def ask(ticket: Ticket, *, by: Any = None) -> None:
    """Have it made anew: ours now, a model's as soon as it is written (`renew`, by the part that waits for models)."""
    row = _quoted(ticket, _progress(ticket))
    if not experiments.asks(wording.PROMPT.name, _chosen(ticket)):
        return
    with transaction.atomic():
        TicketSummary.objects.filter(pk=row.pk).update(asked_at=timezone.now(), refused="")
        ticket.record("summary.asked", subject=row, by=by)


def write_the_asked(ticket_id: UUID | None) -> None:
    """Blocks while the model thinks. Safe to repeat: what is written, or was given up, is asked for no more."""
    row = TicketSummary.objects.select_related("ticket__customer").filter(ticket=ticket_id, engine=LOCAL).first()
    if row is not None and _is_written(row):
        refused = renew(row.ticket)
        TicketSummary.objects.filter(pk=row.pk, asked_at=row.asked_at).update(asked_at=None, refused=refused[:LONGEST_REFUSAL])


def renew(ticket: Ticket) -> str:
    """Make it anew: ours at once, a model's where there is one. Returns why that did not come, or "". No transaction may be open."""
    now = _progress(ticket)
    _quoted(ticket, now)
    chosen = _chosen(ticket)
    if not experiments.asks(wording.PROMPT.name, chosen):
        return ""
    try:
        _worded(ticket, now, chosen, fresh=True)
    except LlmUnavailable as failure:
        return _("The language model does not answer just now (%(why)s). This is the local engine's.") % {
            "why": failure.detail or failure.kind
        }
    return ""


def renew_the_wanted(ticket_id: UUID | None, *, wanted: bool = False) -> bool:
    """A customer wrote: where somebody once wanted a model's summary (or does now: `wanted`), it is brought up to date. Safe to repeat."""
    if ticket_id is None or not provider().on:
        return False
    row = TicketSummary.objects.filter(ticket=ticket_id, engine=MODEL).first()
    if row is None and not wanted:
        return False
    ticket = Ticket.objects.select_related("customer").get(pk=ticket_id)
    now, chosen = _progress(ticket), _chosen(ticket)
    if (row and not _stale(row, now)) or not experiments.asks(wording.PROMPT.name, chosen):
        return False
    try:
        _worded(ticket, now, chosen, fresh=False)
    except LlmUnavailable:  # on the ledger, with the reason; it is shown as out of date
        return False
    return True


def asks_a_model() -> bool:
    return provider().asks(wording.PROMPT.name)


def _chosen(ticket: Ticket) -> experiments.Chosen | None:
    return experiments.choose(wording.PROMPT.name, ticket) if provider().on else None


def as_note(shown: Shown) -> str:
    who = _("language model") if shown.best.by_model else _("local engine")
    made = _("Summary by the %(engine)s, %(time)s") % {"engine": who, "time": clock.exact(shown.best.made_at)}
    return f"{made}\n\n{shown.text}"


def _progress(ticket: Ticket) -> Progress:
    found = Message.objects.filter(_COUNTED, ticket=ticket).order_by().aggregate(messages=Count("pk"), newest=Max("created_at"))
    return Progress(found["messages"], found["newest"])


def _stale(row: TicketSummary, now: Progress) -> bool:
    return (row.messages, row.read_to) != (now.messages, now.newest)


def _quoted(ticket: Ticket, now: Progress) -> TicketSummary:
    began = time.perf_counter()
    quotes = quoting.quote(_said(ticket), _issues(ticket))
    return _keep(ticket, LOCAL, quotes, now, ms=(time.perf_counter() - began) * 1000)


def _worded(ticket: Ticket, now: Progress, chosen: experiments.Chosen | None, *, fresh: bool) -> None:
    """Raises LlmUnavailable, also when nothing of the answer may stand."""
    began = time.perf_counter()
    quotes, version = wording.word(ticket, _said(ticket), chosen=chosen, fresh=fresh)
    if not quotes:
        raise LlmUnavailable(_("nothing it said stands in the messages"), kind="malformed")
    ms = (time.perf_counter() - began) * 1000
    past = _past(ticket, fresh=fresh)
    with transaction.atomic():
        row = _keep(ticket, MODEL, quotes, now, ms=ms, prompt=version)
        if past is not None:
            row.customer, row.customer_digest = past
            row.save(update_fields=["customer", "customer_digest"])
        ticket.record("summary.written", subject=row)


def _past(ticket: Ticket, *, fresh: bool) -> tuple[history.Told, str] | None:
    """What the customer went through, in the model's words; None where it failed: then what was told before stands, or our own line."""
    if not provider().asks(history.PROMPT.name):
        return None
    try:
        return history.word(ticket, fresh=fresh)
    except LlmUnavailable:  # on the ledger, with the reason
        return None


def _keep(ticket: Ticket, engine: str, quotes: Sequence[Quote], now: Progress, *, ms: float, prompt: str = "") -> TicketSummary:
    made = {"lines": [one._asdict() for one in quotes], "messages": now.messages, "read_to": now.newest, "ms": ms, "prompt": prompt}
    return TicketSummary.objects.update_or_create(ticket=ticket, engine=engine, defaults={**made, "made_at": timezone.now()})[0]


def _said(ticket: Ticket) -> list[Said]:
    """Of a very long ticket the first message and the newest ones."""
    rows = Message.objects.filter(ticket=ticket, automatic=False).values_list("id", "author_kind", "visibility", "body_text")
    newest = [Said(*row) for row in rows.order_by("-created_at", "-id")[:MOST_READ]][::-1]
    if len(newest) < MOST_READ:
        return newest
    first = Said(*rows.order_by("created_at", "id")[0])
    return newest if newest[0] == first else [first, *newest]


def _issues(ticket: Ticket) -> list[str]:
    """What triage took for the matter when the first message came, word for word."""
    first = Message.objects.from_customer().public().filter(ticket=ticket, automatic=False).order_by("created_at", "id").values("pk")[:1]
    result = TriageRun.objects.filter(ticket=ticket, message=Subquery(first), repeats=None).values_list("result", flat=True).first() or {}
    return [str(one) for one in (result.get("analysis") or {}).get("key_issues") or ()]


def _shown(row: TicketSummary, now: Progress) -> Summary:
    return Summary(row.engine, row.made_at, _stale(row, now), tuple(row.lines))
