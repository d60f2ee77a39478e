"""Reads a knowledge base out of files: JSON lists of FAQ, CSV tables, Markdown, HTML pages, folders and zips of them.

    for entry in read(Path("help-centre.zip")): ...

Nothing is stored here. One bad file or row spoils only itself: its entry carries the problem.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache, partial
from pathlib import Path, PurePath, PurePosixPath
from typing import Any
from urllib.parse import unquote
from zipfile import BadZipFile, ZipFile

import yaml
from django.utils.text import slugify

from helpdesk.core.decoding import decoded
from helpdesk.core.errors import Invalid

from .html_reading import read_html
from .models import Article

MOST_BYTES = 2_000_000  # of one Markdown or HTML file, and of one cell; a JSON or CSV file may have 100 of them
MOST_TOTAL = 200_000_000  # of everything together, unpacked
MOST_FILES = 20_000  # of a folder or zip
MOST_FILE, MOST_LINKED = 20_000_000, 50  # bytes of a picture or file beside a text, and how many of them
_RELATIVE = re.compile(r"\]\((?!\w+:|[/#])([^)\s]+)\)")
MOST_FILE, MOST_LINKED = 20_000_000, 50  # bytes of a picture or file beside a text, and how many of them
_RELATIVE = re.compile(r"\]\((?!\w+:|[/#])([^)\s]+)\)")


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
    review_due: date | None = None
    encoding: str = "utf-8"  # of its file, as it was recognised
    files: Mapping[str, bytes] = field(default_factory=dict)  # what the text links to beside it, by the address in the text
    problem: str = ""


def read(path: Path) -> Iterator[Entry]:
    """The entries of a file, folder or zip, by its kind. Raises Invalid for a kind that we do not read."""
    if path.is_dir():
        return _from_folder(path)
    if not path.is_file():
        raise Invalid(f"{path.name}: there is no such file.")
    return read_file(path.name, path)


def read_file(name: str, path: Path) -> Iterator[Entry]:
    """The same for one file that is called `name`, wherever it lies."""
    if PurePath(name).suffix.lower() == ".zip":
        return _from_zip(name, path)
    reader = _reader(name)
    if reader is None:
        raise Invalid(f"{name}: not a .json, .csv, .md, .html or .zip file, nor a folder of such files.")
    if path.stat().st_size > MOST_TOTAL:
        raise Invalid(f"{name}: larger than {MOST_TOTAL // 1_000_000} MB.")
    return reader(name, path.read_bytes())


def _reader(name: str) -> Callable[[str, bytes], Iterator[Entry]] | None:
    readers = {".json": _from_json, ".csv": _from_csv, ".md": _from_markdown, ".markdown": _from_markdown}
    return {**readers, ".html": _from_html, ".htm": _from_html}.get(PurePath(name).suffix.lower())


def _from_folder(folder: Path) -> Iterator[Entry]:
    files = sorted(file for file in folder.rglob("*") if file.is_file() and _page(str(file.relative_to(folder))))
    if not files:
        raise Invalid(f"{folder.name}: no .md or .html files in this folder.")
    _accept_size(folder.name, [file.stat().st_size for file in files])
    for file in files:
        yield from _of_many(str(file.relative_to(folder)), file.read_bytes(), partial(_beside, folder))


def _from_zip(name: str, path: Path) -> Iterator[Entry]:
    """Read in memory, file by file: nothing is unpacked to the disk, so no name can lead out of a folder."""
    try:
        with ZipFile(path) as archive:
            files = [one for one in archive.infolist() if not one.is_dir() and _page(one.filename)]
            if not files:
                raise Invalid(f"{name}: no .md or .html files in this zip.")
            _accept_size(name, [one.file_size for one in archive.infolist()])  # unpacking stops at what is declared
            fetch = cache(partial(_inside, archive))  # a picture in many texts is held once
            for one in files:
                with archive.open(one) as content:  # reads no more than one byte too many, whatever the header says
                    yield from _of_many(one.filename, content.read(MOST_BYTES + 1), fetch)
    except (BadZipFile, NotImplementedError, RuntimeError) as error:  # damaged, an unknown method, a password
        raise Invalid(f"{name}: cannot be unpacked ({error}).") from error


def _page(name: str) -> bool:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return PurePath(name).suffix.lower() in (".md", ".markdown", ".html", ".htm") and not any(
        part.startswith((".", "__MACOSX")) for part in parts
    )


def _of_many(name: str, content: bytes, fetch: Callable[[str], bytes | None]) -> Iterator[Entry]:
    """A file among others, with those that its text links to; when it cannot be read it spoils only itself."""
    reader = _reader(name)
    try:
        for entry in reader(name, content) if reader else ():
            yield replace(entry, files=_linked(entry.body, PurePosixPath(name).parent, fetch))
    except Invalid as problem:
        yield Entry(name, problem=problem.detail.removeprefix(f"{name}: "))


def _linked(body: str, folder: PurePosixPath, fetch: Callable[[str], bytes | None]) -> dict[str, bytes]:
    """Pictures and files that stand beside the text; a link that leads out of the folder or to another page is left alone."""
    addresses = [address for address in dict.fromkeys(_RELATIVE.findall(body)) if ".." not in address and not _page(address)]
    found = {address: fetch(str(folder / unquote(address))) for address in addresses[:MOST_LINKED]}
    return {address: content for address, content in found.items() if content}


def _beside(folder: Path, name: str) -> bytes | None:
    path = (folder / name).resolve()
    inside = path.is_relative_to(folder.resolve()) and path.is_file()
    return path.read_bytes() if inside and path.stat().st_size <= MOST_FILE else None


def _inside(archive: ZipFile, name: str) -> bytes | None:
    try:
        with archive.open(name) as content:
            read_bytes = content.read(MOST_FILE + 1)
    except KeyError:
        return None
    return read_bytes if len(read_bytes) <= MOST_FILE else None


def _accept_size(name: str, sizes: list[int]) -> None:
    if len(sizes) > MOST_FILES:
        raise Invalid(f"{name}: more than {MOST_FILES:,} files.")
    if sum(sizes) > MOST_TOTAL:
        raise Invalid(f"{name}: larger than {MOST_TOTAL // 1_000_000} MB.")


def _from_json(name: str, content: bytes) -> Iterator[Entry]:
    try:
        rows = json.loads(decoded(name, content, MOST_TOTAL)[0])
    except json.JSONDecodeError as error:
        raise Invalid(f"{name}: not JSON ({error.msg}, line {error.lineno}).") from error
    except RecursionError as error:
        raise Invalid(f"{name}: lists within lists without end.") from error
    if isinstance(rows, dict):
        rows = next((value for value in rows.values() if isinstance(value, list)), None)  # {"faqs": [...]} is common
    if not isinstance(rows, list):
        raise Invalid(f"{name}: a list of articles is needed.")
    for number, row in enumerate(rows, 1):
        source = f"{name}, entry {number}"
        yield _entry(source, row) if isinstance(row, dict) else Entry(source, problem="not a JSON object")


def _from_csv(name: str, content: bytes) -> Iterator[Entry]:
    text, encoding = decoded(name, content, MOST_TOTAL)
    csv.field_size_limit(MOST_BYTES)
    try:
        dialect: Any = csv.Sniffer().sniff(text[:4096], delimiters=",;\t")
    except csv.Error:
        dialect = csv.excel
    table = csv.DictReader(text.splitlines(keepends=True), dialect=dialect)
    try:
        for row in table:
            named = {(key or "").strip().lower(): value for key, value in row.items()}
            yield replace(_entry(f"{name}, line {table.line_num}", named), encoding=encoding)
    except csv.Error as error:
        raise Invalid(f"{name}, line {table.line_num}: {error}.") from error


def _from_markdown(name: str, content: bytes) -> Iterator[Entry]:
    try:
        text, encoding = decoded(name, content, MOST_BYTES)
        front, body = _front_matter(text)
    except (Invalid, yaml.YAMLError) as error:
        yield Entry(name, problem=" ".join(str(error).split()).removeprefix(f"{name}: ")[:200])
        return
    title, body = _heading(front, body)
    stem = PurePath(name).stem
    row = {"slug": stem, **front, "title": title or stem.replace("-", " ").capitalize(), "body": body}
    yield replace(_entry(name, row), encoding=encoding)


def _from_html(name: str, content: bytes) -> Iterator[Entry]:
    """The address is the file's name, or its folder's for an `index.html`, as web servers have it."""
    text, encoding = decoded(name, content, MOST_BYTES)
    page = read_html(text)
    path = PurePosixPath(name.replace("\\", "/"))
    stem = path.parent.name if path.stem == "index" and path.parent.name else path.stem
    row = {"slug": stem, "title": page.title, "body": page.body, "language": page.language}
    yield replace(_entry(name, row), encoding=encoding)


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
        review_due=_date(row.get("review_due")),
    )
    return Entry(source, problem=_problem(entry)) if _problem(entry) else entry


def _line(row: dict[str, Any], *names: str) -> str:
    return next((" ".join(str(row[name]).split()) for name in names if row.get(name)), "")


def _keywords(value: Any) -> tuple[str, ...]:
    words = value if isinstance(value, list) else str(value or "").replace(";", ",").split(",")
    return tuple(dict.fromkeys(str(word).strip()[:80] for word in words if str(word).strip()))


def _days(value: Any) -> int | None:
    return int(value) if str(value or "").strip().isdigit() else None


def _date(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value or ""))
    except ValueError:
        return None


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
