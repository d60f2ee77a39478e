"""`manage.py import_articles PATH`: a JSON FAQ, a CSV table, a Markdown file or a folder of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q

from helpdesk.core.embeddings import EmbeddingUnavailable
from helpdesk.core.errors import Invalid
from helpdesk.management.progress import bars
from knowledge import importing, indexing
from knowledge.models import Article


class Command(BaseCommand):
    help = "Imports articles from a .json, .csv or .md file or a folder of .md files. Safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path)

    def handle(self, *, path: Path, **_: Any) -> None:
        try:
            with bars() as shown:
                report = importing.import_articles(path, progress=lambda done, of: shown.show("articles", done, of))
                self._index(report.touched, shown)
        except Invalid as problem:
            raise CommandError(problem.detail) from problem
        self.stdout.write(", ".join(f"{count} {result}" for result, count in report.counts.items()) + ".")
        for outcome in report.skipped:
            self.stdout.write(f"  skipped {outcome.source}: {outcome.reason}")

    def _index(self, touched: list[str], shown: Any) -> None:
        """What is new or changed is findable when the command ends, whether or not a worker runs."""
        articles = Article.objects.select_related("category").filter(Q(slug__in=touched) | Q(pk__in=indexing.behind().values("pk")))
        total, done = articles.count(), 0

        def move(count: int) -> None:
            nonlocal done
            done += count
            shown.show("index", done, total)

        try:
            indexing.index_articles(articles.order_by("pk").iterator(indexing.AT_ONCE), move)
        except EmbeddingUnavailable as problem:
            self.stderr.write(f"Found by words only for now: {problem.detail}")
