"""Brings a knowledge base in from files: a JSON list of FAQ, a CSV table, a Markdown file or a folder of them.

    report = import_articles(Path("faq.json"))

Safe to repeat: an article is known by its slug; an unchanged one is skipped and says so. One bad entry spoils only itself.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from helpdesk.core.errors import Invalid
from helpdesk.core.models import User

from .models import Article, Category
from .publishing import publish, revise

MOST_BYTES = 2_000_000  # of one file of the Markdown folder; a JSON or CSV file may have 100 of them
MOST_TOTAL = 200_000_000
CREATED, CHANGED, UNCHANGED, SKIPPED = "created", "changed", "unchanged", "skipped"


@dataclass(frozen=True)
class Entry:
    """One article as a file told it. `problem` says why it cannot be taken."""

    source: str  # "faq.json, entry 3"
    slug: str = ""
    title: str = ""
    body: str = ""
    category: str = ""
    keywords: tuple[str, ...] = ()
    language: str = "en"
    audience: str = Article.Audience.PUBLIC
    status: str = Article.Status.PUBLISHED
    owner: str = ""
    published_days_ago: int | None = None
    problem: str = ""


@dataclass(frozen=True)
class Outcome:
    source: str
    result: str
    reason: str = ""


@dataclass
class Report:
    counts: dict[str, int] = field(default_factory=lambda: {CREATED: 0, CHANGED: 0, UNCHANGED: 0, SKIPPED: 0})
    skipped: list[Outcome] = field(default_factory=list)


def import_articles(path: Path, *, by: Any = None, progress: Callable[[int, int], None] | None = None) -> Report:
    """Take in every article of a file or folder; `progress` gets (done, of how many).

    Each is stored in a transaction of its own, and indexed through its event as any other. Raises Invalid when the file
    as a whole cannot be read.
    """
    entries = list(read(path))
    report = Report()
    seen: set[str] = set()
    for number, entry in enumerate(entries, 1):
        outcome = _take_once(entry, seen, by)
        report.counts[outcome.result] += 1
        if outcome.result == SKIPPED:
            report.skipped.append(outcome)
        if progress:
            progress(number, len(entries))
    return report


def read(path: Path) -> Iterator[Entry]:
    """The entries of a file or folder, by its kind. Raises Invalid for a kind that we do not read."""
    if path.is_dir():
        return _from_folder(path)
    readers = {".json": _from_json, ".csv": _from_csv, ".md": _from_markdown, ".markdown": _from_markdown}
    reader = readers.get(path.suffix.lower())
    if reader is None or not path.is_file():
        raise Invalid(f"{path}: not a .json, .csv or .md file, nor a folder of .md files.")
    return reader(path)


def _from_folder(folder: Path) -> Iterator[Entry]:
    files = sorted(file for file in folder.rglob("*.md") if file.is_file() and not file.name.startswith("."))
    if not files:
        raise Invalid(f"{folder}: no .md files in this folder.")
    for file in files:
        yield from _from_markdown(file, folder)


def _from_json(path: Path) -> Iterator[Entry]:
    try:
        rows = json.loads(_text(path, MOST_TOTAL))
    except json.JSONDecodeError as error:
        raise Invalid(f"{path.name}: not JSON ({error.msg}, line {error.lineno}).") from error
    if isinstance(rows, dict):
        rows = next((value for value in rows.values() if isinstance(value, list)), None)  # {"faqs": [...]} is common
    if not isinstance(rows, list):
        raise Invalid(f"{path.name}: a list of articles is needed.")
    for number, row in enumerate(rows, 1):
        source = f"{path.name}, entry {number}"
        yield _entry(source, row) if isinstance(row, dict) else Entry(source, problem="not a JSON object")


def _from_csv(path: Path) -> Iterator[Entry]:
    text = _text(path, MOST_TOTAL)
    csv.field_size_limit(MOST_BYTES)
    try:
        dialect: Any = csv.Sniffer().sniff(text[:4096], delimiters=",;\t")
    except csv.Error:
        dialect = csv.excel
    table = csv.DictReader(text.splitlines(keepends=True), dialect=dialect)
    try:
        for row in table:
            yield _entry(f"{path.name}, line {table.line_num}", {(key or "").strip().lower(): value for key, value in row.items()})
    except csv.Error as error:
        raise Invalid(f"{path.name}, line {table.line_num}: {error}.") from error


def _from_markdown(path: Path, folder: Path | None = None) -> Iterator[Entry]:
    source = str(path.relative_to(folder)) if folder else path.name
    try:
        front, body = _front_matter(_text(path, MOST_BYTES))
    except (Invalid, yaml.YAMLError) as error:
        yield Entry(source, problem=" ".join(str(error).split())[:200])
        return
    title, body = _heading(front, body)
    yield _entry(source, {"slug": path.stem, **front, "title": title or path.stem.replace("-", " ").capitalize(), "body": body})


def _front_matter(text: str) -> tuple[dict[str, Any], str]:
    if not text.startswith("---"):
        return {}, text
    front, found, body = text[3:].partition("\n---")
    if not found:
        raise Invalid("the front matter is not closed by ---")
    values = yaml.safe_load(front) or {}
    if not isinstance(values, dict):
        raise Invalid("the front matter is not a list of names and values")
    return {str(key).lower(): value for key, value in values.items()}, body.lstrip("-").lstrip("\n")


def _heading(front: dict[str, Any], body: str) -> tuple[str, str]:
    """The title of the front matter, else the first `# heading`, which then leaves the text."""
    if front.get("title"):
        return str(front["title"]), body
    first, _, rest = body.lstrip().partition("\n")
    return (first[2:].strip(), rest.lstrip("\n")) if first.startswith("# ") else ("", body)


def _text(path: Path, most: int) -> str:
    if path.stat().st_size > most:
        raise Invalid(f"{path.name}: larger than {most // 1_000_000} MB.")
    try:
        return path.read_text(encoding="utf-8-sig").replace("\x00", "")
    except UnicodeDecodeError as error:
        raise Invalid(f"{path.name}: not UTF-8 text.") from error


def _entry(source: str, row: dict[str, Any]) -> Entry:
    """Our names and the usual others (`question`/`answer`); an empty or odd value is a problem of this entry alone."""
    title = _line(row, "title", "question", "name")
    body = str(row.get("body") or row.get("answer") or row.get("content") or "").strip()
    slug = slugify(_line(row, "slug") or title)[:160].strip("-")
    entry = Entry(
        source,
        slug=slug,
        title=title[:250],
        body=body,
        category=_line(row, "category"),
        keywords=_keywords(row.get("keywords") or row.get("tags")),
        language=_line(row, "language")[:12] or "en",
        audience=_line(row, "audience").lower() or Article.Audience.PUBLIC,
        status=_line(row, "status").lower() or Article.Status.PUBLISHED,
        owner=_line(row, "owner"),
        published_days_ago=_days(row.get("published_days_ago")),
    )
    return Entry(source, problem=_problem(entry)) if _problem(entry) else entry


def _line(row: dict[str, Any], *names: str) -> str:
    return next((" ".join(str(row[name]).split()) for name in names if row.get(name)), "")


def _keywords(value: Any) -> tuple[str, ...]:
    words = value if isinstance(value, list) else str(value or "").replace(";", ",").split(",")
    return tuple(dict.fromkeys(str(word).strip()[:80] for word in words if str(word).strip()))


def _days(value: Any) -> int | None:
    return int(value) if str(value or "").strip().isdigit() else None


def _problem(entry: Entry) -> str:
    if not entry.title:
        return "no title or question"
    if not entry.body:
        return "no text or answer"
    if not entry.slug:
        return "the title gives no address: add a slug"
    if entry.audience not in Article.Audience.values:
        return f"unknown audience {entry.audience!r}"
    return "" if entry.status in Article.Status.values else f"unknown status {entry.status!r}"


def _take_once(entry: Entry, seen: set[str], by: Any) -> Outcome:
    if entry.problem:
        return Outcome(entry.source, SKIPPED, entry.problem)
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
    article = Article.objects.select_for_update().filter(slug=entry.slug).first()
    if article is None:
        article = Article.objects.create(slug=entry.slug, owner=_owner(entry.owner), published_at=_published_at(entry), **fields)
        if entry.status == Article.Status.PUBLISHED:
            publish(article, by=by)
        return CREATED
    before = article.updated_at
    return UNCHANGED if revise(article, by=by, **fields).updated_at == before else CHANGED


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
