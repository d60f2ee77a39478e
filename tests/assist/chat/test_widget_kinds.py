"""Files of visitors are what their names say, or are not taken."""

from __future__ import annotations

import io
import zipfile

import pytest

from assist.widget.kinds import KINDS, type_of


def archive(**parts: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as made:
        for name, text in parts.items():
            made.writestr(name.replace("__", "/").replace("_", "."), text)
    return held.getvalue()


WORD = archive(word__document_xml="<w/>")
MACROS = archive(word__document_xml="<w/>", word__vbaProject_bin="x")
SHEET = archive(mimetype="application/vnd.oasis.opendocument.spreadsheet", content_xml="<o/>")


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.png", b"\x89PNG\r\n\x1a\nrest", "image/png"),
        ("A.JPG", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("a.webp", b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        ("a.heic", b"\x00\x00\x00\x18ftypheic", "image/heic"),
        ("a.pdf", b"%PDF-1.7", "application/pdf"),
        ("a.docx", WORD, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("a.ods", SHEET, "application/vnd.oasis.opendocument.spreadsheet"),
        ("a.csv", "naïve;1".encode(), "text/csv"),
        ("a.txt", "ü".encode("utf-16"), "text/plain"),
        ("a.png", b"%PDF-1.7", ""),
        ("a.jpg", b"<html>", ""),
        ("a.odt", SHEET, ""),
        ("a.xlsx", WORD, ""),
        ("a.docx", MACROS, ""),
        ("a.docx", b"PK\x03\x04 cut off", ""),
        ("a.txt", b"\x7fELF\x02", ""),
        ("a.log", b"text\x00more", ""),
        ("a.exe", b"MZ", ""),
        ("png", b"\x89PNG\r\n\x1a\n", ""),
    ],
)
def test_a_file_is_what_its_name_says(name: str, content: bytes, kind: str) -> None:
    assert type_of(name, content) == kind


@pytest.mark.parametrize("ending", sorted(KINDS))
def test_nothing_is_taken_for_a_program(ending: str) -> None:
    assert type_of(f"a.{ending}", b"MZ\x90\x00\x03") == ""
