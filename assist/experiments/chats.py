"""What became of conversations with the assistant: whether a person had to come, and what visitors thought of it.

A conversation counts from the first line of it for which an arm was chosen: what was before, no arm could change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Min, OuterRef, Subquery
from django.utils import timezone

from assist.chat.remembering import QUIET
from assist.models import ChatMessage, ChatSession, Experiment, ExperimentAssignment

from .measuring import Case, Seen, Values, by_arm, low, means, shares
from .statistics import Sample


@dataclass(frozen=True)
class Talk:
    """One conversation of a unit, as far as it has come."""

    arm: UUID
    unit: UUID
    handed: datetime | None  # a person was asked for
    joined: datetime | None  # a person spoke, asked for or not
    over: datetime | None  # it ended, or fell silent

    @property
    def known(self) -> datetime | None:
        """When it was known whether a person had to come. None: it still goes on."""
        return min(filter(None, (self.handed, self.joined)), default=self.over)


def answered(experiment: Experiment) -> Values:
    """Of each unit's first conversation: did the assistant do it alone? It did when it is over and no person was asked for or came."""
    return _of_the_first(experiment, lambda talk: not (talk.handed or talk.joined))


def handed_over(experiment: Experiment) -> Values:
    """Of each unit's first conversation: was a person asked for?"""
    return _of_the_first(experiment, lambda talk: talk.handed is not None)


def satisfaction(experiment: Experiment) -> Values:
    """The mean of what visitors gave their conversations at the end."""
    return means(_ratings(experiment))


def people_asked_for(experiment: Experiment) -> dict[UUID, Sample]:
    """Of the conversations of which it is known: in how many a person was asked for."""
    return shares((talk.arm, talk.handed is not None) for talk in _talks(experiment) if talk.known)


def low_ratings(experiment: Experiment) -> dict[UUID, Sample]:
    return low(_ratings(experiment))


def _of_the_first(experiment: Experiment, holds: Callable[[Talk], bool]) -> Values:
    first: dict[tuple[UUID, UUID], Talk] = {}
    for talk in _talks(experiment):
        first.setdefault((talk.arm, talk.unit), talk)
    return by_arm({key: Seen(talk.known, float(holds(talk))) for key, talk in first.items() if talk.known})


def _talks(experiment: Experiment) -> Iterator[Talk]:
    """In the order in which they began."""
    spoke = ChatMessage.objects.filter(session=OuterRef("pk"), role=ChatMessage.Role.AGENT, created_at__gte=OuterRef("since"))
    person = spoke.order_by().values("session").annotate(first=Min("created_at")).values("first")
    rows = _given(experiment).annotate(joined=Subquery(person)).order_by("started_at", "pk")
    silent = timezone.now() - QUIET
    for arm, unit, since, handed, joined, ended, last in rows.values_list(
        "arm", "of", "since", "handed_over_at", "joined", "ended_at", "last_message_at"
    ).iterator():
        over = ended or (last + QUIET if last <= silent else None)
        yield Talk(arm, unit, handed if handed and handed >= since else None, joined, over)


def _ratings(experiment: Experiment) -> Iterator[Case]:
    rows = _given(experiment).filter(rated_at__gte=F("since"), rating__isnull=False)
    for arm, unit, at, score in rows.values_list("arm", "of", "rated_at", "rating").iterator():
        yield arm, unit, at, float(score)


def _given(experiment: Experiment) -> Any:
    """The conversations of everybody who was given an arm, in which something was said since."""
    of = "customer_id" if experiment.unit == Experiment.Unit.CUSTOMER else "pk"
    given = ExperimentAssignment.objects.filter(experiment=experiment)
    mine = given.filter(unit=OuterRef(of))
    rows = ChatSession.objects.filter(**{f"{of}__in": given.values("unit")})
    rows = rows.annotate(of=F(of), arm=Subquery(mine.values("arm")), since=Subquery(mine.values("created_at")))
    return rows.filter(last_message_at__gte=F("since"))
