"""What a company has decided for itself about triage: read anew for every ticket, so that an edit counts from the next message on,
in every process. Reading the rows costs less than keeping copies true; only the patterns are kept compiled.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import connection

from assist.models import EscalationRule, FrustrationIndicator, OwnWorkflow, PriorityRule

from .frustration import Indicator, compiled
from .learned import data
from .rules import Edited
from .workflows import Workflow


@dataclass(frozen=True)
class Rulebook:
    workflows: tuple[Workflow, ...] = ()
    edited: Edited = Edited()  # noqa: RUF009 - frozen


OURS = Rulebook()


# All four tables in one statement: it is asked for every message.
_READ = """
    select coalesce((select json_agg(t order by t.position, t.name) from assist_ownworkflow t where t.is_active)::text, '[]'),
        (select json_agg(t order by t.position, t.id) from assist_escalationrule t)::text,
        (select json_agg(t order by t.position, t.id) from assist_priorityrule t)::text,
        (select json_agg(t order by t.reason, t.id) from assist_frustrationindicator t)::text
"""


def current() -> Rulebook:
    """As edited a moment ago. A workflow that no longer parses raises Invalid and names itself."""
    with connection.cursor() as cursor:
        cursor.execute(_READ)
        own, escalation, priority, indicators = cursor.fetchone()
    workflows = tuple(OwnWorkflow(**row).parsed() for row in json.loads(own))
    rules = _rows(PriorityRule, priority)
    by_priority = None if rules is None else {"start": data("priority_rules")["start"], "rules": rules}
    return Rulebook(workflows, Edited(_rows(EscalationRule, escalation), by_priority, _compiled(indicators)))


def _rows(model: type[EscalationRule | PriorityRule | FrustrationIndicator], found: str | None) -> list[dict[str, Any]] | None:
    """What is in use. None: the table is empty, and ours hold."""
    if found is None:
        return None
    return [model(**row).as_data() for row in json.loads(found) if row["is_active"]]


@lru_cache(maxsize=4)
def _compiled(found: str | None) -> tuple[Indicator, ...] | None:
    rows = _rows(FrustrationIndicator, found)
    return None if rows is None else compiled(rows)
