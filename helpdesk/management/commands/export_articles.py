"""`manage.py export_articles PATH`: the knowledge base as a folder of Markdown, a .zip of it, or one .json list."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from helpdesk.core.audit import note
from helpdesk.core.models import AuditEntry
from knowledge import exporting
from knowledge.models import Article


class Command(BaseCommand):
    help = "Exports articles to a folder of .md files, a .zip or a .json file, as import_articles reads them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path)
        parser.add_argument("--status", choices=Article.Status.values, help="only articles of this status")
        parser.add_argument("--audience", choices=Article.Audience.values, help="only articles for this audience")

    def handle(self, *, path: Path, status: str | None, audience: str | None, **_: Any) -> None:
        wanted = {name: value for name, value in (("status", status), ("audience", audience)) if value}
        articles = Article.objects.filter(**wanted)
        try:
            count = self._write(articles, path)
        except OSError as problem:
            raise CommandError(f"{path}: {problem.strerror or problem}.") from problem
        note(AuditEntry.Act.EXPORTED, "knowledge_article", label=path.name, after={"articles": count})
        self.stdout.write(f"{count} articles written to {path}.")

    def _write(self, articles: Any, path: Path) -> int:
        if path.suffix.lower() == ".json":
            return exporting.write_json(articles, path)
        if path.suffix.lower() == ".zip":
            with path.open("wb") as file:
                return exporting.write_zip(articles, file)
        return exporting.write_folder(articles, path)
