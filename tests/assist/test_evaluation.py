from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from assist.evaluation.retrieval import evaluate, judge, summarise
from helpdesk.core.models import Embedding
from knowledge.models import Article, SolvedCase
from tests.knowledge.conftest import make_article

ARTICLES = [
    {"slug": "seat", "title": "Change your seat", "body": "Choose another seat on the plane.", "category": "air"},
    {"slug": "phone", "title": "Report a broken phone", "body": "Say what broke: screen, battery.", "category": "insurance"},
]
QUESTIONS = [
    {"id": "a", "turns": ["hello", "I want to sit at the window"], "article": "seat"},
    {"id": "b", "query": "my screen has a crack", "article": ["phone", "other"]},
    {"id": "c", "query": "sing me a song", "article": None},
]


def lines(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def test_retrieval_is_measured_and_leaves_the_companys_data_alone(db: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ours = make_article("seat", "Our own article about seats", "Ours.")
    before = Embedding.objects.count()
    cases = lines(tmp_path / "cases.jsonl", [{"id": "1", "turns": ["crack in my glass"], "article": "phone"}])
    out = tmp_path / "out.json"
    call_command(
        "evaluate", "retrieval", str(lines(tmp_path / "questions.jsonl", QUESTIONS)),
        "--articles", str(lines(tmp_path / "articles.jsonl", ARTICLES)), "--cases", str(cases), "--turns", "2", "--json", str(out),
    )  # fmt: skip
    found = json.loads(out.read_text())
    assert (found["n"], found["recall_at_1"], found["mrr"], found["ndcg_at_10"]) == (3, 1.0, 1.0, 1.0)
    assert [item["rank"] for item in found["items"]] == [1, 1, None] and set(found["latency_ms"]) == {"p50", "p95"}
    assert "recall_at_1" in capsys.readouterr().out
    assert list(Article.objects.all()) == [ours] and Embedding.objects.count() == before and not SolvedCase.objects.exists()


def test_a_malformed_file_is_named_with_its_line(db: None, tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text('{"query": "x"}\nnonsense')
    with pytest.raises(CommandError, match=r"bad\.jsonl, line 2"):
        call_command("evaluate", "retrieval", str(tmp_path / "bad.jsonl"), "--articles", str(lines(tmp_path / "articles.jsonl", ARTICLES)))


def test_rows_without_an_answer_count_only_in_what_is_shown() -> None:
    items = [judge("1", ["a"], 0.9, {"a"}), judge("2", ["b", "a"], 0.2, {"a"}), judge("3", ["a"], 0.9, set())]
    figures = summarise(items)
    assert (figures["recall_at_1"], figures["recall_at_3"], figures["mrr"]) == (0.5, 1.0, 0.75)
    assert (figures["shown"], figures["shown_precision"]) == (0.6667, 0.5)


def test_nothing_to_measure_is_no_error(db: None, tmp_path: Path) -> None:
    empty = lines(tmp_path / "empty.jsonl", [])
    assert evaluate(empty, articles=empty)["n"] == 0
