"""Where a ticket is linked to an incident by itself: measured on 72 tickets written for eight incidents (incident_links.json).

`theirs` come of the incident, `others` speak of the same part of the product and do not. The wordings were written before they were
measured; none was changed or left out afterwards.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assist.triage.case import Case
from assist.triage.reading import read
from assist.triage.system_status import CLOSE, LINK_FROM, linked_incidents
from knowledge.models import Incident

EXAMPLES = json.loads((Path(__file__).parent / "incident_links.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def scores() -> list[tuple[bool, float]]:
    """(is it right, closeness) of every ticket and every incident that is at least proposed for it."""
    incidents = [Incident(reference=f"INC-{n}", **example["incident"]) for n, example in enumerate(EXAMPLES)]
    found = []
    for n, example in enumerate(EXAMPLES):
        for text in (*example["theirs"], *example["others"]):
            links = linked_incidents(read(Case(body=text)), incidents)
            found += [(text in example["theirs"] and link.reference == f"INC-{n}", link.score) for link in links]
    return found


def test_what_is_linked_by_itself_is_right(scores: list[tuple[bool, float]]) -> None:
    linked = [right for right, score in scores if score >= LINK_FROM]
    assert linked.count(True) >= 32  # of 40
    assert linked.count(False) <= 2


def test_what_is_proposed_finds_more_and_errs_more(scores: list[tuple[bool, float]]) -> None:
    proposed = [right for right, score in scores if score >= CLOSE]
    assert proposed.count(True) >= 35
    assert proposed.count(False) <= 15
