"""`evaluate retrieval` on the command line: its options, its charts, and what it is compared by."""

from __future__ import annotations

import math
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from helpdesk.core.errors import Invalid
from knowledge.calibration import probability

from . import charts, retrieval
from .comparing import Item
from .holdout import SEED, Part
from .report import Chart, Table
from .task import Outcome, Progress

HELP = "does search find the right article?"
MOST_WRONG = 25  # confident mistakes that the report lists


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("dataset", type=Path, nargs="?", help="questions, one JSON object a line; or --own")
    parser.add_argument("--own", action="store_true", help="the company's own solved work, with a frozen hold-out of a fifth")
    parser.add_argument("--articles", type=Path, help="the knowledge base to search: JSON lines, or what import_articles reads")
    parser.add_argument("--cases", type=Path, help="past solved cases to learn from")
    parser.add_argument("--first-cases", type=int, help="only the first N of them")
    parser.add_argument("--turns", type=int, default=0, help="look after the customer's T-th turn (0: all)")
    parser.add_argument("--part", type=Part, choices=list(Part), default=Part.ALL, help="all, or one side of the frozen split by id")
    parser.add_argument("--seed", default=SEED, help="of the split of a labelled file, to set another fifth aside")


def run(options: Mapping[str, Any], progress: Progress) -> Outcome:
    """Raises Invalid when what to measure is not named, or a file is malformed."""
    if options["own"]:
        result = retrieval.evaluate_own(progress=progress)
    elif options["dataset"] and options["articles"]:
        result = retrieval.evaluate(
            options["dataset"],
            articles=options["articles"],
            cases_file=options["cases"],
            first_cases=options["first_cases"],
            turns=options["turns"],
            part=options["part"],
            seed=options["seed"],
            progress=progress,
        )
    else:
        raise Invalid("Name a DATASET and its --articles, or ask for --own.")
    return Outcome(
        title="Search: is the right article found?",
        result=result,
        charts=_charts(result),
        tables=[_mistakes(result["items"])],
        share="recall_at_1",
        measures={"recall_at_3": _within(3), "recall_at_5": _within(5), "mrr": _reciprocal, "ndcg_at_10": _gain, "shown": _shown},
    )


def _charts(result: Mapping[str, Any]) -> list[Chart]:
    shares = [(name.replace("_", " "), result[name]) for name in ("recall_at_1", "recall_at_3", "recall_at_5", "mrr", "ndcg_at_10")]
    answers = [(probability(item["confidence"]), item["correct"]) for item in result["items"]]
    places = [("first", 1, 1), ("second or third", 2, 3), ("fourth or fifth", 4, 5), ("sixth to tenth", 6, 10), ("later", 11, 10**9)]
    ranks = [item["rank"] for item in result["items"]]
    counted = [(name, float(sum(bool(rank) and low <= rank <= high for rank in ranks))) for name, low, high in places]
    counted.append(("not found", float(sum(rank is None for rank in ranks))))
    return [
        Chart("How much is found", charts.bars("Recall and rank", shares, most=1.0)),
        Chart("Where the right article stood", charts.bars("Places of the right article", counted, form="{:.0f}")),
        Chart(
            "Does the printed percentage hold?",
            charts.calibration("Calibration", charts.buckets(answers)),
            "Each dot is a tenth of the scale, larger with more answers. On the dashed line, 80 % means right eight times in ten.",
        ),
        Chart(
            "How often right, of what is shown from a confidence on",
            charts.curve("Precision by confidence", _precision(result["items"]), below="raw confidence"),
        ),
    ]


def _precision(items: list[Item]) -> list[tuple[float, float]]:
    points = []
    for tenth in range(10):
        shown = [item["correct"] for item in items if item["confidence"] >= tenth / 10]
        if shown:
            points.append((tenth / 10, sum(shown) / len(shown)))
    return points


def _mistakes(items: list[Item]) -> Table:
    wrong = sorted((item for item in items if item["shown"] and not item["correct"]), key=lambda item: -item["confidence"])
    rows = [(item["id"], f"{item['confidence']:.3f}", item["rank"] or "not found") for item in wrong[:MOST_WRONG]]
    return Table("Shown and wrong, surest first", ("id", "confidence", "place of the right one"), rows, f"{len(wrong)} in all.")


def _within(depth: int) -> Any:
    return lambda item: float(bool(item["rank"]) and item["rank"] <= depth)


def _reciprocal(item: Item) -> float:
    return 1 / item["rank"] if item["rank"] else 0.0


def _gain(item: Item) -> float:
    return 1 / math.log2(item["rank"] + 1) if item["rank"] and item["rank"] <= retrieval.NDCG_DEPTH else 0.0


def _shown(item: Item) -> float:
    return float(item["shown"])
