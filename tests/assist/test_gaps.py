"""Asked and not answered: the articles that ought to be written."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from assist import gaps
from helpdesk.core.models import User
from tests.cast import receive, signed_in
from tickets.models import Queue

pytestmark = pytest.mark.django_db

HORN = ("The forklift horn hums at night", "Our forklift horn is humming all night", "Why does the horn of the forklift hum at night?")


def test_tickets_that_ask_the_same_and_no_article_answers_are_one_gap(
    support: Queue, maya: User, tomasz: User, drain: Callable[[], int]
) -> None:
    for n, text in enumerate((*HORN, "What does the premium plan cost per month?")):
        receive(f"p{n}@x.example", text, text)
    drain()
    (gap,) = gaps.unanswered(maya)
    assert {ticket.subject for ticket in gap.tickets} == set(HORN)
    assert gaps.unanswered(tomasz) == [], "other teams' tickets stay theirs"
    shown = signed_in(maya).get("/assist/gaps/").content.decode()
    assert "Write this article" in shown and ">3<" in shown


def test_groups_are_made_of_what_is_near() -> None:
    one, other = np.eye(3, dtype=np.float32)[0], np.eye(3, dtype=np.float32)[1]
    assert gaps.gathered(np.array([one, other, one])) == [[0, 2], [1]]
