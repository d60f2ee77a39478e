"""Which macros fit a ticket: near in meaning, used for the same category, used lately. One statement; nothing is embedded meanwhile.

The ticket's own vector was made when it was read; a ticket or a macro without one is ranked by its use alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from helpdesk.core.embeddings import get_embedder
from knowledge.nearest import as_halfvec
from tickets import macros
from tickets.models import Macro, Ticket

MEANING, SAME_CATEGORY, LATELY = 0.6, 0.3, 0.1  # shares of the score
FITS = 0.3  # worth proposing beside a ticket; below, only the list holds it
NEAR = 0.45  # cosine from which the meaning is a reason to name
FEW_USES = 3  # a category's habits weigh fully from so many uses on
RECENT = 0.3  # of `lately`: some two weeks
MOST_USES = 2_000  # of a category, the last ones, are counted

_KEPT = """select vector from core_embedding where object_kind = 'ticket' and part = 0 and object_id = %(ticket)s and model = %(model)s"""
_GIVEN = "select %(vector)s::halfvec(384) as vector"
_SCORES = """
    with ticket as ({vector}),
    habit as (
        select macro_id, count(*)::float as uses from (
            select macro_id from tickets_macrouse where category_id = %(category)s order by id desc limit {most}) lately
        group by macro_id)
    select macro.id,
           coalesce((select 1 - (near.vector <=> ticket.vector) from core_embedding near, ticket
                     where near.object_kind = 'macro' and near.object_id = macro.id and near.part = 0 and near.model = %(model)s), 0),
           coalesce(habit.uses, 0), coalesce((select sum(uses) from habit), 0),
           coalesce(exp(-extract(epoch from now() - macro.last_used_at)::float / 1209600), 0)::float
    from tickets_macro macro left join habit on habit.macro_id = macro.id
    where macro.id = any(%(among)s)
"""


@dataclass(frozen=True)
class Ranked:
    macro: Macro
    score: float  # 0..1
    meaning: float  # cosine
    why: str


class _Score(NamedTuple):
    """What the statement says of one macro."""

    meaning: float  # cosine
    uses: float  # for the ticket's category
    all_uses: float  # of all macros for it
    lately: float  # 1 just now, 0.37 two weeks ago


def rank(ticket: Ticket, found: Sequence[Macro], *, vector: Any = None) -> list[Ranked]:
    """Best first. The macro's own category and language count like a habit. `vector`: of what is read this moment, not kept yet."""
    values: dict[str, Any] = {
        "ticket": ticket.pk,
        "model": get_embedder().name,
        "category": ticket.category_id,
        "among": [macro.pk for macro in found],
        "vector": as_halfvec(vector) if vector is not None else None,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SCORES.format(most=MOST_USES, vector=_KEPT if vector is None else _GIVEN), values)
        scores: dict[UUID, tuple[float, ...]] = {row[0]: row[1:] for row in cursor.fetchall()}
    return sorted((_ranked(ticket, macro, _Score(*scores[macro.pk])) for macro in found if macro.pk in scores), key=lambda one: -one.score)


def fitting(ticket: Ticket, viewer: Any, most: int = 3) -> list[Ranked]:
    """Those worth proposing beside the ticket. Two queries."""
    return [one for one in rank(ticket, list(macros.search(viewer))) if one.score >= FITS][:most]


def _ranked(ticket: Ticket, macro: Macro, found: _Score) -> Ranked:
    habit = found.uses / max(found.all_uses, FEW_USES)
    own = macro.category_id is not None and macro.category_id == ticket.category_id
    share = max(habit, 0.5 if own else 0.0)
    score = MEANING * max(found.meaning, 0.0) + SAME_CATEGORY * share + LATELY * found.lately
    if macro.language and ticket.language and macro.language.partition("-")[0] != ticket.language.partition("-")[0]:
        score *= 0.5
    return Ranked(macro, round(min(score, 1.0), 3), round(found.meaning, 3), _why(found, own=own))


def _why(found: _Score, *, own: bool) -> str:
    uses, lately = int(found.uses), found.lately
    parts = [
        _("close in meaning") if found.meaning >= NEAR else "",
        _("used %(n)d times for this category") % {"n": uses} if uses > 1 else "",
        _("meant for this category") if own else "",
    ]
    return ", ".join(filter(None, parts)).capitalize() or (_("Used lately") if lately > RECENT else "")
