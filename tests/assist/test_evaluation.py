from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from assist.evaluation import comparing, holdout
from assist.evaluation.retrieval import evaluate, judge, summarise
from helpdesk.core.errors import Invalid
from helpdesk.core.models import Embedding
from helpdesk.demo import source
from knowledge import cases
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


def test_the_report_is_one_page_with_charts_that_needs_no_script(db: None, tmp_path: Path) -> None:
    out, page = tmp_path / "out.json", tmp_path / "out.html"
    rows = [*QUESTIONS, {"id": "<b>d</b>", "query": "sing me a song about a window seat", "article": None}]
    asked = ["evaluate", "retrieval", str(lines(tmp_path / "q.jsonl", rows)), "--articles", str(lines(tmp_path / "a.jsonl", ARTICLES))]
    call_command(*asked, "--json", str(out), "--out", str(page))
    html = page.read_text()
    assert html.count("<svg") == 4 and "<script" not in html and "http" not in html and "<b>d</b>" not in html
    assert "recall at 1" in html and json.loads(out.read_text())["no_answer"]["n"] == 2


def test_two_runs_are_compared_item_by_item(db: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["evaluate", "retrieval", str(lines(tmp_path / "q.jsonl", QUESTIONS)), "--articles", str(lines(tmp_path / "a.jsonl", ARTICLES))]
    items = [{"id": one, "rank": 2, "shown": True, "confidence": 0.5, "correct": False} for one in ("a", "b", "c")]
    other = tmp_path / "other.json"
    other.write_text(json.dumps({"items": items}))
    call_command(*asked, "--json", str(tmp_path / "out.json"), "--out", str(tmp_path / "out.html"), "--compare", str(other))
    compared = json.loads((tmp_path / "out.json").read_text())["comparison"]
    first = compared["differences"][0]
    assert (compared["n"], compared["only_ours"], first["name"], first["p_value"]) == (3, 2, "recall_at_1", 0.5)
    assert not first["significant"] and first["interval"][0] <= first["delta"] <= first["interval"][1]
    assert "Compared with other.json" in (tmp_path / "out.html").read_text() and "no clear difference" in capsys.readouterr().out


def test_a_clear_difference_is_called_one(tmp_path: Path) -> None:
    def run(right: set[int]) -> list[dict[str, object]]:
        return [{"id": str(n), "rank": 1, "shown": True, "confidence": 1, "correct": n in right} for n in range(100)]

    other = tmp_path / "other.json"
    other.write_text(json.dumps({"items": run(set(range(60)))}))
    found = comparing.compare(run(set(range(75))), other).differences[0]
    assert found.verdict == "better" and found.p_value == pytest.approx(2 * 0.5**15) and 0.05 < found.low < 0.15 < found.high < 0.25
    assert comparing.mcnemar(0, 0) == 1.0 and comparing.mcnemar(1, 5) == pytest.approx(0.21875)


@pytest.mark.parametrize("text", ["nonsense", "[]", '{"items": [{"id": 1}]}', '{"items": []}'])
def test_a_file_that_is_no_run_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text(text)
    with pytest.raises(Invalid, match=r"other\.json"):
        comparing.compare([{"id": "1", "correct": True}], tmp_path / "other.json")


def test_the_fifth_that_is_set_aside_is_frozen() -> None:
    chosen = [n for n in range(1000) if holdout.held_out(str(n))]
    assert 160 < len(chosen) < 240 and chosen[:5] == [1, 6, 8, 14, 20]
    assert all(holdout.within(holdout.Part.TUNING, str(n)) is not holdout.within(holdout.Part.HELD_OUT, str(n)) for n in range(50))


def test_another_seed_sets_another_fifth_aside() -> None:
    first, second = ({n for n in range(1000) if holdout.held_out(str(n), seed)} for seed in (holdout.SEED, "another"))
    assert 160 < len(second) < 240 and 20 < len(first & second) < 60


def test_the_companys_own_solved_work_is_measured_and_left_as_it_was(db: None, tmp_path: Path) -> None:
    articles = [
        make_article("seat", "Change your seat", "Another seat."),
        make_article("phone", "A broken phone", "Screens and batteries."),
    ]
    asked = ["my screen has a crack", "the glass is broken", "I want to sit at the window", "move me to an aisle seat"]
    cases.remember(cases.Solved(("ticket", str(n)), asked[n % 4], article=articles[n % 4 < 2]) for n in range(20))
    before = sorted(Embedding.objects.values_list("object_kind", "object_id", "part"))
    call_command("evaluate", "retrieval", "--own", "--json", str(tmp_path / "out.json"))
    found = json.loads((tmp_path / "out.json").read_text())
    assert [item["id"] for item in found["items"]] == sorted(f"ticket {n}" for n in range(20) if holdout.held_out(f"ticket {n}"))
    assert found["n"] > 0 and found["recall_at_1"] == 1.0
    assert SolvedCase.objects.count() == 20 and sorted(Embedding.objects.values_list("object_kind", "object_id", "part")) == before


def test_what_to_measure_must_be_named(db: None) -> None:
    with pytest.raises(CommandError, match="--own"):
        call_command("evaluate", "retrieval")


def test_live_assist_is_measured_on_our_transcripts(db: None, tmp_path: Path) -> None:
    """The right article among the alphabet's first ones and the four others that calls are about."""
    wanted = ("keep-gps-running-screen-off", "lost-two-factor-phone", "counts-overwritten-whs-8", "verify-webhook-signatures-wh-1007")
    rows = [
        {"slug": one.slug, "title": one.title, "body": one.body, "category": one.category}
        for one in source.articles()
        if one.slug in wanted or one.slug < "d"
    ]
    out = tmp_path / "out.json"
    call_command(
        "evaluate", "assist", "helpdesk/demo/calls",
        "--articles", str(lines(tmp_path / "articles.jsonl", rows)), "--json", str(out), "--out", str(tmp_path / "out.html"),
    )  # fmt: skip
    found = json.loads(out.read_text())
    assert found.keys() >= {"n", "top_1", "top_3", "top_5", "clarification_precision", "latency_ms", "items"}
    assert (found["n"], set(found["top_1"])) == (8, {"1", "2", "3"})
    assert found["top_5"]["3"] >= 0.6
    assert set(found["items"][0]) >= {"id", "rank", "shown", "confidence", "correct"}
