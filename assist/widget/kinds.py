"""What a file is, by its first bytes: a name can say anything. Pure; the kinds that a visitor may send, and no others."""

from __future__ import annotations

import io
import zipfile

PICTURES = {
    "png": ("image/png", b"\x89PNG\r\n\x1a\n"),
    "jpg": ("image/jpeg", b"\xff\xd8\xff"),
    "jpeg": ("image/jpeg", b"\xff\xd8\xff"),
    "gif": ("image/gif", b"GIF8"),
}
_HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_OFFICE = "application/vnd.openxmlformats-officedocument"
_OPEN = "application/vnd.oasis.opendocument"
OFFICE = {  # type, and a name that is in every such archive
    "docx": (f"{_OFFICE}.wordprocessingml.document", "word/document.xml"),
    "xlsx": (f"{_OFFICE}.spreadsheetml.sheet", "xl/workbook.xml"),
    "pptx": (f"{_OFFICE}.presentationml.presentation", "ppt/presentation.xml"),
    "odt": (f"{_OPEN}.text", "content.xml"),
    "ods": (f"{_OPEN}.spreadsheet", "content.xml"),
    "odp": (f"{_OPEN}.presentation", "content.xml"),
}
TEXTS = {"txt": "text/plain", "log": "text/plain", "csv": "text/csv", "json": "application/json"}
KINDS = frozenset({*PICTURES, "webp", "heic", "pdf", *OFFICE, *TEXTS})
MOST_PARTS = 5_000  # of an archive that is looked into
_PROGRAMS = (b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"PK\x03\x04")


def type_of(name: str, content: bytes) -> str:
    """The media type of a file whose content is what its name's ending says; "" for any other."""
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    if ending in PICTURES:
        kind, begins = PICTURES[ending]
        return kind if content.startswith(begins) else ""
    if ending in OFFICE:
        kind, part = OFFICE[ending]
        return kind if _holds(content, part, kind if ending.startswith("od") else "") else ""
    if ending in TEXTS:
        return TEXTS[ending] if _is_text(content) else ""
    found = {
        "webp": ("image/webp", content[:4] == b"RIFF" and content[8:12] == b"WEBP"),
        "heic": ("image/heic", content[4:8] == b"ftyp" and content[8:12] in _HEIC),
        "pdf": ("application/pdf", b"%PDF-" in content[:1024]),
    }.get(ending, ("", False))
    return found[0] if found[1] else ""


def _holds(content: bytes, part: str, mimetype: str) -> bool:
    """An archive with this part in it; one of the open formats says besides what it is. Nothing is unpacked but that short word."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            if len(names) > MOST_PARTS or part not in names or any(name.lower().endswith("vbaproject.bin") for name in names):
                return False
            if not mimetype:
                return True
            with archive.open("mimetype") as said:
                return said.read(len(mimetype) + 1).decode("ascii", "ignore") == mimetype
    except (zipfile.BadZipFile, KeyError, OSError, ValueError, NotImplementedError, RuntimeError):
        return False


def _is_text(content: bytes) -> bool:
    if content.startswith(_PROGRAMS):
        return False
    return content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" not in content[:65_536]
