"""`manage.py reindex`: makes every article's index anew where it is missing or out of date, also under another model.

manage.py reindex                             # what is missing under the present model
manage.py reindex --model openai:NAME         # everything under another one, while the present one serves
manage.py reindex --drop-others               # after the change, free the old vectors
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from helpdesk.core import embeddings
from helpdesk.core.embeddings import store
from helpdesk.management.progress import Bars, bars
from knowledge import cases, indexing
from knowledge.models import Article, SolvedCase


class Command(BaseCommand):
    help = "Indexes all articles: words, passages, vectors. Unchanged texts are not embedded again; safe to interrupt and repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--missing", action="store_true", help="only articles without vectors of the present engine")
        parser.add_argument("--drop-others", action="store_true", help="afterwards drop the vectors of engines that are no longer used")
        parser.add_argument(
            "--model", metavar="local|openai[:NAME]", help="prepare this engine beside the present one, which goes on serving"
        )

    def handle(self, *, missing: bool, drop_others: bool, model: str | None, **_: Any) -> None:
        self.done, self.total = 0, 0
        try:
            with bars() as shown:
                if model:
                    self._prepare_another(model, shown)
                    return
                embeddings.prepare(lambda step, part: shown.show("model", int(part * 100), 100))
                made = self._articles(shown, missing=missing)
        except embeddings.EmbeddingUnavailable as problem:
            raise CommandError(f"{self.done} of {self.total} articles done. {problem.detail}") from problem
        dropped = store.drop_other_engines() if drop_others else 0
        self.stdout.write(f"{self.done} articles, {made} vectors made, {dropped} old vectors dropped.")

    def _prepare_another(self, model: str, shown: Bars) -> None:
        """Everything under another engine. Repeated until nothing is new, for articles change meanwhile."""
        backend, _, name = model.partition(":")
        if backend not in ("local", "openai"):
            raise CommandError("Name local, openai or openai:MODEL.")
        another = embeddings.engine(backend, name)
        with embeddings.using(another):
            another.prepare()
            made = 0
            while more := self._articles(shown) + cases.embed_again(self._counter("cases", SolvedCase.objects.count(), shown)):
                made += more
        wanted = f"EMBEDDING_BACKEND={backend}" + (f" EMBEDDING_MODEL={name}" if name else "")
        self.stdout.write(
            f"{made} vectors made: everything is there for {another.name}. Start with {wanted}: "
            "search changes over at once. Then `manage.py reindex --drop-others` frees the old vectors."
        )

    def _articles(self, shown: Bars, *, missing: bool = False) -> int:
        articles = indexing.behind() if missing else Article.objects.select_related("category").order_by("pk")
        self.total, self.done = articles.count(), 0
        count = self._counter("articles", self.total, shown)

        def move(done: int) -> None:
            self.done += done
            count(done)

        return indexing.index_articles(list(articles) if missing else articles.iterator(indexing.AT_ONCE), move)

    def _counter(self, what: str, total: int, shown: Bars) -> Any:
        done = 0

        def move(count: int) -> None:
            nonlocal done
            done += count
            shown.show(what, done, total)

        return move
