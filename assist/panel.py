"""What the assist panel says of a ticket, read from the last run and what was offered: nothing is computed while a page loads."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Subquery
from django.db.models.functions import Left
from django.utils.translation import gettext as _

from assist.actions import deciding
from assist.models import Draft, Suggestion, TriageRun
from helpdesk.core import clock
from helpdesk.core.models import Event, User
from tickets.models import Message, Ticket

SHOWN_FROM = 0.4  # a draft below this is not worth reading (design/ui.md 4b)
CHECK_BELOW = 0.6
MOST_SHOWN = 3
MOST_ISSUES = 2  # sentences of the situation
MOST_WORDS = 300  # characters of a ticket that may be the same
MOST_LINES = 12  # of a briefing
MARK = re.compile(r"\s*\[(\d{1,2})\]")
SPARK_WIDTH, SPARK_HEIGHT = 120, 24


@dataclass
class Similar:
    """A solved ticket like this one: how it went."""

    suggestion: Suggestion
    ticket: Ticket
    how: str
    words: str = ""  # the customer's own first ones

    @property
    def same(self) -> bool:
        """The same customer wrote this twice, and nobody has said otherwise."""
        offered = self.suggestion
        return bool(offered.details.get("duplicate")) and offered.agent_feedback != Suggestion.Feedback.IRRELEVANT


@dataclass
class Panel:
    ticket: Ticket
    run: TriageRun | None
    analysis: dict[str, Any] = field(default_factory=dict)
    articles: list[Suggestion] = field(default_factory=list)
    similar: list[Similar] = field(default_factory=list)
    actions: list[Suggestion] = field(default_factory=list)
    moods: list[Message] = field(default_factory=list)
    merge: Suggestion | None = None  # the action behind `duplicate`, which has a card of its own

    def without_twice(self) -> Panel:
        """Actions without the merge that a duplicate's card offers, and without one into what somebody said is another matter."""
        if twin := self.duplicate:
            self.merge = next((one for one in self.actions if one.source_kind == "merge" and one.content == twin.ticket.number), None)
            self.actions = [one for one in self.actions if one is not self.merge]
        others = {one.suggestion.source_id for one in self.similar if one.suggestion.agent_feedback == Suggestion.Feedback.IRRELEVANT}
        self.actions = [one for one in self.actions if one.source_kind != "merge" or one.content not in others]
        return self

    @property
    def duplicate(self) -> Similar | None:
        """The open ticket that this one may be merged into."""
        if self.ticket.merged_into_id:
            return None
        mine = (one for one in self.similar if one.same and one.ticket.is_active and one.ticket.customer_id == self.ticket.customer_id)
        return next(mine, None)

    @property
    def solved(self) -> list[Similar]:
        return [one for one in self.similar if not one.ticket.is_active]

    @property
    def still_open(self) -> list[Similar]:
        return [one for one in self.similar if one.ticket.is_active]

    @property
    def situation(self) -> list[str]:
        """The matter in the customer's words; [] where triage found none."""
        return _issues(self.analysis)

    @property
    def steps(self) -> list[str]:
        """What the draft tells the customer to do."""
        return list((self.run.result.get("response") or {}).get("action_steps") or [])[:MOST_SHOWN] if self.run else []

    @property
    def escalation(self) -> str:
        level = str((self.run.result.get("escalation") or {}).get("level", "")) if self.run else ""
        return _("Escalate: %(level)s") % {"level": level.replace("_", " ")} if level else ""

    @property
    def briefing(self) -> list[str]:
        """What whoever takes an escalated ticket needs to know, as triage wrote it when it escalated; [] for others."""
        return list((self.ticket.metadata.get("escalation") or {}).get("briefing") or [])[:MOST_LINES]

    @property
    def done(self) -> str:
        whole = len(self.actions) + len(self.steps)
        return _("%(done)d of %(whole)d done") % {"done": sum(action.agent_clicked for action in self.actions), "whole": whole}

    @property
    def trend(self) -> str:
        """How the mood moved, in words; "" when there is nothing to compare."""
        values = [m.polarity for m in self.moods if m.polarity is not None]
        if len(values) < 2:  # noqa: PLR2004 - a trend needs two points
            return ""
        moved = values[-1] - values[0]
        if abs(moved) < 0.2:  # noqa: PLR2004 - polarity runs from -1 to 1
            return _("Mood steady over %(n)d messages") % {"n": len(values)}
        span = clock.span((self.moods[-1].created_at - self.moods[0].created_at).total_seconds())
        return (_("Calmer over %(span)s") if moved > 0 else _("More tense over %(span)s")) % {"span": span}

    @property
    def falling(self) -> bool:
        values = [m.polarity for m in self.moods if m.polarity is not None]
        return len(values) > 1 and values[-1] < values[0]

    @property
    def spark(self) -> str:
        """The mood as an SVG path, from -1 (bottom) to 1 (top)."""
        values = [m.polarity for m in self.moods if m.polarity is not None]
        if len(values) < 2:  # noqa: PLR2004
            return ""
        step = SPARK_WIDTH / (len(values) - 1)
        points = (f"{i * step:.1f} {SPARK_HEIGHT * (1 - (value + 1) / 2):.1f}" for i, value in enumerate(values))
        return "M" + "L".join(points)


