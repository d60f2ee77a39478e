from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.chunking import TARGET, chunk
from knowledge.markdown import blocks, plain, steps


def test_a_passage_stands_under_its_path_of_headings() -> None:
    text = "\n\n".join(["# Set up", "Word " * 60, "## On Android", "Phone " * 60, "# Later", "End " * 60])
    assert [piece.heading for piece in chunk(text)] == ["Set up", "Set up > On Android", "Later"]


def test_passages_are_about_two_hundred_tokens() -> None:
    pieces = chunk("\n\n".join(f"Paragraph {number}. " + "A sentence of some length here. " * 12 for number in range(20)))
    assert len(pieces) > 5
    assert all(TARGET / 3 < len(piece.text) <= TARGET + 1 for piece in pieces[:-1])


def test_a_tiny_section_joins_the_one_before_with_its_title() -> None:
    (piece,) = chunk("Some opening words that say what this is about.\n\n## Note\n\nShort.")
    assert piece.text.endswith("Note: Short.")


def test_a_list_stays_in_one_passage() -> None:
    (piece,) = chunk("Do this:\n\n1. Open\n2. Close\n3. Done")
    assert "Open" in piece.text and "Done" in piece.text


def test_a_fence_hides_its_headings() -> None:
    assert [block.level for block in blocks("```\n# not a heading\n```\n\n# A heading")] == [0, 1]


def test_an_empty_text_has_no_passages() -> None:
    assert chunk("") == [] == chunk("\n\n   \n")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(alphabet="abcdefg \n.", min_size=1, max_size=600), max_size=8))
def test_no_word_is_lost(paragraphs: list[str]) -> None:
    text = "\n\n".join(" ".join(part.split()) for part in paragraphs)
    kept = "".join(piece.text for piece in chunk(text))
    assert sorted(c for c in kept if c.isalpha()) == sorted(c for c in text if c.isalpha())


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=2000))
def test_any_text_can_be_read(text: str) -> None:
    chunk(text)
    steps(text)
    assert not {"\x00", "\x02", "\x03"} & set(plain(text))


def test_plain_words_lose_their_marks() -> None:
    assert plain("## Open **Settings** and [read](/x) `this_name`\n\n- *one*\n- 2 * 3") == "Open Settings and read this_name\n\none\n2 * 3"


def test_steps_are_those_of_the_first_numbered_list() -> None:
    assert steps("Before\n\n1. Open **Settings**\n2. Choose\n   the plan\n3. Save\n\nAfter\n\n1. other\n2. list") == [
        "Open Settings",
        "Choose the plan",
        "Save",
    ]


def test_a_single_number_is_no_list_of_steps() -> None:
    assert steps("1. Only one") == [] == steps("```\n1. a\n2. b\n```")
