"""The classifier itself: what it is given, what it says, and how it is kept."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assist.learning import deciding, words
from assist.learning.classifier import Example, Neighbour, Taught, teach, votes
from assist.learning.recalling import along
from helpdesk.core.embeddings import get_embedder

PHRASES = {
    "parking": ["where can I park my car", "is there a garage nearby", "parking costs at the station"],
    "bread": ["the rye bread was stale", "do you bake with sourdough", "my loaf arrived mouldy"],
    "music": ["the violin is out of tune", "when does the concert start", "a string of my guitar broke"],
}


def taught_by(phrases: dict[str, list[str]]) -> Taught:
    examples = [Example(text, label) for label, texts in phrases.items() for text in texts]
    taught = teach(examples, get_embedder().embed([one.text for one in examples]))
    assert taught is not None
    return taught


def best(taught: Taught, text: str) -> str:
    return taught.labels[int(taught.shares(get_embedder().embed([text])[0], text, ()).argmax())]


def test_it_tells_labels_apart_from_a_few_phrases_each() -> None:
    taught = taught_by(PHRASES)
    assert best(taught, "how much is it to leave a car at the station") == "parking"
    assert best(taught, "the baguette tastes old") == "bread"
    assert best(taught, "my cello needs new strings") == "music"


def test_what_is_stored_says_the_same() -> None:
    taught = taught_by(PHRASES)
    again = Taught.from_bytes(taught.to_bytes())
    vector = get_embedder().embed(["my cello"])[0]
    assert again.labels == taught.labels
    assert np.allclose(again.shares(vector, "my cello", ()), taught.shares(vector, "my cello", ()))


def test_with_fewer_than_three_labels_there_is_nothing_to_tell_apart() -> None:
    assert teach([Example("a", "one"), Example("b", "two")], get_embedder().embed(["a", "b"])) is None


@pytest.mark.parametrize("text", ["", "   ", "\x00", "日本語のテキスト", "a" * 20_000, "😀" * 50])
def test_any_text_has_shares_that_add_up_to_one(text: str) -> None:
    shares = taught_by(PHRASES).shares(get_embedder().embed([text or "."])[0], text, [Neighbour(0.9, "bread"), Neighbour(0.8, "unknown")])
    assert shares.sum() == pytest.approx(1.0)
    assert (shares >= 0).all()


def test_labels_that_are_unknown_have_no_vote() -> None:
    assert votes(("a", "b"), [Neighbour(0.99, "gone")]).sum() == 0
    assert votes(("a", "b"), [Neighbour(0.9, "a", 3.0), Neighbour(0.9, "b", 1.0)]).tolist() == [0.75, 0.25]


@given(st.text(max_size=300))
@settings(max_examples=50, deadline=None)
def test_n_grams_lie_within_the_hash_and_each_once(text: str) -> None:
    row = words.places_of(text)
    assert len(row) == len(set(row.tolist()))
    assert all(0 <= place < words.PLACES for place in row)


def test_a_slip_of_the_fingers_shares_most_letters() -> None:
    right, slip = set(words.places_of("subscription").tolist()), set(words.places_of("subscritpion").tolist())
    assert len(right & slip) > len(right) / 4


def test_confidence_follows_straight_lines_between_measured_points() -> None:
    points = ((0.2, 0.1), (0.6, 0.5), (1.0, 0.9))
    assert [along(points, at) for at in (0.0, 0.2, 0.4, 0.6, 1.0, 2.0)] == [0.1, 0.1, 0.3, 0.5, 0.9, 0.9]


@given(st.floats(0, 1), st.integers(0, 100_000))
@settings(max_examples=50)
def test_mixing_keeps_the_sum(own: float, examples: int) -> None:
    mixed = deciding.mixed({"a": own, "b": 1 - own}, {"a": 0.5, "b": 0.3, "c": 0.2}, examples, [])
    assert sum(mixed.values()) == pytest.approx(1.0)
