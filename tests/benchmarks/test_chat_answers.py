"""How often the local engine answers a customer, and rightly. Run: `python -m pytest -s -n 0 tests/benchmarks/test_chat_answers.py`

`data/chat_wordings.json`: questions in customers' words, three for each of forty articles of the demonstration, with slips and complaints,
and some that no article answers. Every other article is the tuning half: what the engine does was fitted on that alone; the other half was
only measured. MISSES=1 prints what went wrong.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from assist.chat import conversation, sessions
from assist.chat.conversation import Answer
from assist.models import ChatSession
from knowledge import indexing
from knowledge.importing import import_articles
from knowledge.models import Article
from tests.cast import make_customer
from tickets.models import Queue

HERE = Path(__file__).resolve().parent
DEMO = HERE.parents[1] / "helpdesk/demo/articles"
RIGHT, CLARIFIED, ASIDE, WRONG, PERSON, KEPT = "right", "asked: right one offered", "asked", "wrong", "to a person", "another reply"


@pytest.mark.django_db
def test_customers_words_find_their_articles(support: Queue) -> None:
    import_articles(DEMO)
    indexing.catch_up()
    ids = {str(pk): slug for pk, slug in Article.objects.values_list("pk", "slug")}
    wordings = json.loads((HERE / "data/chat_wordings.json").read_text(encoding="utf-8"))
    counts: dict[str, Counter[str]] = {"tuning": Counter(), "held out": Counter(), "no article": Counter()}
    parts = enumerate(wordings["answered"].items())
    asked = [("held out" if n % 2 else "tuning", slug, line) for n, (slug, lines) in parts for line in lines]
    for n, (part, slug, line) in enumerate([*asked, *(("no article", "", line) for line in wordings["not_answered"])]):
        session = sessions.enter(make_customer(f"Customer {n}", f"c{n}@shop.example"), f"chat-{n}", identity=ChatSession.Identity.VERIFIED)
        answer = conversation.say(session, line)
        outcome = _outcome(answer, slug, ids)
        counts[part][outcome] += 1
        if os.environ.get("MISSES") and outcome not in ((RIGHT,) if slug else (PERSON, ASIDE)):
            shown = [ids[one["id"]] for one in answer.line.sources] if answer.line else []
            print(f"\n{part:10} {outcome:25} {line!r} [{slug}] → {shown} {answer.metadata.get('reason')} {answer.metadata.get('intent')}")
    for part, found in counts.items():
        print(f"\n{part}, {found.total()}: " + ", ".join(f"{name} {count}" for name, count in found.most_common()))
    assert all(counts[part][RIGHT] / counts[part].total() > 0.5 for part in ("tuning", "held out"))


def _outcome(answer: Answer, slug: str, ids: dict[str, str]) -> str:
    line = answer.line
    if line is None or line.metadata["escalated"]:
        return PERSON
    shown = [ids[one["id"]] for one in line.sources]
    if answer.session.slots.get("asked"):
        return CLARIFIED if slug and slug in shown else ASIDE
    if not shown:
        return KEPT
    return RIGHT if shown[0] == slug else WRONG
