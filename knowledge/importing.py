"""Brings a knowledge base in from files (see `reading` for the kinds).

    report = import_articles(Path("faq.json"))

Safe to repeat: an article is known by its slug; an unchanged one is skipped and says so. One bad entry spoils only itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from helpdesk.core.errors import HelpdeskError
from helpdesk.core.events import record
from helpdesk.core.models import User

from .attaching import attach
from .chunking import READ
from .models import Article, ArticleRevision, Category, Text
from .publishing import publish, revise
from .reading import Entry, read

CREATED, CHANGED, UNCHANGED, SKIPPED = "created", "changed", "unchanged", "skipped"


@dataclass(frozen=True)
class Outcome:
    source: str
    result: str
    reason: str = ""


@dataclass
class Report:
    counts: dict[str, int] = field(default_factory=lambda: {CREATED: 0, CHANGED: 0, UNCHANGED: 0, SKIPPED: 0})
    skipped: list[Outcome] = field(default_factory=list)
    encodings: set[str] = field(default_factory=set)  # other than UTF-8: worth a look at the accents
    touched: list[str] = field(default_factory=list)  # addresses of what is new or changed


def import_articles(path: Path, *, by: Any = None, progress: Callable[[int, int], None] | None = None) -> Report:
    """Take in every article of a file, folder or zip; `progress` gets (done, of how many).

    Each is stored in a transaction of its own, and indexed through its event as any other. Raises Invalid when the file
    as a whole cannot be read; then nothing is stored.
    """
    return take_all(read(path), by=by, progress=progress)


def take_all(found: Iterable[Entry], *, by: Any = None, progress: Callable[[int, int], None] | None = None) -> Report:
    """The same for entries that were read already."""
    entries = list(found)
    report = Report()
    seen: set[str] = set()
    for number, entry in enumerate(entries, 1):
        outcome = _take_once(entry, seen, by)
        report.counts[outcome.result] += 1
        if outcome.result == SKIPPED:
            report.skipped.append(outcome)
        elif not entry.encoding.startswith("utf-8"):
            report.encodings.add(entry.encoding)
        if outcome.result in (CREATED, CHANGED):
            report.touched.append(entry.slug)
        if progress:
            progress(number, len(entries))
    return report


def _take_once(entry: Entry, seen: set[str], by: Any) -> Outcome:
    if entry.problem:
        return Outcome(entry.source, SKIPPED, entry.problem)
    if len(entry.body) > READ:
        return Outcome(entry.source, SKIPPED, f"the text has {len(entry.body):,} characters; {READ:,} are the most")
    if entry.slug in seen:
        return Outcome(entry.source, SKIPPED, f"the address {entry.slug!r} came before in this import")
    seen.add(entry.slug)
    with transaction.atomic():
        return Outcome(entry.source, _take(entry, by))


def _take(entry: Entry, by: Any) -> str:
    fields: dict[str, Any] = {
        "title": entry.title,
        "body": entry.body,
        "category": _category(entry.category),
        "keywords": list(entry.keywords),
        "language": entry.language,
        "audience": entry.audience,
    }
    if entry.review_due:
        fields["review_due"] = entry.review_due
    article = Article.objects.select_for_update().filter(slug=entry.slug).first()
    if article is None:
        article = Article.objects.create(slug=entry.slug, owner=_owner(entry.owner), published_at=_published_at(entry), **fields)
        article.body = _with_files(article, entry, by)
        article.save(update_fields=["body"])
        _settle(article, entry, by)
        return CREATED
    fields["body"] = _with_files(article, entry, by)
    before = article.updated_at
    return UNCHANGED if revise(article, by=by, **fields).updated_at == before else CHANGED


def _with_files(article: Article, entry: Entry, by: Any) -> str:
    """The text with links to the article's own files, which stood beside it. A file that is refused keeps its old link."""
    body = entry.body
    for address, content in entry.files.items():
        try:
            file = attach(article, ContentFile(content, name=unquote(address)), by=by)
        except HelpdeskError:
            continue  # the check before publishing names the link
        body = body.replace(f"]({address})", f"]({file.get_absolute_url()})")
    return body


def _settle(article: Article, entry: Entry, by: Any) -> None:
    """Give a new article the status that its file told."""
    if entry.status == Article.Status.PUBLISHED:
        publish(article, by=by)
        return
    version = ArticleRevision.objects.keep(article, Text.of(article.title, article.body), by=by)
    if entry.status == Article.Status.REVIEW:
        version.review_requested_at = timezone.now()
        version.save(update_fields=["review_requested_at"])
    Article.objects.filter(pk=article.pk).update(status=entry.status)
    record("article.created", subject=article, by=by, title=article.title, status=entry.status)


def _category(name: str) -> Category | None:
    """Known by slug or name; an unknown one is made, because the file's author knew what it meant."""
    if not name:
        return None
    found = Category.objects.filter(slug=name).first() or Category.objects.filter(name__iexact=name).first()
    slug = slugify(name)[:60].strip("-")
    if found or not slug:
        return found
    return Category.objects.get_or_create(slug=slug, defaults={"name": name[:100]})[0]


def _owner(email: str) -> User | None:
    return User.objects.filter(email__iexact=email).first() if email else None


def _published_at(entry: Entry) -> Any:
    return None if entry.published_days_ago is None else timezone.now() - timedelta(days=entry.published_days_ago)
