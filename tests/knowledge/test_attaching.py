"""Files of articles: what is taken, who may have it, and that no browser runs it."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from helpdesk.core.errors import Conflict, Invalid
from helpdesk.core.models import User
from knowledge import attaching
from knowledge.models import Article, ArticleFile
from tests.knowledge.conftest import make_article

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


@pytest.fixture
def article(db: None) -> Article:
    return make_article("gps", "Keep GPS running", "Text", index=False)


def attach(article: Article, by: User, name: str, content: bytes = b"text") -> ArticleFile:
    return attaching.attach(article, SimpleUploadedFile(name, content), by=by)


def test_a_picture_is_shown_and_anything_else_is_a_download(article: Article, maya: User) -> None:
    shown = Client().get(attach(article, maya, "map.png", PNG).get_absolute_url())
    assert shown["Content-Type"] == "image/png" and "attachment" not in shown.get("Content-Disposition", "")
    lying = Client().get(attach(article, maya, "evil.png", b"<script>alert(1)</script>").get_absolute_url())
    assert lying["Content-Type"] == "application/octet-stream" and lying["Content-Disposition"].startswith("attachment")
    assert lying["X-Content-Type-Options"] == "nosniff" and "sandbox" in lying["Content-Security-Policy"]


def test_a_file_is_as_public_as_its_article(maya: User, as_maya: Client) -> None:
    file = attach(make_article("runbook", "Runbook", "Text", audience="internal", index=False), maya, "map.png", PNG)
    assert Client().get(file.get_absolute_url()).status_code == 404
    assert as_maya.get(file.get_absolute_url()).status_code == 200


def test_the_same_file_twice_is_one(article: Article, maya: User) -> None:
    assert attach(article, maya, "map.png", PNG).pk == attach(article, maya, "map.png", PNG).pk


@pytest.mark.parametrize(("name", "content"), [("a.png", b""), ("run.exe", b"MZ"), ("page.HTML", b"<p>"), ("logo.svg", b"<svg/>")])
def test_an_empty_or_runnable_file_is_refused(article: Article, maya: User, name: str, content: bytes) -> None:
    with pytest.raises(Invalid):
        attach(article, maya, name, content)


def test_a_name_is_only_a_name(article: Article, maya: User) -> None:
    file = attach(article, maya, "..\\..\\etc/pass\u202ewd[1].txt")
    assert file.name == "passwd[1].txt" and file.file.name == f"articles/{article.pk}/{file.pk}"
    assert file.markdown == f"[passwd(1).txt](/knowledge/files/{file.pk}/)"


def test_there_is_an_end_to_the_files_of_an_article(article: Article, maya: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attaching, "MOST_FILES", 1)
    attach(article, maya, "a.txt")
    with pytest.raises(Conflict):
        attach(article, maya, "b.txt")
    monkeypatch.setattr(attaching, "MOST_BYTES", 2)
    with pytest.raises(Invalid):
        attach(article, maya, "c.txt")


def test_a_picture_of_ours_shows_in_the_article(article: Article, maya: User) -> None:
    file = attach(article, maya, "map.png", PNG)
    Article.objects.filter(pk=article.pk).update(body=f'{file.markdown} ![a "b" <i>](https://evil.example/x.png)')
    html = Client().get("/help/gps/").content.decode()
    assert f'<img src="/knowledge/files/{file.pk}/" alt="map" loading="lazy">' in html
    other = attach(article, maya, "plan.pdf")
    assert other.get_absolute_url() in Client().get("/help/gps/").content.decode()
    assert "evil.example" not in html and "a &quot;b&quot; &lt;i&gt;" in html
