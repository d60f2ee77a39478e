from __future__ import annotations

import pytest

from assist.triage import sentiment
from assist.triage.case import Case, Turn
from assist.triage.frustration import compiled, defaults, measure
from assist.triage.reading import read
from assist.triage.signals import find


def feel(subject: str, body: str, *earlier: float, **fields: object) -> sentiment.Sentiment:
    turns = tuple(Turn(text="Before", polarity=polarity) for polarity in earlier)
    case = Case(subject=subject, body=body, earlier=turns, **fields)
    reading = read(case)
    return sentiment.feel(case, reading, find(reading))


def test_there_are_at_least_fifty_weighted_indicators() -> None:
    assert len(defaults()) >= 50
    assert all(0 < indicator.weight < 1 and indicator.reason for indicator in defaults())


@pytest.mark.parametrize(
    "text",
    [
        "It is still not working",
        "WHY DOES NOBODY ANSWER MY MAILS",
        "This is the third time I ask",
        "What now??",
        "Soooooo slow",
        "no no no, not again",
    ],
)
def test_frustration_is_seen_in_words_repetition_capitals_and_punctuation(text: str) -> None:
    found = measure(text, polarity=-0.3)
    assert found.score >= 0.2
    assert found.reasons


def test_a_calm_question_is_not_frustrated() -> None:
    assert measure("How do I change the logo on the tracking page?", polarity=0.0).score < 0.1


def test_frustration_grows_with_each_indicator_and_stays_below_one() -> None:
    one = measure("This is unacceptable", polarity=-0.5).score
    many = measure("This is unacceptable, ridiculous and a disgrace!! Third time I write, nobody answers", polarity=-0.9).score
    assert one < many <= 1


def test_a_supervisors_own_indicators_replace_ours() -> None:
    own = compiled([{"pattern": r"\bgadzooks\b", "weight": 0.9, "reason": "old-fashioned anger"}])
    assert measure("Gadzooks", polarity=0.0, indicators=own).reasons == ("old-fashioned anger",)


@pytest.mark.parametrize(
    ("body", "sign"),
    [
        ("Your colleague was wonderful, I am so happy with the result", 1),
        ("I am furious, three weeks and nobody has done anything about it", -1),
        ("Please send the invoice to our new address", 0),
    ],
)
def test_polarity_has_the_right_sign(body: str, sign: int) -> None:
    polarity = feel("", body).polarity
    assert {1: polarity > 0.25, -1: polarity < -0.2, 0: -0.2 < polarity < 0.25}[sign]


def test_a_conversation_that_turns_sour_is_declining() -> None:
    assert feel("Help", "This is getting ridiculous, still nothing works", 0.4, 0.0).trend == "declining"


def test_a_conversation_that_ends_well_is_improving() -> None:
    assert feel("Help", "Wonderful, that solved it, thank you so much", -0.7, -0.2).trend == "improving"


def test_the_first_message_has_no_trend() -> None:
    assert feel("Help", "I am furious").trend == "stable"


def test_an_angry_customer_gets_an_empathetic_answer() -> None:
    mood = feel("Unacceptable", "I am furious. This is the third time and nobody answers. What a disgrace!!")
    assert mood.sentiment == "angry"
    assert mood.label == "very_negative"
    assert mood.emotional_indicators
    assert "mistake" in mood.recommended_approach


def test_work_that_stands_still_for_everyone_today_is_critical() -> None:
    mood = feel("Down", "The service is down for all our users and we cannot ship anything. We need this fixed immediately.")
    assert mood.urgency == "critical"


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        ("E777??", "All records show E777 since noon. Version 4.1, browser Firefox."),
        ("E555 in bursts from the stock feed", "About 9 a minute, region north. Request ids: 1a2b, 3c4d. Reads are fine."),
        ("Hook payload over 100 kB", "Hello, the hash differs for large bodies. Sample attached. Content-Length is 104332."),
        ("Order 55120", "Which carrier was it handed to? The reference is 0034-0043."),
    ],
)
def test_a_technical_report_is_neutral(subject: str, body: str) -> None:
    mood = feel(subject, body)
    assert mood.label == "neutral"
    assert mood.sentiment not in ("angry", "frustrated", "satisfied")


def test_hello_is_no_swear_word() -> None:
    assert measure("Hello, a question about the shell script", polarity=0.0).reasons == ()


def test_a_tickets_mood_is_that_of_the_last_three_turns_and_the_newest_counts_most() -> None:
    mood = feel("Help", "Wonderful, that solved it, thank you so much", -0.9, -0.8, -0.8, -0.8)
    earlier = tuple(Turn(text="Before", polarity=polarity, frustration=0.6) for polarity in (-0.1, -0.8, -0.8))
    polarity, frustration = sentiment.over_turns(mood, earlier)
    assert -0.8 < polarity < mood.polarity
    assert polarity == pytest.approx(0.5 * mood.polarity - 0.4, abs=0.001)
    assert 0 < frustration < 0.6


def test_one_turn_is_the_tickets_mood() -> None:
    mood = feel("Help", "I am furious")
    assert sentiment.over_turns(mood, ()) == (mood.polarity, mood.frustration_score)
