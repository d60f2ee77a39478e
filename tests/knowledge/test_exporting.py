"""Out and in again: what is exported is what was there."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command

from helpdesk.core.models import User
from knowledge import attaching
from knowledge.importing import import_articles
from knowledge.models import Article, ArticleFile
from tests.knowledge.conftest import make_article

TRICKY = 'Line one\n\n---\n\n> tip: "quotes", colons: and ünïcödé نص\n\n```\n---\n```'


@pytest.fixture
def two(maya: User) -> list[Article]:
    first = make_article(
        "tricky", 'Title: "with" — everything', TRICKY, category="billing", keywords=["a, b", "c"], owner=maya, index=False
    )
    return [first, make_article("runbook", "Runbook", "Steps", audience="internal", language="de", status="draft", index=False)]


@pytest.mark.parametrize("name", ["out", "out.json"])
def test_what_is_exported_can_be_imported_and_is_the_same(two: list[Article], tmp_path: Path, name: str) -> None:
    fields = ("slug", "title", "body", "category__slug", "keywords", "language", "audience", "status", "owner__email")
    before = list(Article.objects.order_by("slug").values(*fields))
    call_command("export_articles", str(tmp_path / name))
    assert import_articles(tmp_path / name).counts["unchanged"] == 2
    Article.objects.all().delete()
    assert import_articles(tmp_path / name).counts["created"] == 2
    assert list(Article.objects.order_by("slug").values(*fields)) == before


def test_a_zip_holds_the_files_of_an_article_too(two: list[Article], tmp_path: Path) -> None:
    file = ArticleFile(article=two[0], name="../../map.png", size=3, sha256="0" * 64)
    file.file.save("", ContentFile(b"abc"))
    call_command("export_articles", str(tmp_path / "out.zip"), status="published")
    with ZipFile(tmp_path / "out.zip") as archive:
        assert sorted(archive.namelist()) == [f"files/{file.pk}/map.png", "tricky.md"]
        assert archive.read(f"files/{file.pk}/map.png") == b"abc"


def test_pictures_come_along_and_show_where_they_are_imported(two: list[Article], maya: User, tmp_path: Path) -> None:
    file = attaching.attach(two[0], SimpleUploadedFile("the map (1).png", b"\x89PNG\r\n\x1a\n123"), by=maya)
    Article.objects.filter(pk=two[0].pk).update(body=f"See {file.markdown} and [out](../../etc/passwd)")
    for name in ("out.zip", "out"):
        call_command("export_articles", str(tmp_path / name))
        assert import_articles(tmp_path / name).counts["unchanged"] == 2
    Article.objects.all().delete()
    import_articles(tmp_path / "out.zip")
    again = ArticleFile.objects.get()
    assert again.get_absolute_url() in Article.objects.get(slug="tricky").body
    assert again.pk != file.pk and again.picture and again.name == "the map (1).png"


def test_a_place_that_cannot_be_written_is_said(two: list[Article]) -> None:
    with pytest.raises(CommandError):
        call_command("export_articles", "/proc/nowhere/out.zip")
