"""What changed between two versions, and what would not work for readers."""

from __future__ import annotations

from uuid import uuid4

import pytest

from knowledge.checking import check
from knowledge.comparing import GONE, NEW, SAME, compare
from knowledge.models import Article, ArticleFile
from tests.knowledge.conftest import make_article


def test_a_changed_line_is_compared_word_by_word() -> None:
    gone, new = compare("Open the old page now", "Open the new page now")
    assert [(part.kind, part.text) for part in gone.parts] == [(SAME, "Open the "), (GONE, "old"), (SAME, " page now")]
    assert [(part.kind, part.text) for part in new.parts] == [(SAME, "Open the "), (NEW, "new"), (SAME, " page now")]


def test_unchanged_lines_far_from_a_change_are_left_out() -> None:
    lines = [f"line {n}" for n in range(30)]
    rows = compare("\n".join(lines), "\n".join([*lines[:15], "something else entirely", *lines[16:]]))
    assert [row.skipped for row in rows if row.skipped] == [13, 12]
    assert [row.kind for row in rows if not row.skipped] == [SAME, SAME, GONE, NEW, SAME, SAME]


@pytest.mark.parametrize(
    ("old", "new"), [("", ""), ("a", "a"), ("", "a\nb"), ("a", ""), ("a\n" * 9000, "b\n" * 9000), ("x " * 50_000, "y " * 50_000)]
)
def test_any_two_texts_can_be_compared(old: str, new: str) -> None:
    assert bool(compare(old, new)) == (old != new)


@pytest.fixture
def article(db: None) -> Article:
    make_article("live", "Live", "Text", index=False)
    make_article("draft", "Draft", "Text", status="draft", index=False)
    make_article("runbook", "Runbook", "Text", audience="internal", index=False)
    return make_article("own", "Own", "Text", status="draft", index=False)


def attach(article: Article, picture: bool = True) -> ArticleFile:
    return ArticleFile.objects.create(article=article, name="map.png", size=3, sha256=uuid4().hex * 2, picture=picture, file="x")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[live](/help/live/), [part](/help/live/#part), [ask](/help/contact/), [mail](mailto:a@b.example), [site](https://a.example/b?c=d)",
        "# A heading\n\n[up](#a-heading) and [search](/help/search/?q=x)",
        "```\n[not a link](/help/nowhere/\n```\n\n~~~\n```\n~~~",
        "`[code](/help/nowhere/)`",
    ],
)
def test_a_text_whose_links_all_work_has_no_problems(article: Article, body: str) -> None:
    assert check(body, article) == []


@pytest.mark.parametrize(
    ("body", "line", "words"),
    [
        ("\nSee [x](/help/nowhere/)", 2, "no such page"),
        ("See\n[x](/help/draft/)", 2, "not published"),
        ("[x](/help/runbook/)", 1, "internal"),
        ("[x](relative/path)", 1, "no such page"),
        ("[x](#nothing)", 1, "no heading"),
        ("[x](https://localhost)", 1, "not complete"),
        ("[x]()", 1, "without an address"),
        ("[](https://a.example)", 1, "without words"),
        ("![map](https://a.example/map.png)", 1, "from elsewhere"),
        ("![map](/knowledge/files/0190a5e2-3b7c-7d6e-9f00-a1b2c3d4e5f6/)", 1, "not among the files"),
        ("Text\n\n```sh\nrm x", 3, "never closed"),
        ("Read [this](https://a.example/x", 1, "bracket"),
    ],
)
def test_what_will_not_work_is_named_with_its_line(article: Article, body: str, line: int, words: str) -> None:
    (problem,) = check(body, article)
    assert problem.line == line and words in problem.text


def test_a_text_made_of_brackets_is_checked_too(article: Article) -> None:
    for monster in ("[" * 20_000, "![" * 10_000, "](" * 20_000):
        assert isinstance(check(monster, article), list)


def test_an_internal_article_may_lead_to_another(article: Article) -> None:
    article.audience = "internal"
    assert check("[x](/help/runbook/)", article) == []


def test_pictures_are_its_own_and_have_words(article: Article) -> None:
    picture, text = attach(article), attach(article, picture=False)
    assert check(picture.markdown, article) == []
    assert [one.text for one in check(f"![]({picture.get_absolute_url()})", article)] == [
        "A picture needs a description for people who cannot see it."
    ]
    assert "no picture" in check(f"![x]({text.get_absolute_url()})", article)[0].text
    assert check(text.markdown, article) == []
    assert check(attach(Article.objects.get(slug="live")).markdown, article)[0].text.startswith("This picture is not among")