def panel(ticket: Ticket, viewer: User) -> Panel:
    """Four queries whatever was offered. Tickets like this one only where the viewer may see them: triage looks further than one team."""
    run = TriageRun.objects.filter(ticket=ticket).order_by("-created_at").first()
    offered = list(Suggestion.objects.filter(ticket=ticket, retired_at__isnull=True).order_by("-confidence_score"))
    by_type: dict[str, list[Suggestion]] = {}
    for suggestion in offered:
        by_type.setdefault(suggestion.suggestion_type, []).append(suggestion)
    moods = Message.objects.filter(ticket=ticket, polarity__isnull=False, author_kind=Message.AuthorKind.CUSTOMER).only(
        "polarity", "created_at"
    )
    return Panel(
        ticket,
        run,
        _analysis(run),
        by_type.get(Suggestion.Type.ARTICLE, [])[:MOST_SHOWN],
        _similar(by_type.get(Suggestion.Type.SIMILAR_TICKET, [])[: 2 * MOST_SHOWN], viewer),
        actions=_on_offer(by_type.get(Suggestion.Type.ACTION, []), run),
        moods=list(moods.order_by("created_at")),
    ).without_twice()


def situation_of(ticket: Ticket) -> list[str]:
    """What the panel says above the summary. One query."""
    result = TriageRun.objects.filter(ticket=ticket).order_by("-created_at").values_list("result", flat=True).first()
    return _issues((result or {}).get("analysis") or {})


def _issues(analysis: dict[str, Any]) -> list[str]:
    return [str(one) for one in analysis.get("key_issues") or ()][:MOST_ISSUES]


def _on_offer(actions: list[Suggestion], run: TriageRun | None) -> list[Suggestion]:
    """Without those that were dismissed for what the customer said last."""
    state = str(run.message_id or "") if run else ""
    return [one for one in actions if one.agent_clicked or not deciding.is_dismissed(one, state)]


def _analysis(run: TriageRun | None) -> dict[str, Any]:
    analysis = dict((run.result or {}).get("analysis") or {}) if run else {}
    percent = round(100 * float(analysis.get("category_confidence") or 0))
    return {**analysis, "category_name": str(analysis.get("category", "")).replace("_", " ").capitalize(), "category_percent": percent}


def _similar(suggestions: list[Suggestion], viewer: User) -> list[Similar]:
    numbers = [suggestion.source_id for suggestion in suggestions]
    if not numbers:
        return []
    said = Message.objects.from_customer().public().filter(ticket=OuterRef("pk")).order_by("created_at").values("body_text")
    visible = Ticket.objects.visible_to(viewer).filter(number__in=numbers, merged_into=None).select_related("assignee")
    tickets = {ticket.number: ticket for ticket in visible.annotate(words=Left(Subquery(said[:1]), MOST_WORDS))}
    known = [(suggestion, tickets[suggestion.source_id]) for suggestion in suggestions if suggestion.source_id in tickets]
    return [Similar(suggestion, ticket, _how(ticket), ticket.words or "") for suggestion, ticket in known]


def _how(ticket: Ticket) -> str:
    parts = [ticket.assignee.first_name if ticket.assignee else "", ticket.get_status_display()]
    if ticket.resolved_at:
        parts.insert(1, clock.span((ticket.resolved_at - ticket.created_at).total_seconds()))
    return " · ".join(filter(None, parts))


def shown(offered: Panel, by: User) -> None:
    """Remember that an agent had these before their eyes: the first number of the funnel. No query when nothing is new."""
    actions = [*offered.actions, *([offered.merge] if offered.merge else [])]
    new = [s.pk for s in (*offered.articles, *actions, *(s.suggestion for s in offered.similar)) if not s.shown_to_agent]
    if not new:
        return
    with transaction.atomic():
        unseen = set(Suggestion.objects.select_for_update().filter(pk__in=new, shown_to_agent=False).values_list("pk", flat=True))
        deciding.shown([one for one in actions if one.pk in unseen], by=by)
        Suggestion.objects.filter(pk__in=unseen).update(shown_to_agent=True)


def draft_for(ticket: Ticket) -> Draft | None:
    return Draft.objects.filter(ticket=ticket, state=Draft.State.OFFERED).order_by("-created_at").first()


def is_outdated(draft: Draft) -> bool:
    """The customer has written again since: triage reads it this moment, and offers another."""
    answered = Message.objects.filter(pk=draft.answers_id).values("created_at")
    later = Message.objects.from_customer().public().filter(ticket=draft.ticket_id, automatic=False, created_at__gt=Subquery(answered))
    return later.exists()


def rating_of(draft: Draft, viewer: User) -> str:
    """What the viewer last said of the draft: helpful, not_helpful, irrelevant, or ""."""
    said = Event.objects.filter(kind="suggestion.rated", ticket_ref=draft.ticket_id, subject_id=str(draft.pk), actor_id=str(viewer.pk))
    return str(said.order_by("-id").values_list("data__feedback", flat=True).first() or "")


def as_sent(text: str) -> str:
    """The draft without the marks of its sources: what goes into the field."""
    return MARK.sub("", text)


def with_cites(text: str) -> list[tuple[str, int]]:
    """The draft in pieces: (text, number of the source behind it; 0 for none)."""
    pieces, at = [], 0
    for mark in MARK.finditer(text):
        pieces.append((text[at : mark.start()], int(mark[1])))
        at = mark.end()
    pieces.append((text[at:], 0))
    return pieces


def waiting_drafts(ids: Any) -> set[UUID]:
    """Tickets of these that have a draft worth showing."""
    drafts = Draft.objects.filter(ticket__in=ids, state=Draft.State.OFFERED, confidence__gte=SHOWN_FROM)
    return set(drafts.values_list("ticket_id", flat=True))


def find(viewer: User, pk: UUID) -> Ticket | None:
    """With `reads_along`: who may neither answer nor change it is offered nothing to do."""
    along = Ticket.objects.read_along_by(viewer).filter(pk=OuterRef("pk"))
    return Ticket.objects.visible_to(viewer).filter(pk=pk).annotate(reads_along=Exists(along)).first()
