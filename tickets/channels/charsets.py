"""Bytes to text that can be stored and shown: only known charsets, no control characters, never an exception."""

from __future__ import annotations

import re
import unicodedata

# Python also offers codecs that are no charsets (zip, rot13, idna, unicode_escape) and utf-7, which smuggles "<script>" past readers.
_UNICODE = "utf-8 us-ascii ascii utf-16 utf-16le utf-16be utf-16-le utf-16-be utf-32"
_ASIAN = "iso-2022-jp iso-2022-kr shift_jis euc-jp euc-kr ks_c_5601-1987 big5 big5-hkscs gb2312 gbk gb18030 tis-620"
_EUROPEAN = "latin-1 koi8-r koi8-u macroman"
KNOWN = frozenset(
    f"{_UNICODE} {_ASIAN} {_EUROPEAN}".split()
    + [f"iso-8859-{number}" for number in (*range(1, 12), 13, 14, 15, 16)]
    + [f"{family}{number}" for family in ("windows-", "cp") for number in (437, 850, 852, 866, 874, 932, 936, 949, 950, *range(1250, 1259))]
)
# Python refuses some names that are in use; and what says ASCII or GB2312 holds more than that in practice.
_PYTHON_NAMES = {"iso-8859-8-i": "iso-8859-8", "gb2312": "gb18030", "gbk": "gb18030", "us-ascii": "utf-8", "ascii": "utf-8"}

# C0 and C1 except tab, line feed and carriage return; lone surrogates; characters that only mislead (T04): bidi controls, zero width, BOM.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_MISLEADING = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]")
_SPACES = re.compile(r"\s+")

LONGEST_NAME = 150  # characters of a file name on screen


def decode(content: bytes, charset: str) -> str:
    """Text of these bytes: by the declared charset if we know it, else UTF-8, else Windows-1252. Control characters become U+FFFD."""
    return clean_text(_decoded(content, charset))


def _decoded(content: bytes, charset: str) -> str:
    name = charset.strip().strip("\"'").lower()
    name = _PYTHON_NAMES.get(name, name).replace("windows-", "cp")
    for codec in (name if name in KNOWN else "utf-8", "utf-8"):
        try:
            return content.decode(codec)
        except (UnicodeError, LookupError):
            continue
    return content.decode("cp1252", "replace")  # 8-bit junk is most often a Western desktop's


def clean_text(text: str) -> str:
    """Body text that PostgreSQL stores and a screen shows: NUL and other controls become U+FFFD, line ends become \\n."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _SURROGATES.sub("\ufffd", _CONTROLS.sub("\ufffd", text)).removeprefix("\ufeff")


def clean_line(text: str) -> str:
    """One line for a header, a name or a subject: controls and misleading characters go, white space is one blank (T04, T13)."""
    text = _MISLEADING.sub("", _CONTROLS.sub(" ", _SURROGATES.sub("\ufffd", text)))
    return _SPACES.sub(" ", text).strip()


def clean_file_name(name: str, *, otherwise: str = "attachment") -> str:
    """A sender's file name fit for display only (never for a path): composed, one line, no folders, at most 150 characters."""
    if len(name) > 4 * LONGEST_NAME:  # start and end, with the extension, are enough
        name = name[: 2 * LONGEST_NAME] + name[-2 * LONGEST_NAME :]
    name = clean_line(unicodedata.normalize("NFC", name))
    name = name.replace("\\", "/").rpartition("/")[2].strip(" .\t")
    if len(name) > LONGEST_NAME:
        stem, dot, extension = name.rpartition(".")
        kept = f".{extension}" if dot and len(extension) <= 10 else ""  # noqa: PLR2004 - longer is no extension
        name = (stem or name)[: LONGEST_NAME - len(kept)] + kept
    return name or otherwise
