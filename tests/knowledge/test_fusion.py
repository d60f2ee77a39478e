from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from knowledge.calibration import probability
from knowledge.fusion import Band, Candidate, Memory, Vote, band, fuse

ONE, TWO, THREE = (UUID(int=number) for number in (1, 2, 3))


def vote(article: UUID, closeness: float) -> Vote:
    return Vote(article, closeness, uuid4())


def test_meaning_outweighs_words() -> None:
    ranked = fuse([Candidate(ONE, 0.8, 0.8, 0.0, 0), Candidate(TWO, 0.2, 0.2, 0.9, 0)], Memory())
    assert [one.article_id for one in ranked] == [ONE, TWO]


def test_words_decide_between_equals() -> None:
    ranked = fuse([Candidate(ONE, 0.5, 0.5, 0.0, 0), Candidate(TWO, 0.5, 0.5, 0.1, 0)], Memory())
    assert ranked[0].article_id == TWO


def test_the_more_cases_there_are_the_more_they_weigh() -> None:
    found = [Candidate(ONE, 0.8, 0.8, 0.5, 0), Candidate(TWO, 0.6, 0.6, 0.2, 0)]
    memory = [vote(TWO, 0.6)] * 5
    assert fuse(found, Memory(memory, cases=5))[0].article_id == ONE
    assert fuse(found, Memory(memory, cases=500))[0].article_id == TWO


def test_a_single_case_that_is_nearly_the_same_question_counts_at_once() -> None:
    found = [Candidate(ONE, 0.8, 0.8, 0.5, 0), Candidate(TWO, 0.6, 0.6, 0.2, 0)]
    assert fuse(found, Memory([vote(TWO, 0.95)], cases=1))[0].article_id == TWO


def test_an_article_that_only_the_memory_knows_is_found() -> None:
    (only,) = fuse([], Memory([vote(ONE, 0.9)], {ONE: 0.8}, cases=100))
    assert only.article_id == ONE and only.candidate is None and only.votes == 1


def test_near_cases_outvote_many_far_ones() -> None:
    ranked = fuse([], Memory([vote(ONE, 0.95)] * 2 + [vote(TWO, 0.5)] * 10, cases=1000))
    assert ranked[0].article_id == ONE


def test_a_greeting_is_answered_by_what_followed_it_before_and_makes_nobody_surer() -> None:
    def asked(nearness: float) -> tuple[UUID, float]:
        found = [Candidate(ONE, nearness, nearness, 0.1, 0), Candidate(TWO, nearness / 2, nearness / 2, 0, 0)]
        memory = Memory([vote(TWO, 1.0)] * 3 + [vote(ONE, 0.98)], {ONE: 0.6, TWO: 0.4}, cases=1000)
        best = fuse(found, memory)[0]
        return best.article_id, best.confidence

    assert asked(0.5)[0] == ONE, "the question is near an article"
    assert asked(0.2)[0] == TWO, "it is near none"
    assert asked(0.2)[1] <= asked(0.5)[1]


def test_being_best_of_nothing_near_is_not_confident() -> None:
    near = fuse([Candidate(ONE, 0.9, 0.9, 0.1, 0), Candidate(TWO, 0.3, 0.3, 0, 0)], Memory())[0]
    far = fuse([Candidate(ONE, 0.2, 0.2, 0.1, 0), Candidate(TWO, 0.1, 0.1, 0, 0)], Memory())[0]
    assert band(near.confidence) is Band.SHOW and band(far.confidence) is Band.NOTHING


def test_without_meaning_no_answer_is_more_than_possible() -> None:
    best = fuse([Candidate(ONE, 0, 0, 0.9, 0)], Memory(), by_meaning=False)[0]
    assert band(best.confidence) is Band.POSSIBLE


def test_nothing_in_gives_nothing_out() -> None:
    assert fuse([], Memory()) == []


@pytest.mark.parametrize(
    ("confidence", "expected"), [(0.4, Band.SHOW), (0.399, Band.POSSIBLE), (0.3, Band.POSSIBLE), (0.299, Band.NOTHING)]
)
def test_the_bands_are_those_of_the_contract(confidence: float, expected: Band) -> None:
    assert band(confidence) is expected


def test_the_printed_probability_never_falls_as_confidence_rises() -> None:
    values = [probability(step / 100) for step in range(-5, 106)]
    assert values == sorted(values) and values[0] >= 0 and values[-1] <= 1


def test_an_article_that_has_solved_nothing_yet_still_finds_its_place() -> None:
    fresh, used = Candidate(ONE, 0.8, 0.8, 0.5, 0), [Candidate(UUID(int=10 + n), 0.3, 0.3, 0.1, 0) for n in range(4)]
    votes = [vote(one.article_id, 0.55) for one in used for _ in range(10)]
    ranked = fuse([fresh, *used], Memory(votes, {one.article_id: 0.45 for one in used}, cases=5000))
    assert ONE in [one.article_id for one in ranked[:2]]


def test_the_best_answer_is_surer_the_further_it_leads() -> None:
    def sure(second: float) -> float:
        return fuse([Candidate(ONE, 0.6, 0.6, 0, 0), Candidate(TWO, second, second, 0, 0)], Memory())[0].confidence

    assert sure(0.2) > sure(0.4) > sure(0.59)


def test_an_article_about_the_very_code_comes_before_one_about_its_neighbour():
    other, named = Candidate(ONE, 0.8, 0.8, 0.5, 0), Candidate(TWO, 0.7, 0.7, 0.5, 0, named=True)
    assert fuse([other, named], Memory())[0].article_id == TWO
    assert fuse([other, named._replace(named=False)], Memory())[0].article_id == ONE
