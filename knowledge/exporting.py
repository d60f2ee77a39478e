"""Takes the knowledge base out, in the formats that `importing` reads: a zip of Markdown files with their pictures, or one JSON list.

    with open("articles.zip", "wb") as file: write_zip(Article.objects.all(), file)

What comes out goes in again: exporting, importing elsewhere and exporting there gives the same files.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote
from zipfile import ZIP_DEFLATED, ZipFile

import yaml
from django.db.models import QuerySet

from .models import Article, ArticleFile

AT_ONCE = 200


def write_zip(articles: QuerySet[Article], file: IO[bytes]) -> int:
    """One `<slug>.md` for each article and `files/<id>/<name>` for what belongs to it; returns the number of articles."""
    count = 0
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for article in _with_files(articles):
            archive.writestr(f"{article.slug}.md", markdown(article))
            for attached in article.files.all():
                with attached.file.open("rb") as content:
                    archive.writestr(_place(attached), content.read())
            count += 1
    return count


def write_folder(articles: QuerySet[Article], folder: Path) -> int:
    """The same as files in a folder; an existing file of that name is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for article in _with_files(articles):
        (folder / f"{article.slug}.md").write_text(markdown(article), encoding="utf-8")
        for attached in article.files.all():
            place = folder / _place(attached)
            place.parent.mkdir(parents=True, exist_ok=True)
            with attached.file.open("rb") as content:
                place.write_bytes(content.read())
        count += 1
    return count


def write_json(articles: QuerySet[Article], file: Path) -> int:
    """One list of objects, in the form of a JSON FAQ."""
    rows = [{**_front(article), "body": article.body} for article in _with_files(articles)]
    file.write_text(json.dumps(rows, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return len(rows)


def markdown(article: Article) -> str:
    """An article as a Markdown file: its properties in front, then its text, whose links lead to the files beside it."""
    front, body = yaml.safe_dump(_front(article), allow_unicode=True, sort_keys=False, width=10_000), article.body
    for attached in article.files.all():
        body = body.replace(attached.get_absolute_url(), quote(_place(attached)))
    return f"---\n{front}---\n\n{body}\n"


def _place(attached: ArticleFile) -> str:
    return f"files/{attached.pk}/{Path(attached.name).name or 'file'}"


def _front(article: Article) -> dict[str, Any]:
    values: dict[str, Any] = {
        "title": article.title,
        "slug": article.slug,
        "category": article.category.slug if article.category else "",
        "keywords": list(article.keywords),
        "language": article.language,
        "audience": str(article.audience),
        "status": str(article.status),
        "owner": article.owner.email if article.owner else "",
        "review_due": article.review_due.isoformat() if article.review_due else "",
    }
    return {name: value for name, value in values.items() if value}


def _with_files(articles: QuerySet[Article]) -> Iterator[Article]:
    return articles.select_related("category", "owner").prefetch_related("files").order_by("slug").iterator(AT_ONCE)
