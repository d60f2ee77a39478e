from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from helpdesk.core.errors import Invalid
from helpdesk.core.models import Embedding
from knowledge.importing import import_articles
from knowledge.models import Article, Category, SolvedCase
from knowledge.search import search
from tests.knowledge.conftest import make_article

FAQ = [
    {
        "question": "How do I reset my password?",
        "answer": "Choose **Forgot password**.",
        "category": "Account",
        "keywords": ["login", "login"],
    },
    {"question": "Where is my invoice?", "answer": "In Settings, Billing."},
]


def write_json(folder: Path, rows: object) -> Path:
    path = folder / "faq.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


def test_a_json_faq_becomes_published_articles(db: None, tmp_path: Path) -> None:
    report = import_articles(write_json(tmp_path, FAQ))
    article = Article.objects.get(slug="how-do-i-reset-my-password")
    assert report.counts == {"created": 2, "changed": 0, "unchanged": 0, "skipped": 0}
    assert (article.status, article.category.name, article.keywords) == ("published", "Account", ["login"])


def test_importing_again_changes_only_what_changed(db: None, tmp_path: Path) -> None:
    import_articles(write_json(tmp_path, FAQ))
    again = import_articles(write_json(tmp_path, [FAQ[0], {**FAQ[1], "answer": "Under Billing."}]))
    assert again.counts == {"created": 0, "changed": 1, "unchanged": 1, "skipped": 0}
    assert Article.objects.count() == 2


def test_what_is_skipped_is_named_with_its_reason(db: None, tmp_path: Path) -> None:
    rows = [
        FAQ[0],
        {"question": "No answer"},
        {"answer": "No question"},
        "text",
        FAQ[0],
        {"question": "!!!", "answer": "x"},
        {**FAQ[1], "audience": "all"},
    ]
    report = import_articles(write_json(tmp_path, rows))
    assert report.counts["created"] == 1
    assert [(one.source, one.reason) for one in report.skipped] == [
        ("faq.json, entry 2", "no text or answer"),
        ("faq.json, entry 3", "no title or question"),
        ("faq.json, entry 4", "not a JSON object"),
        ("faq.json, entry 5", "the address 'how-do-i-reset-my-password' came before in this import"),
        ("faq.json, entry 6", "the title gives no address: add a slug"),
        ("faq.json, entry 7", "unknown audience 'all'"),
    ]


def test_a_table_with_semicolons_and_a_byte_order_mark_is_read(db: None, tmp_path: Path) -> None:
    path = tmp_path / "faq.csv"
    path.write_text('Question;Answer;Keywords\n"Where; and when?";"Line one\nline two";"a, b"\n', encoding="utf-8-sig")
    import_articles(path)
    article = Article.objects.get()
    assert (article.title, article.body, article.keywords) == ("Where; and when?", "Line one\nline two", ["a", "b"])


def test_a_folder_of_markdown_is_read_with_its_front_matter(db: None, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.md").write_text(
        "---\ntitle: Full: front\nslug: own\naudience: internal\nkeywords: [x, y]\npublished_days_ago: 3\n---\n\nBody", encoding="utf-8"
    )
    (tmp_path / "a2.md").write_text(
        '---\ntitle: "Full front"\nslug: own\naudience: internal\nkeywords: [x, y]\npublished_days_ago: 3\n---\n\nBody', encoding="utf-8"
    )
    (tmp_path / "deep" / "b.md").write_text("# First heading\n\nText", encoding="utf-8")
    (tmp_path / "c.md").write_text("---\nunclosed", encoding="utf-8")
    report = import_articles(tmp_path)
    assert {article.slug: (article.title, article.body, article.audience) for article in Article.objects.all()} == {
        "own": ("Full front", "Body", "internal"),
        "b": ("First heading", "Text", "public"),
    }
    assert sorted(one.source for one in report.skipped) == ["a.md", "c.md"]


def test_a_category_is_known_by_slug_or_name(db: None, tmp_path: Path) -> None:
    Category.objects.create(slug="billing", name="Money matters")
    import_articles(write_json(tmp_path, [{**FAQ[0], "category": "billing"}, {**FAQ[1], "category": "money MATTERS"}]))
    assert Category.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "content"), [("a.json", b"{"), ("a.json", b'{"a": 1}'), ("a.txt", b""), ("a.csv", b"\xff\xfe\x00"), ("missing.json", None)]
)
def test_a_file_that_cannot_be_read_is_refused_as_a_whole(db: None, tmp_path: Path, name: str, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(Invalid):
        import_articles(tmp_path / name)


def test_the_command_imports_indexes_and_reports(db: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("import_articles", str(write_json(tmp_path, [*FAQ, {}])))
    answer = capsys.readouterr().out
    assert "2 created, 0 changed, 0 unchanged, 1 skipped." in answer and "faq.json, entry 3: no title or question" in answer
    assert Embedding.objects.filter(object_kind="article").count() == 4
    with pytest.raises(CommandError):
        call_command("import_articles", str(tmp_path / "nothing.json"))


def test_the_next_question_is_answered_from_an_imported_faq(db: None, tmp_path: Path) -> None:
    """By its words, by its meaning, and by keywords that stand nowhere else."""
    rows = [
        {
            "question": "Do you deliver on islands?",
            "answer": "Yes, with the ferry of the next day.",
            "category": "Delivery",
            "keywords": ["Terschelling"],
        },
        {"question": "May I bring my dog?", "answer": "Dogs are welcome in the workshop.", "category": "Visiting", "keywords": []},
        {"question": "What does a repair cost?", "answer": "We look first, and tell you before we begin.", "keywords": ["price list"]},
    ]
    assert search("Terschelling", viewer=None) == []
    call_command("import_articles", str(write_json(tmp_path, rows)))
    for asked in ("do you deliver on islands", "can you ship to an island", "Terschelling"):
        best = search(asked, viewer=None)[0]
        assert (best.title, best.category) == ("Do you deliver on islands?", "delivery"), asked
    call_command("import_articles", str(write_json(tmp_path, [{**rows[0], "answer": "No longer.", "keywords": ["Vlieland"]}])))
    assert search("Vlieland", viewer=None)[0].title == "Do you deliver on islands?"
    assert "No longer" in search("do you deliver on islands", viewer=None)[0].excerpt


def test_past_cases_are_imported_linked_and_can_be_repeated(db: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_article("seat", "Change your seat", "Choose another.", index=False)
    rows = [
        {
            "id": "1",
            "turns": ["hi", "another seat please", "row 5", "thanks"],
            "article": "seat",
            "priority": "high",
            "resolved_at": "2026-02-31",
        },
        {"id": "2", "text": "window seat", "article": "no-such-article", "resolved_at": "2026-02-03T10:00:00Z"},
        {"id": "3", "turns": []},
    ]
    path = tmp_path / "cases.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    for _ in range(2):
        call_command("import_cases", str(path))
        answer = capsys.readouterr().out
        assert (
            "2 cases stored, 1 of them linked" in answer and "line 2: stored without its article" in answer and "line 3: neither" in answer
        )
    assert SolvedCase.objects.get(source_id="1").text == "hi\nanother seat please\nrow 5"
    assert SolvedCase.objects.count() == 2 and Embedding.objects.filter(object_kind="case").count() == 3
    path.write_text("{", encoding="utf-8")
    with pytest.raises(CommandError, match="line 1"):
        call_command("import_cases", str(path))
