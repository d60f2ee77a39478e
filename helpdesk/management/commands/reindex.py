"""`manage.py reindex`: makes every article's index anew where it is missing or out of date."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from helpdesk.core import embeddings
from helpdesk.core.embeddings import store
from helpdesk.management.progress import bars
from knowledge import indexing
from knowledge.models import Article


class Command(BaseCommand):
    help = "Indexes all articles: words, passages, vectors. Unchanged texts are not embedded again; safe to interrupt and repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--missing", action="store_true", help="only articles without vectors of the present engine")
        parser.add_argument("--drop-others", action="store_true", help="afterwards drop the vectors of engines that are no longer used")

    def handle(self, *, missing: bool, drop_others: bool, **_: Any) -> None:
        articles = indexing.behind() if missing else Article.objects.select_related("category").order_by("pk")
        total, done = articles.count(), 0
        try:
            with bars() as shown:
                embeddings.prepare(lambda step, part: shown.show("model", int(part * 100), 100))

                def move(count: int) -> None:
                    nonlocal done
                    done += count
                    shown.show("articles", done, total)

                made = indexing.index_articles(articles if not missing else list(articles), move)
        except embeddings.EmbeddingUnavailable as problem:
            raise CommandError(f"{done} of {total} articles done. {problem.detail}") from problem
        dropped = store.drop_other_engines() if drop_others else 0
        self.stdout.write(f"{done} articles, {made} vectors made, {dropped} old vectors dropped.")
