"""`evaluate triage`: the product's own way on labelled files, in a scratch store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from assist.evaluation import triage
from assist.models import LabelledExample, LearnedModel
from customers.models import Customer
from knowledge.models import Category
from tickets.models import Queue, Ticket

pytestmark = pytest.mark.django_db

PHRASES = {
    "car_parking": ["where can I park my car", "is there a garage nearby", "what does parking cost at the station", "the barrier is shut"],
    "stale_bread": ["the rye bread was stale", "do you bake with sourdough", "my loaf arrived mouldy", "the rolls were hard"],
    "music": ["the violin is out of tune", "when does the concert start", "a string of my guitar broke", "the drum is too loud"],
}
ASKED = [("can I leave my car in the garage", "car_parking"), ("the bread was stale", "stale_bread"), ("a guitar string broke", "music")]


def lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


@pytest.fixture
def train(tmp_path: Path) -> Path:
    return lines(tmp_path / "train.jsonl", [{"text": text, "label": label} for label, texts in PHRASES.items() for text in texts])


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    return lines(tmp_path / "dev.jsonl", [{"text": text, "label": label} for text, label in ASKED])


def test_it_measures_and_leaves_the_companys_data_alone(train: Path, dataset: Path, tmp_path: Path) -> None:
    Category.objects.create(slug="ours", name="Ours")
    out, page = tmp_path / "out.json", tmp_path / "out.html"
    call_command("evaluate", "triage", str(dataset), "--train", str(train), "--json", str(out), "--out", str(page))
    result = json.loads(out.read_text())
    assert {"n", "accuracy", "macro_f1", "per_class", "calibration_error", "latency_ms", "items"} <= set(result)
    assert (result["n"], result["accuracy"]) == (3, 1.0)
    assert set(result["per_class"]) == set(PHRASES)
    assert set(result["items"][0]) >= {"id", "rank", "shown", "confidence", "correct"}
    assert "<svg" in page.read_text()
    assert list(Category.objects.values_list("slug", flat=True)) == ["ours"]
    assert not LabelledExample.objects.exists() and not LearnedModel.objects.exists()


def test_a_run_is_compared_with_another(train: Path, dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = tmp_path / "first.json"
    call_command("evaluate", "triage", str(dataset), "--train", str(train), "--per-class", "1", "--json", str(first))
    call_command("evaluate", "triage", str(dataset), "--train", str(train), "--compare", str(first))
    assert "compared with first.json: 3 items" in capsys.readouterr().out


def test_per_class_takes_the_first_of_each() -> None:
    rows = [("a", "x"), ("b", "x"), ("c", "y"), ("d", "x"), ("e", "y")]
    assert list(triage._first_of_each(rows, 1)) == [("a", "x"), ("c", "y")]


def test_without_a_training_file_the_companys_categories_are_asked(tmp_path: Path) -> None:
    rows = [{"subject": "Invoice", "body": "I was charged twice this month, please refund one.", "label": "billing"}]
    assert triage.evaluate(lines(tmp_path / "dev.jsonl", rows))["accuracy"] == 1.0


def test_the_companys_own_tickets_have_a_frozen_hold_out(support: Queue, ingrid: Customer) -> None:
    for n, (label, texts) in enumerate(PHRASES.items()):
        Category.objects.create(slug=label, name=label.replace("_", " "))
        for k, text in enumerate(texts * 5):
            ticket = Ticket.objects.create(number=f"TKT-20261101-{n}{k:03}", subject=text, queue=support, customer=ingrid, channel="email")
            LabelledExample.objects.create(ticket=ticket, field="category", label=label, text=text, weight=3)
    result = triage.evaluate_own()
    assert 3 <= result["n"] <= 30, "a fifth, chosen by id"
    assert result["accuracy"] > 0.9
    assert LabelledExample.objects.count() == 60


@pytest.mark.parametrize("rows", [[{"text": "no label"}], [{"label": "no text"}]])
def test_a_malformed_row_is_named(rows: list[dict[str, Any]], tmp_path: Path) -> None:
    with pytest.raises(CommandError):
        call_command("evaluate", "triage", str(lines(tmp_path / "bad.jsonl", rows)))
