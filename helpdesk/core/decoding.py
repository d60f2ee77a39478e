"""Bytes of an uploaded file to text, by what they look like: nobody knows the encoding of their CSV."""

from __future__ import annotations

import codecs

from helpdesk.core.errors import Invalid

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decoded(name: str, content: bytes, most: int) -> tuple[str, str]:
    """The text and its encoding: by its byte order mark, else UTF-8, else UTF-16 without a mark, else Windows-1252.

    Raises Invalid when it is none of them, or longer than `most` bytes.
    """
    if len(content) > most:
        raise Invalid(f"{name}: larger than {most // 1_000_000} MB.")
    encoding = _encoding(content)
    try:
        return content.decode(encoding).replace("\x00", ""), encoding
    except UnicodeDecodeError as error:
        raise Invalid(f"{name}: the letters are in no encoding that we know. Save it as UTF-8 and try again.") from error


def _encoding(content: bytes) -> str:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return encoding
    even, odd = content[:4000:2].count(0), content[1:4000:2].count(0)
    if max(even, odd) > len(content[:4000]) // 5:  # Latin letters in UTF-16 have a zero beside each
        return "utf-16-le" if odd > even else "utf-16-be"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"  # what Excel writes as CSV on a Western desktop
    return "utf-8"
