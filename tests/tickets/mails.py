"""Raw mails for the tests: the hand-written fixtures, a plain builder, and a seeded generator of hostile ones."""

from __future__ import annotations

import random
from pathlib import Path

from hypothesis import strategies as st

from tickets.channels import email
from tickets.models import RawMail

FIXTURES = Path(__file__).parent.parent / "data" / "emails"


def fixture(name: str) -> bytes:
    return (FIXTURES / f"{name}.eml").read_bytes()


def mail(body: str | bytes = "Hello there", *, sender: str = "ingrid@nordhavn.example", message_id: str = "", **headers: str) -> bytes:
    """A plain mail. Header names are given with underscores: `in_reply_to="<a@b>"`."""
    fields = {"From": sender, "To": "support@fernway.example", "Subject": "Hello"} | (
        {"Message-ID": f"<{message_id}>"} if message_id else {}
    )
    fields |= {name.replace("_", "-").title(): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value).encode("utf-8", "surrogateescape")
    return head + b"\r\n" + (body.encode() if isinstance(body, str) else body)


def read_stored() -> None:
    """What the worker does with `mail.stored`, without what other apps do after it."""
    for raw_mail in RawMail.objects.filter(state=RawMail.State.STORED):
        email.process(raw_mail.pk)


def torture() -> dict[str, bytes]:
    """One mail of every class that has hurt a mail program (security T14 to T17), by name."""
    deep = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(1000))
    bomb = b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\nContent-Type: text/plain\n\nx\n" * 20_000 + b"--b--\n"
    return {
        "empty": b"",
        "only line ends": b"\r\n" * 50,
        "only NUL": b"\0" * 5000,
        "random bytes": random.Random(7).randbytes(50_000),
        "no header": b"just text, no header at all",
        "no body": b"From: a@b.example\nSubject: x\n",
        "comments in From": b"From: " + b"(" * 500 + b")" * 500 + b" a@b.example\n\nx",
        "thousand nested multiparts": b"From: a@b.example\n" + deep,
        "twenty thousand parts": b"From: a@b.example\n" + bomb,
        "twenty thousand parameters": b"From: a@b.example\nContent-Type: text/plain" + b"; a=b" * 20_000 + b"\n\nx",
        "fifty thousand folded lines": b"From: a@b.example\nSubject: x" + b"\n x" * 50_000 + b"\n\nx",
        "two thousand headers": b"From: a@b.example\n" + b"".join(b"X-H%d: x\n" % n for n in range(2000)) + b"\nx",
        "huge header": b"From: a@b.example\nSubject: " + b"x" * 300_000 + b"\n\nx",
        "endless enclosed": b"From: a@b.example\n" + b"Content-Type: message/rfc822\n\n" * 3000,
        "long line": b"From: a@b.example\nSubject: x\n\n" + b"y" * 20_000,
        "eight-bit header": b"From: J\xf6rg <a@b.example>\nSubject: \xff\xfe\xfd\n\n\xff\xfe",
        "missing boundary": b"From: a@b.example\nContent-Type: multipart/mixed\n\n--x\n\ny",
        "never closed boundary": b"From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\n\ny",
        "bad base64": b"From: a@b.example\nContent-Transfer-Encoding: base64\n\n%%%not base64",
        "bad uuencode": b"From: a@b.example\nContent-Transfer-Encoding: x-uuencode\n\nbegin 6 x\n\xff\xff",
        "nested divs": b"From: a@b.example\nContent-Type: text/html\n\n" + b"<div>" * 100_000,
        "on a a a": b"From: a@b.example\n\nOn " + b"a " * 30_000 + b"wrote:\n",
        "many links": b"From: a@b.example\nContent-Type: text/html\n\n" + b'<a href="https://x.example">y</a>' * 10_000,
        "encoded word flood": b"From: a@b.example\nSubject: " + b"=?utf-8?q?=41?= " * 10_000 + b"\n\nx",
        **{f"charset {name}": _charset(name) for name in HOSTILE_CHARSETS},
    }


_CODECS = "utf-7 utf-16 hz idna punycode zlib unicode_escape x-unknown rot13 undefined mbcs".split()
HOSTILE_CHARSETS = (*_CODECS, "\xff\xfe", "a" * 3000)


def _charset(name: str) -> bytes:
    head = b"From: a@b.example\nContent-Type: text/html; charset=" + name.encode("latin-1")
    return head + b"\n\n+ADw-script+AD4-alert(1)+ADw-/script+AD4- \xff\x00\xd8"


# -- generated mails -------------------------------------------------------------------------------------------

_word = st.text(st.characters(codec="utf-8"), max_size=40)
_types = ("text/plain", "text/html", "text/calendar", "image/png", "application/pdf", "message/rfc822", "multipart/mixed", "x/", "", "text")
_type = st.sampled_from(_types)
_charsets = st.sampled_from(("utf-8", "iso-8859-1", "shift_jis", "utf-16", *HOSTILE_CHARSETS[:8]))
_encodings = st.sampled_from(("7bit", "8bit", "base64", "quoted-printable", "x-uuencode", "binary", "nonsense"))
_headers = ("From", "To", "Cc", "Subject", "Date", "Message-ID", "References", "In-Reply-To", "Content-ID", "Auto-Submitted", "X-Any")
_header_name = st.sampled_from(_headers)


@st.composite
def _part(draw: st.DrawFn, inner: st.SearchStrategy[bytes]) -> bytes:
    if draw(st.booleans()):
        boundary = draw(st.sampled_from(("b1", "b2", "b 3", "")))
        kind = draw(st.sampled_from(("mixed", "alternative", "related", "signed", "report", "encrypted")))
        parts = draw(st.lists(inner, max_size=3))
        delimiter = b"--" + boundary.encode() + b"\n"
        return f'Content-Type: multipart/{kind}; boundary="{boundary}"\n\n'.encode() + delimiter + delimiter.join(parts)
    name = draw(_word).replace("\n", " ").replace("\r", " ")
    head = f'Content-Type: {draw(_type)}; charset={draw(_charsets)}; name="{name}"\nContent-Transfer-Encoding: {draw(_encodings)}\n\n'
    return head.encode("utf-8", "surrogatepass") + draw(st.one_of(st.binary(max_size=200), _word.map(str.encode)))


@st.composite
def generated_mails(draw: st.DrawFn) -> bytes:
    """Trees of parts under random headers: most are broken in some way."""
    headers = draw(st.lists(st.tuples(_header_name, _word), max_size=8))
    head = "".join(f"{name}: {value}\n" for name, value in headers).encode("utf-8", "surrogatepass")
    tree = st.recursive(_part(st.just(b"")), _part, max_leaves=8)
    return head + draw(tree)
