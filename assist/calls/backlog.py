"""What was put off: one worker thinks about all calls that wait, a handful at a time, the longest waiting first.

However many sentences came meanwhile, a call is thought about once, with everything that is known of it by then. When more
calls wait than are quickly done, what costs most, the search, is shared out: in each handful those are searched for whose last
search is the oldest; the others bring up to date what costs little (facts, questions, mood) and are due for a search later.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.db.models import Case, F, Q, When
from django.utils import timezone

from assist.models import CallDesk, CallSession
from assist.models.call import CallSessionQuerySet

from . import assisting, consent, window
from .assisting import Earlier, Round

HANDFUL = 12  # calls thought about together; while they are written, some milliseconds, their words wait
SEARCHED = 3  # of a handful, when more calls wait
SEARCHING = 0.1  # seconds of a handful in which they may begin, all but the first: a machine that is slow today searches less
SEARCH_ANEW = timedelta(seconds=2)  # when a call is due that got no search in its round
GRACE = timedelta(seconds=0.1)  # who heard the words may be thinking about them this moment
AT_A_STRETCH = 5.0  # seconds; then other tasks of this worker have their turn
_TURN, _TURN_LASTS = "calls-backlog", 15  # seconds: longer than a handful takes; the turn of a killed worker ends by itself
REMEMBERED = 500  # calls

_earlier: OrderedDict[UUID, tuple[float, Earlier]] = OrderedDict()  # what was found, by call, the oldest search first


def work_off() -> float | None:
    """Think about the calls that wait, until none is due or it has taken long enough. One worker at a time: a second one has nothing to do.

    Returns in how many seconds there is more to do; None when nothing waits, or somebody else is at it.
    """
    until = time.monotonic() + AT_A_STRETCH
    while cache.add(_TURN, "taken", _TURN_LASTS):
        try:
            while time.monotonic() < until and (calls := _due(HANDFUL + 1)):
                cache.touch(_TURN, _TURN_LASTS)
                _think_about(calls[:HANDFUL], busy=len(calls) > HANDFUL)
        finally:
            cache.delete(_TURN)
        left = _until_the_next()  # asked once the turn was given up: whoever came in between found it taken, and left
        if left is None or left > 0 or time.monotonic() >= until:
            return left
    return None


def _waiting() -> CallSessionQuerySet:
    return CallSession.objects.running().filter(analysis_due_at__isnull=False).exclude(desk__consent__in=CallDesk.WITHHELD)


def _due(most: int) -> list[CallSession]:
    now = timezone.now()
    rested = Q(analysed_at__isnull=True) | Q(analysed_at__lte=now - _rest())
    calls = _waiting().filter(rested, analysis_due_at__lte=now - GRACE).annotate(asked=F("desk__consent"))
    new_words = Case(When(heard__gt=F("analysed"), then=0), default=1)  # a search that is owed waits for words that nobody has read yet
    return list(calls.select_related("agent").order_by(new_words, "analysis_due_at", "id")[:most])


def _until_the_next() -> float | None:
    """Seconds; 0 when one is due."""
    times = _waiting().values_list("analysis_due_at", "analysed_at")[:REMEMBERED]
    soonest = min((_when(due, analysed) for due, analysed in times), default=None)
    return None if soonest is None else max(0.0, (soonest - timezone.now()).total_seconds())


def _when(due: datetime | None, analysed: datetime | None) -> datetime:
    at = (due or timezone.now()) + GRACE
    return max(at, analysed + _rest()) if analysed else at


def _rest() -> timedelta:
    """The pacing window of a call."""
    return timedelta(seconds=settings.ASSIST_MIN_INTERVAL_SECONDS)


def _think_about(calls: Sequence[CallSession], *, busy: bool) -> None:
    readable = [call for call in calls if consent.may_read(call, asked=getattr(call, "asked", None))]
    transcripts = window.read_all(readable)
    searched = _whose_turn(readable) if busy else {call.session_id for call in readable}
    rounds, until, again = [], time.monotonic() + SEARCHING, 0
    for call, said in zip(readable, transcripts, strict=True):
        known = _earlier.get(call.session_id)
        spared = known is not None and (call.session_id not in searched or (busy and again and time.monotonic() > until))
        again += known is not None and not spared
        rounds.append(assisting.think_about(call, said, earlier=known[1] if known and spared else None, again_in=SEARCH_ANEW))
    _remember(rounds)
    assisting.write(rounds)


def _whose_turn(calls: Iterable[CallSession]) -> Collection[UUID]:
    """Calls that were never searched for, and those that have waited longest for it."""
    known = sorted((call.session_id for call in calls if call.session_id in _earlier), key=lambda one: _earlier[one][0])
    return {call.session_id for call in calls} - set(known[SEARCHED:])


def _remember(rounds: Iterable[Round]) -> None:
    for one in rounds:
        if one.thought.searched:
            _earlier[one.session.session_id] = (time.monotonic(), Earlier(one.thought.found, one.segment_id))
            _earlier.move_to_end(one.session.session_id)
    while len(_earlier) > REMEMBERED:
        _earlier.popitem(last=False)
