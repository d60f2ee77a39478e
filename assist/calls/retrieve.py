"""Retrieval, the third assist agent: articles, solved work, the customer's own history and what is broken right now.

Everything that is offered is grounded in a row that was found, and says why it was.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from assist.models import CallSession, Suggestion
from assist.triage import similar, system_status
from assist.triage.reading import Reading
from helpdesk.core.models import User
from knowledge import mentions
from knowledge.calibration import probability
from knowledge.fusion import POSSIBLE, SHOW
from knowledge.models import Incident
from knowledge.search import FOR_ASSIST, Found, Hit, find
from tickets.models import Message, Ticket

from .analyse import Analysis
from .queries import Queries, Query

LOOKED_AT = 12  # articles of the semantic query, so that a code named in the tenth can lift it
NAMED = {"entity_based_error_code": 0.15, "entity_combination": 0.08, "entity_based_order_id": 0.1}  # added to the raw score
NAMED_OTHERWISE = 0.03
LONGEST_CONTENT = 600  # characters of a card
SOLVED_NEARLY = 0.62  # cosine from which another customer's solved ticket is worth a card
OWN_NEARLY = 0.55  # and from which the caller's own is
AFRESH = 5.0  # seconds: a new incident is on every call's screen so soon


@dataclass(frozen=True)
class Finding:
    """One thing worth a card. `raw` is what the bands are set on, `confidence` what a screen prints."""

    type: str  # a Suggestion.Type
    source_kind: str  # article | ticket | incident
    source_id: str
    title: str
    content: str
    url: str
    why: str
    raw: float
    confidence: float
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str]:
        return self.source_kind, self.source_id


@dataclass(frozen=True)
class Retrieved:
    findings: tuple[Finding, ...] = ()  # best first
    by_meaning: bool = True
    best_article: float = 0.0  # raw score
    ranked: tuple[str, ...] = ()  # slugs of all articles that were looked at, best first, good enough for a card or not

    def shown(self) -> dict[str, Any]:
        return {
            "results": [{"type": one.type, "id": one.source_id, "title": one.title, "score": round(one.raw, 3)} for one in self.findings],
            "by_meaning": self.by_meaning,
        }

    @property
    def articles(self) -> tuple[Finding, ...]:
        return tuple(one for one in self.findings if one.source_kind == "article")


NONE = Retrieved()


@dataclass(frozen=True)
class Scope:
    """For whom is looked: what the agent may see, and whose history it is."""

    viewer: Any  # the agent, or None: then only what is public
    customer_id: UUID | None = None
    ticket_id: str | None = None  # the call's own ticket is no news
    tickets: bool = True
    incidents: bool = True

    @classmethod
    def of(cls, session: CallSession) -> Scope:
        agent = session.agent if session.agent and session.agent.is_active else None
        return cls(viewer=agent, customer_id=session.customer_id, ticket_id=session.ticket_id)


def retrieve(queries: Queries, analysis: Analysis, scope: Scope) -> Retrieved:
    """Run the queries. Nothing below the band `possible` is returned."""
    if queries.semantic is None:
        return NONE
    named = list(zip(queries.exact, mentions.naming([one.terms for one in queries.exact], viewer=scope.viewer), strict=True))
    besides = {article_id for query, ids in named if query.type == "entity_based_error_code" for article_id in ids}
    found = find(queries.semantic.text, viewer=scope.viewer, limit=LOOKED_AT, narrowing=FOR_ASSIST, as_spelt=True, besides=besides)
    articles = _articles(found, named)
    meant = Reading(queries.semantic.text, queries.semantic.text, (), vector=found.vector)
    others = (*_tickets(meant, analysis, scope), *_incidents(meant, scope))
    worth = [one for one in (*articles, *others) if one.raw >= POSSIBLE]
    ranked = tuple(one.details["slug"] for one in articles)
    best = round(articles[0].raw, 4) if articles else 0.0
    return Retrieved(tuple(sorted(worth, key=lambda one: -one.raw)), found.by_meaning, best, ranked)


def _articles(found: Found, named: Sequence[tuple[Query, list[UUID]]]) -> list[Finding]:
    """The hits, lifted where they name what the customer named. One that is there for its name alone is possible at least."""
    hits = {hit.article_id: _article(hit) for hit in found.hits}
    for hit in found.hits[LOOKED_AT:]:
        least = max(POSSIBLE, hit.score - NAMED["entity_based_error_code"])
        hits[hit.article_id] = replace(hits[hit.article_id], raw=least)
    for query, ids in named:
        for article_id in hits.keys() & set(ids):
            hits[article_id] = _lifted(hits[article_id], query)
    return sorted(hits.values(), key=lambda one: -one.raw)


def _article(hit: Hit) -> Finding:
    return Finding(
        type=Suggestion.Type.ARTICLE,
        source_kind="article",
        source_id=str(hit.article_id),
        title=hit.title,
        content=hit.excerpt[:LONGEST_CONTENT],
        url=hit.url,
        why=hit.why,
        raw=hit.score,
        confidence=hit.relevance,
        details={"slug": hit.slug, "steps": hit.steps[:12], "category": hit.category},
    )


def _lifted(finding: Finding, query: Query) -> Finding:
    if any(term in finding.details.get("names", ()) for term in query.terms[:1]) and query.type != "entity_based_error_code":
        raw = finding.raw + NAMED_OTHERWISE
    else:
        raw = finding.raw + NAMED.get(query.type, NAMED_OTHERWISE)
    raw = min(1.0, raw)
    names = tuple(dict.fromkeys((*finding.details.get("names", ()), *query.terms)))
    why = _("Names %(terms)s") % {"terms": ", ".join(names)}
    rest = finding.details.get("why", finding.why)
    details = {**finding.details, "names": names, "why": rest}
    return replace(finding, raw=raw, confidence=probability(raw), why=f"{why}; {rest[:1].lower()}{rest[1:]}", details=details)


def _tickets(meant: Reading, analysis: Analysis, scope: Scope) -> Iterator[Finding]:
    """The caller's own earlier tickets on the matter, and others' that were solved."""
    if meant.vector is None or not scope.tickets or not analysis.has_sufficient_context:
        return
    among = _among(scope)
    if among is None:
        return
    near = similar.find(meant, among=among, customer_id=scope.customer_id)
    answers = _answers([one.ticket_id for one in near])
    for one in near:
        own, status = one.why.startswith("The same customer"), one.status
        if one.score < (OWN_NEARLY if own else SOLVED_NEARLY) or (not own and not answers.get(one.ticket_id)):
            continue
        yield _ticket(one, own=own, solved=status in Ticket.DONE, answer=answers.get(one.ticket_id, ""))


def _among(scope: Scope) -> QuerySet[Ticket] | None:
    """The caller's tickets, and solved ones that the agent may see."""
    if not isinstance(scope.viewer, User):
        return None
    solved = Q(status__in=Ticket.DONE)
    wanted = solved | Q(customer=scope.customer_id) if scope.customer_id else solved
    return Ticket.objects.visible_to(scope.viewer).exclude(number=scope.ticket_id or "").filter(wanted)


