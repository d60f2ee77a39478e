"""Raw mail to its parts, with nothing of Django in it: the same code runs here and in the child process for suspicious mail.

`parse` never raises for a mail within the limits of `screening`, whatever its charsets, encodings and boundaries; a part that cannot be
decoded becomes an attachment with its bytes as they came.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from email import message_from_bytes
from email.generator import BytesGenerator
from email.message import Message
from io import BytesIO
from urllib.parse import unquote_to_bytes

from . import calendar, html, quoting
from .automatic import LOOP_HEADER, Bounce, read_bounce, why_automatic
from .charsets import clean_file_name, clean_line, decode
from .headers import Address, addresses, date_of, decode_words, message_ids, raw_value, text_of

DEEPEST = 30
MOST_PARTS = 200
LONGEST_TEXT = 512 * 1024  # characters of body kept; the raw mail has the rest
LONGEST_SUBJECT = 500
LONGEST_TYPE = 100
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,60}")
_ENCRYPTED = {"application/pkcs7-mime", "application/x-pkcs7-mime", "application/pgp-encrypted"}
_SIGNATURES = {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}
_NAMES = {"text/calendar": "invite.ics", "message/rfc822": "message.eml", "text/html": "message.html", "text/plain": "message.txt"}


class TooComplex(Exception):
    """The mail is deeper or has more parts than `screening` could see from outside."""


@dataclass(frozen=True)
class File:
    name: str
    content_type: str
    content: bytes
    content_id: str = ""
    inline: bool = False


@dataclass(frozen=True)
class ParsedMail:
    """One mail, understood. `text` is without quotation and signature; `notes` are codes of what a reader should know."""

    sender: Address = field(default_factory=lambda: Address(""))
    reply_to: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    subject: str = ""
    message_id: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    date: datetime | None = None
    text: str = ""
    quoted: str = ""
    signature: str = ""
    html: str = ""
    blocked_images: int = 0
    files: tuple[File, ...] = ()
    automatic: str = ""
    loop_mark: str = ""  # see automatic.LOOP_HEADER
    delivered_to: tuple[str, ...] = ()  # what servers on the way noted as the recipient
    bounce: Bounce | None = None
    notes: tuple[str, ...] = ()  # encrypted, signed, calendar, html_refused, shortened


def parse(raw: bytes, *, envelope_from: str | None = None) -> ParsedMail:
    """Reads one mail. Raises TooComplex when it is over the limits after all, RecursionError when it is absurd."""
    mail = message_from_bytes(raw)
    return _with_body(_with_headers(mail, raw, envelope_from), mail)


def _with_headers(mail: Message, raw: bytes, envelope_from: str | None) -> ParsedMail:
    senders = addresses(mail, "from") or addresses(mail, "sender")
    own_id, answered = message_ids(mail, "message-id"), message_ids(mail, "in-reply-to")
    reason = why_automatic(mail, envelope_from=envelope_from)
    return ParsedMail(
        sender=senders[0] if senders else Address(""),
        reply_to=addresses(mail, "reply-to"),
        to=addresses(mail, "to"),
        cc=addresses(mail, "cc"),
        subject=text_of(mail, "subject")[:LONGEST_SUBJECT],
        message_id=own_id[0] if own_id else "",
        in_reply_to=answered[0] if answered else "",
        references=message_ids(mail, "references"),
        date=date_of(mail),
        automatic=reason,
        loop_mark=clean_line(raw_value(mail, LOOP_HEADER.lower()))[:100],
        delivered_to=tuple(one.email for name in ("delivered-to", "x-original-to", "envelope-to") for one in addresses(mail, name)),
        bounce=read_bounce(mail, raw) if reason == "bounce" else None,
    )


@dataclass
class _Body:
    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    notes: dict[str, None] = field(default_factory=dict)


def _with_body(parsed: ParsedMail, mail: Message) -> ParsedMail:
    body = _Body()
    for part in _leaves(mail):
        _take(part, body, bounce=parsed.bounce is not None)
    cleaned = html.clean("\n".join(body.html)) if body.html else html.CleanHtml("")
    if cleaned.refused or cleaned.shortened:
        body.notes["html_refused" if cleaned.refused else "shortened"] = None
        body.files += [File("message.html", "text/html", "\n".join(body.html).encode())]
    text = "\n\n".join(body.plain).strip() or html.to_text(cleaned.html)
    if len(text) > LONGEST_TEXT:
        body.notes["shortened"] = None
    parts = quoting.split(text[:LONGEST_TEXT])
    return replace(
        parsed,
        text=parts.reply,
        quoted=parts.quoted,
        signature=parts.signature,
        html=cleaned.html,
        blocked_images=cleaned.blocked_images,
        files=tuple(body.files),
        notes=tuple(body.notes),
    )


def _leaves(mail: Message) -> Iterator[Message]:
    """The parts that hold something, in order; an enclosed message is one leaf. Of alternatives all are given: text and HTML."""
    waiting = [(mail, 0)]
    seen = 0
    while waiting:
        part, depth = waiting.pop()
        seen += 1
        if depth > DEEPEST or seen > MOST_PARTS:
            raise TooComplex(f"more than {DEEPEST} levels or {MOST_PARTS} parts")
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            waiting += [(child, depth + 1) for child in reversed(_children(part))]
        else:
            yield part


def _children(part: Message) -> list[Message]:
    # Asked for the payload of a part that has none, the standard library decodes its text by the declared charset, and raises.
    return [child for child in part.get_payload() if isinstance(child, Message)] if part.is_multipart() else []


def _take(part: Message, body: _Body, *, bounce: bool) -> None:
    kind = _content_type(part)
    disposition = raw_value(part, "content-disposition").partition(";")[0].strip().lower()
    if kind == "message/rfc822" or (kind.startswith("message/") and part.is_multipart()):
        body.files.append(_enclosed(part, kind))
    elif disposition != "attachment" and not (_name(part) and kind == "text/plain" and body.plain) and kind in {"text/plain", "text/html"}:
        _take_text(part, kind, body)
    else:
        _take_file(part, kind, disposition, body, bounce=bounce)


def _take_text(part: Message, kind: str, body: _Body) -> None:
    text = decode(_content(part), _parameter(part, "charset"))
    if kind == "text/html":
        body.html.append(text)
    else:
        body.plain.append(_unflowed(text, part) if _parameter(part, "format").lower() == "flowed" else text)


def _unflowed(text: str, part: Message) -> str:
    """RFC 3676: a line that ends in a blank goes on in the next one of the same quote depth; "-- " never does."""
    drop_blank = _parameter(part, "delsp").lower() == "yes"
    done: list[str] = []
    flowing = False
    depth = 0
    for line in text.split("\n"):
        content = line.lstrip(">")
        own_depth, content = len(line) - len(content), content.removeprefix(" ")
        if flowing and own_depth == depth and content != "-- ":
            done[-1] += content
        else:
            done.append(("> " * own_depth if own_depth else "") + content)
        depth, flowing = own_depth, content.endswith(" ") and content != "-- "
        if flowing and drop_blank:
            done[-1] = done[-1][:-1]
    return "\n".join(done)


def _take_file(part: Message, kind: str, disposition: str, body: _Body, *, bounce: bool) -> None:
    content = _content(part)
    if kind in _ENCRYPTED:
        body.notes["encrypted" if "signed" not in _parameter(part, "smime-type").lower() else "signed"] = None
    elif kind in _SIGNATURES:
        body.notes["signed"] = None
    elif kind == "text/calendar":
        body.notes["calendar"] = None
        if summary := calendar.summarise(decode(content, _parameter(part, "charset"))):
            body.plain.append(summary)
    if not content and not _name(part):
        return
    content_id = clean_line(raw_value(part, "content-id")).strip("<> ")[:255]
    inline = disposition == "inline" or bool(content_id and disposition != "attachment")
    name = clean_file_name(_name(part), otherwise=_NAMES.get(kind, "attachment" if not bounce else "report.txt"))
    body.files.append(File(name, kind, content, content_id, inline))


def _enclosed(part: Message, kind: str) -> File:
    inner = next(iter(_children(part)), None)
    if inner is None:
        return File(_NAMES["message/rfc822"], kind, _content(part))
    subject = text_of(inner, "subject")
    name = clean_file_name(_name(part) or (f"{subject}.eml" if subject else ""), otherwise=_NAMES["message/rfc822"])
    return File(name, kind, _flat(inner))


def _flat(inner: Message) -> bytes:
    out = BytesIO()
    try:
        BytesGenerator(out, mangle_from_=False, maxheaderlen=0).flatten(inner)
    except (ValueError, TypeError, LookupError, AttributeError, KeyError):  # the generator trips over headers the parser let pass
        return "\n".join(f"{name}: {value}" for name, value in inner.raw_items()).encode("utf-8", "replace")  # type: ignore[attr-defined]
    return out.getvalue()


def _content(part: Message) -> bytes:
    """The part's bytes, decoded as far as its encoding holds; as they came where it does not."""
    try:
        content = part.get_payload(decode=True)
    except (ValueError, TypeError, LookupError, AssertionError):
        del part["Content-Transfer-Encoding"]
        content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _content_type(part: Message) -> str:
    if part.get_content_maintype() == "multipart":
        return "text/plain"  # it says multipart and has no parts: the text is what there is
    kind = clean_line(part.get_content_type())
    return kind if len(kind) <= LONGEST_TYPE and _TYPE.fullmatch(kind) else "application/octet-stream"


def _name(part: Message) -> str:
    """The file name as the sender wrote it: RFC 2231, or the encoded words that most programs use instead."""
    return _parameter(part, "filename", "content-disposition") or _parameter(part, "name")


def _parameter(part: Message, name: str, header: str = "content-type") -> str:
    try:
        value = part.get_param(name, failobj="", header=header)
    except (ValueError, TypeError, LookupError, IndexError):
        return ""
    if isinstance(value, tuple):
        charset, _language, text = value
        return decode(text.encode("latin-1", "replace") if "%" not in text else unquote_to_bytes(text), charset or "utf-8")
    return decode_words(str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
