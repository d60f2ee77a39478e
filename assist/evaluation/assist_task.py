"""`evaluate assist` on the command line: its options, its charts, and what it is compared by."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import calls, charts
from .report import Chart, Table
from .task import Outcome, Progress

HELP = "does a live call get the right article, early, and questions worth asking?"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("transcripts", type=Path, nargs="+", metavar="DIR-OR-FILE", help="transcripts, or folders of them")
    parser.add_argument("--articles", type=Path, required=True, help="the knowledge base to search")
    parser.add_argument("--cases", type=Path, help="past solved cases to learn from")


def run(options: Mapping[str, Any], progress: Progress) -> Outcome:
    """Raises Invalid when a file is malformed or there is no transcript."""
    result = calls.evaluate(options["transcripts"], articles=options["articles"], cases_file=options["cases"], progress=progress)
    return Outcome(
        title="Live assist: is the answer there while the customer speaks?",
        result=result,
        charts=_charts(result),
        tables=[_table(result["items"])],
        share="top_1 by the 3rd utterance",
        measures={"top_3 by the 3rd utterance": _within(3), "top_5 by the 3rd utterance": _within(5)},
    )


def _charts(result: Mapping[str, Any]) -> list[Chart]:
    shares = [(f"top {depth}, utterance {nth}", result[f"top_{depth}"][str(nth)]) for nth in calls.UTTERANCES for depth in calls.DEPTHS]
    return [Chart("How early the right article is there", charts.bars("Share of calls", shares, most=1.0))]


def _table(items: list[Mapping[str, Any]]) -> Table:
    rows = [
        (item["id"], *(item["ranks"][str(nth)] or "not found" for nth in calls.UTTERANCES), f"{item['confidence']:.3f}") for item in items
    ]
    return Table("Place of the right article, by utterance", ("call", "1st", "2nd", "3rd", "confidence"), rows)


def _within(depth: int) -> Any:
    return lambda item: float(bool(item["rank"]) and item["rank"] <= depth)
