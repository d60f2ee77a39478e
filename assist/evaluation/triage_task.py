"""`evaluate triage` on the command line: its options, its charts, and what it is compared by."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from helpdesk.core.errors import Invalid

from . import charts, triage
from .comparing import Item
from .holdout import SEED, Part
from .report import Chart, Table
from .task import Outcome, Progress

HELP = "is the category right?"
MOST_CONFUSED = 25


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("dataset", type=Path, nargs="?", help="labelled texts, one JSON object a line; or --own")
    parser.add_argument("--own", action="store_true", help="the company's own tickets, with a frozen hold-out of a fifth")
    parser.add_argument("--train", type=Path, help="labelled texts to learn from; its labels are the categories")
    parser.add_argument("--per-class", type=int, metavar="K", help="only the first K of them for each label")
    parser.add_argument("--part", type=Part, choices=list(Part), default=Part.ALL, help="all, or one side of the frozen split by id")
    parser.add_argument("--seed", default=SEED, help="of the split of a labelled file, to set another fifth aside")


def run(options: Mapping[str, Any], progress: Progress) -> Outcome:
    """Raises Invalid when what to measure is not named, or a file is malformed."""
    if options["own"]:
        result = triage.evaluate_own(progress=progress)
    elif options["dataset"]:
        result = triage.evaluate(
            options["dataset"],
            train=options["train"],
            per_class=options["per_class"],
            part=options["part"],
            seed=options["seed"],
            progress=progress,
        )
    else:
        raise Invalid("Name a DATASET, or ask for --own.")
    return Outcome(
        title="Triage: is the category right?",
        result=result,
        charts=_charts(result),
        tables=[_classes(result), _confused(result["items"])],
        share="accuracy",
        measures={"among_three": lambda item: float(bool(item["rank"]))},
    )


def _charts(result: Mapping[str, Any]) -> list[Chart]:
    answers = [(item["confidence"], item["correct"]) for item in result["items"]]
    worst = sorted(((name, one["f1"]) for name, one in result["per_class"].items() if one["n"]), key=lambda pair: pair[1])[:20]
    return [
        Chart("Accuracy and F1", charts.bars("Shares", [("accuracy", result["accuracy"]), ("macro F1", result["macro_f1"])], most=1.0)),
        Chart(
            "Does the printed percentage hold?",
            charts.calibration("Calibration", charts.buckets(answers)),
            "Each dot is a tenth of the scale, larger with more answers. On the dashed line, 80 % means right eight times in ten.",
        ),
        Chart(
            "How often right, of what is decided from a confidence on",
            charts.curve("Precision by confidence", _precision(result["items"]), below="confidence"),
        ),
        Chart("The hardest labels, by F1", charts.bars("F1", worst, most=1.0)),
    ]


def _precision(items: list[Item]) -> list[tuple[float, float]]:
    points = []
    for tenth in range(10):
        decided = [item["correct"] for item in items if item["confidence"] >= tenth / 10]
        if decided:
            points.append((tenth / 10, sum(decided) / len(decided)))
    return points


def _classes(result: Mapping[str, Any]) -> Table:
    rows = [(name, one["n"], one["precision"], one["recall"], one["f1"]) for name, one in result["per_class"].items()]
    return Table("Each label", ("label", "n", "precision", "recall", "F1"), rows)


def _confused(items: list[Item]) -> Table:
    pairs: dict[tuple[str, str], int] = {}
    for item in items:
        if not item["correct"]:
            pair = (item["label"], item["guess"])
            pairs[pair] = pairs.get(pair, 0) + 1
    rows = [(label, guess, count) for (label, guess), count in sorted(pairs.items(), key=lambda pair: -pair[1])[:MOST_CONFUSED]]
    return Table("Taken for one another most", ("is", "taken for", "times"), rows)
