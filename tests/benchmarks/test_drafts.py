"""What drafts the demonstration's tickets get, and from what. Run: `python -m pytest tests/benchmarks/test_drafts.py -s`

Compared with drafts that no macro frames: with macros no draft may be worse sourced, and none may have a hole.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

import pytest
from django.core.management import call_command

from assist.panel import SHOWN_FROM
from assist.triage import arrival
from assist.triage.draft import Reply
from assist.triage.pipeline import analyse
from helpdesk.core.errors import Invalid
from tickets.models import Message

HOLE = re.compile(r"\{\{|\}\}|\[[a-z][a-z ]*\]")


@pytest.mark.django_db
def test_drafts_of_the_demonstrations_tickets() -> None:
    call_command("demo")
    plain: Counter[str] = Counter()
    framed: Counter[str] = Counter()
    first = Message.objects.from_customer().public().filter(automatic=False).order_by("ticket_id", "created_at").distinct("ticket_id")
    for message in first.select_related("ticket__customer__organisation", "ticket__queue"):
        try:
            case = arrival.case_of(message)
        except Invalid:  # nothing was written
            continue
        scope = replace(arrival.scope_of(message.ticket), threads=False)
        framed.update(_seen(analyse(case, scope=scope).reply))
        plain.update(_seen(analyse(case, scope=replace(scope, frames=None, on_record=None)).reply))
    print(f"\nwith macros    {dict(framed)}\nwithout macros {dict(plain)}")
    assert framed["hole"] == 0
    assert framed["macro"] > 0
    assert framed["sourced"] >= plain["sourced"] and framed["shown"] >= plain["shown"] and framed["abstained"] <= plain["abstained"]


def _seen(reply: Reply) -> list[str]:
    kinds = {source.kind for source in reply.sources}
    marks = {
        "tickets": True,
        "shown": reply.confidence >= SHOWN_FROM,
        "sourced": bool(kinds),
        "article": "article" in kinds,
        "macro": "macro" in kinds,
        "macro and article": {"macro", "article"} <= kinds,
        "abstained": reply.abstained,
        "hole": bool(HOLE.search(reply.response_text)),
    }
    return [name for name, holds in marks.items() if holds]
