"""Importing in the console: any file gets an answer, and one bad entry spoils only itself."""

from __future__ import annotations

import io
import json
from typing import Any
from zipfile import ZipFile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from helpdesk.core.models import User
from knowledge import import_runs, reading
from knowledge.html_reading import read_html
from knowledge.models import Article, ImportRun
from tests.cast import signed_in
from tests.knowledge.conftest import make_article

HTML = """<!doctype html><html lang="de"><head><title>Hilfe</title><style>p{}</style></head><body><nav><a href="/">Start</a></nav>
<main><h1>Passwort <em>ändern</em></h1><p>Öffnen Sie <b>Einstellungen</b>.<br>Dann:</p><ol><li>Wählen Sie <a href="/x">Konto</a>
<ul><li>oder Profil</li></ul></li><li>Fertig</li></ol><pre><code>a  b
c</code></pre><script>alert(1)</script><table><tr><th>A</th><td>B</td></tr></table></main><footer>Impressum</footer></body></html>"""


@pytest.fixture
def as_priya(priya: User) -> Client:
    return signed_in(priya)


def zipped(files: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with ZipFile(content, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return content.getvalue()


def bring(client: Client, name: str, content: bytes) -> ImportRun:
    answer = client.post("/knowledge/import/", {"file": SimpleUploadedFile(name, content)})
    assert answer.status_code == 302, answer.content.decode()
    run = ImportRun.objects.latest("started_at")
    import_runs.run(run.pk)
    run.refresh_from_db()
    return run


def test_a_zip_of_pages_comes_in_and_what_cannot_is_listed(as_priya: Client, priya: User) -> None:
    files = {
        "site/passwort/index.html": HTML.encode(),
        "notes.md": b"# A heading\n\nText",
        "empty.md": b"",
        "../../etc/evil.md": b"# Evil\n\nText",
        "__MACOSX/notes.md": b"x",
        "picture.png": b"x",
        "huge.md": b"x" * (reading.MOST_BYTES + 1),
    }
    run = bring(as_priya, "help.zip", zipped(files))
    assert run.state == ImportRun.State.DONE and run.counts["created"] == 2
    assert sorted(one["source"] for one in run.skipped) == ["empty.md", "huge.md"]
    article = Article.objects.get(slug="passwort")
    assert (article.title, article.language, article.status) == ("Passwort ändern", "de", "published")
    assert not run.file and run.started_by == priya
    page = as_priya.get(f"/knowledge/import/{run.pk}/").content.decode()
    assert "huge.md" in page and "larger than 2 MB" in page and "every 1s" not in page


def test_a_page_of_html_becomes_markdown_without_its_navigation() -> None:
    page = read_html(HTML)
    assert page.body.startswith("Öffnen Sie **Einstellungen**.  \nDann:")
    assert "1. Wählen Sie [Konto](/x)" in page.body and "\n   - oder Profil" in page.body and "\n2. Fertig" in page.body
    assert "```\na  b\nc\n```" in page.body and "| A | B |\n|---|---|" in page.body
    for gone in ("Impressum", "Start", "alert", "p{}"):
        assert gone not in page.body


@pytest.mark.parametrize(
    "source",
    [
        "",
        "<",
        "<p",
        "</main></p>",
        "<main>" * 3000 + "x",
        "<ul>" * 3000 + "<li>x",
        "<h1>a<h1>b<p>c",
        "<a " * 100_000,
        "<" * 500_000,
        "<!--" * 100_000,
        "\x01<b>&#0;&bogus;",
    ],
)
def test_broken_html_gives_what_can_be_read(source: str) -> None:
    assert isinstance(read_html(source).body, str)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_a_table_in_any_usual_encoding_keeps_its_letters(as_priya: Client, encoding: str) -> None:
    run = bring(as_priya, "faq.csv", "Question;Answer\r\nRechnung für März?;Unter „Zahlung“ – dort\r\n".encode(encoding))
    article = Article.objects.get()
    assert (article.title, article.body) == ("Rechnung für März?", "Unter „Zahlung“ – dort")
    assert bool(run.counts["encodings"]) != encoding.startswith("utf-8")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.zip", b"PK no zip"),
        ("a.zip", zipped({"readme.txt": b"x"})),
        ("a.json", b"[" * 100_000),
        ("a.json", b'"text"'),
        ("a.csv", b"\xff\xfe\x00"),
        ("a.csv", b"a\x81\x8d"),
    ],
)
def test_a_file_that_cannot_be_read_says_why_and_changes_nothing(as_priya: Client, name: str, content: bytes) -> None:
    run = bring(as_priya, name, content)
    assert run.state == ImportRun.State.FAILED and run.error.startswith(name)
    assert "Nothing was imported" in as_priya.get(f"/knowledge/import/{run.pk}/?part=1").content.decode()
    assert not Article.objects.exists()


@pytest.mark.parametrize(("name", "content"), [("a.docx", b"x"), ("a.csv", b""), (None, b"")])
def test_a_file_of_another_kind_is_refused_at_once(as_priya: Client, name: str | None, content: bytes) -> None:
    data: dict[str, Any] = {"file": SimpleUploadedFile(name, content)} if name else {}
    answer = as_priya.post("/knowledge/import/", data)
    assert answer.status_code == 422 and 'role="alert"' in answer.content.decode()
    assert not ImportRun.objects.exists()


def test_an_import_that_was_killed_begins_again_and_one_that_is_over_does_not(as_priya: Client) -> None:
    run = bring(as_priya, "a.md", b"# One\n\nText")
    Article.objects.all().delete()
    import_runs.run(run.pk)
    assert not Article.objects.exists()
    again = import_runs.start(SimpleUploadedFile("b.md", b"# Two\n\nText"), by=User.objects.get())
    ImportRun.objects.filter(pk=again.pk).update(state="running")
    page = as_priya.get(f"/knowledge/import/{again.pk}/").content.decode()
    assert "every 1s" in page and "<progress" in page
    import_runs.run(again.pk)
    assert Article.objects.get().title == "Two"


def test_an_enormous_article_is_left_out_with_the_reason(as_priya: Client) -> None:
    run = bring(as_priya, "a.json", b'[{"question": "Long", "answer": "' + b"x" * 200_001 + b'"}, {"question": "Short", "answer": "x"}]')
    assert run.counts["created"] == 1 and "200,000 are the most" in run.skipped[0]["reason"]


def test_the_status_of_a_file_is_kept_and_a_second_import_never_overwrites_it(as_priya: Client, maya: User) -> None:
    states = {"A": "draft", "B": "review", "C": "archived"}
    content = json.dumps([{"title": title, "body": "x", "status": state} for title, state in states.items()]).encode()
    bring(as_priya, "a.json", content)
    assert dict(Article.objects.values_list("title", "status")) == states
    assert bring(as_priya, "a.json", content).counts["unchanged"] == 3


def test_only_those_who_publish_import_and_export(as_maya: Client, as_priya: Client) -> None:
    make_article("gps", "GPS", "Text", index=False)
    for path in ("/knowledge/import/", "/knowledge/export/"):
        assert as_maya.get(path).status_code == 403
        assert as_priya.get(path).status_code == 200
    content = b"".join(as_priya.get("/knowledge/export/").streaming_content)  # type: ignore[attr-defined]
    assert ZipFile(io.BytesIO(content)).namelist() == ["gps.md"]