def _ticket(one: similar.Similar, *, own: bool, solved: bool, answer: str) -> Finding:
    if own:
        why = _("The caller wrote about this before") if solved else _("The caller's own ticket on this is still open")
    else:
        why = _("A similar ticket was solved like this")
    return Finding(
        type=Suggestion.Type.SOLUTION if answer and not own else Suggestion.Type.SIMILAR_TICKET,
        source_kind="ticket",
        source_id=one.ticket_id,
        title=one.subject or one.ticket_id,
        content=answer[:LONGEST_CONTENT],
        url=reverse("ticket", args=[one.ticket_id]),
        why=why,
        raw=one.score * 0.6,  # a cosine is larger than a confidence: .67 is as good as the band `show`
        confidence=round(one.score * 0.8, 3),
        details={"status": one.status, "own": own},
    )


def _answers(numbers: Sequence[str]) -> dict[str, str]:
    """What was said last to the customer in each of these tickets."""
    if not numbers:
        return {}
    last = Message.objects.filter(ticket=OuterRef("pk"), author_kind=Message.AuthorKind.AGENT).public().order_by("-created_at")
    rows = Ticket.objects.filter(number__in=numbers, status__in=Ticket.DONE).annotate(answer=Subquery(last.values("body_text")[:1]))
    return {number: " ".join(answer.split()) for number, answer in rows.values_list("number", "answer") if answer}


def _incidents(meant: Reading, scope: Scope) -> Iterator[Finding]:
    if meant.vector is None or not scope.incidents:
        return
    for link in system_status.linked_incidents(meant, _current_incidents()):
        yield Finding(
            type=Suggestion.Type.ACTION,
            source_kind="incident",
            source_id=link.reference,
            title=_("Known problem: %(title)s") % {"title": link.title},
            content=_("Tell the caller that we are working on it, and link the ticket to %(reference)s.") % {"reference": link.reference},
            url="",
            why=_("Matches an incident that is going on now"),
            raw=max(SHOW, link.score),
            confidence=round(min(0.95, link.score + 0.3), 3),
        )


_seen: tuple[float, tuple[Incident, ...]] = (-AFRESH, ())


def _current_incidents() -> tuple[Incident, ...]:
    """What is going on now; asked anew every few seconds, not for every sentence of every call."""
    global _seen  # noqa: PLW0603 - one value per process, replaced whole
    if time.monotonic() - _seen[0] > AFRESH:
        felt = Q(resolved_at__isnull=True, started_at__lte=timezone.now())
        _seen = (time.monotonic(), tuple(Incident.objects.filter(felt)[: system_status.MOST]))
    return _seen[1]


def forget_incidents() -> None:
    """Ask anew at the next sentence."""
    global _seen  # noqa: PLW0603
    _seen = (-AFRESH, ())
