"""Mail that no person wrote to us: auto-replies, lists, bounces (T11). It is kept and never answered."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.message import Message

from .headers import message_ids, raw_value, text_of
from .phrases import AUTO_REPLY_SUBJECTS

LOOP_HEADER = "X-Helpdesk-Loop"  # carries `threading.loop_mark()`: another helpdesk's mark is no reason to stay silent

_PRECEDENCE = {"bulk", "junk", "list", "auto_reply", "auto-reply"}
_LIST_HEADERS = ("list-id", "list-unsubscribe", "list-post", "list-help")
_ROBOT_HEADERS = ("x-autoreply", "x-autorespond", "x-auto-response-type", "x-mail-autoreply", "x-fc-machinegenerated", "feedback-id")
_DAEMONS = {"mailer-daemon", "postmaster", "mail-daemon", "bounce", "bounces"}
_REPORT_LINE = re.IGNORECASE | re.MULTILINE
_FINAL_RECIPIENT = re.compile(rb"^(?:final|original)-recipient[ \t]*:[ \t]*rfc822[ \t]*;[ \t]*<?([^\s<>]{3,254})", _REPORT_LINE)
_STATUS = re.compile(rb"^status[ \t]*:[ \t]*([245]\.\d{1,3}\.\d{1,3})", _REPORT_LINE)
_ACTION = re.compile(rb"^action[ \t]*:[ \t]*([a-z]{4,12})", _REPORT_LINE)
_ENCLOSED_ID = re.compile(rb"^message-id[ \t]*:[ \t\r\n]*<([^<>\s]{1,400})>", _REPORT_LINE)
_OUR_SIGNED_ID = re.compile(rb"<([0-9a-f]{32}\.[a-z2-7]{52}@[^<>\s]{1,190})>")


def why_automatic(mail: Message, *, envelope_from: str | None = None) -> str:
    """The reason in a word ("auto-submitted", "list", "bounce", ...), or "" for a person's mail. `envelope_from` None: not known."""
    if is_bounce(mail, envelope_from=envelope_from):
        return "bounce"
    submitted = raw_value(mail, "auto-submitted").partition(";")[0].strip().lower()
    if submitted and submitted != "no":
        return "auto-submitted"
    if any(raw_value(mail, name) for name in _LIST_HEADERS):
        return "list"
    return _by_habit(mail, envelope_from)


def _by_habit(mail: Message, envelope_from: str | None) -> str:
    if raw_value(mail, "precedence").strip().lower() in _PRECEDENCE:
        return "precedence"
    suppress = raw_value(mail, "x-auto-response-suppress").lower()
    if any(word in suppress for word in ("all", "oof", "autoreply")):  # set by programs that must not be answered
        return "suppress"
    if any(raw_value(mail, name) for name in _ROBOT_HEADERS) or text_of(mail, "subject").lower().startswith(AUTO_REPLY_SUBJECTS):
        return "auto-reply"
    return "empty return path" if envelope_from is not None and envelope_from.strip("<> ") == "" else ""


def is_bounce(mail: Message, *, envelope_from: str | None = None) -> bool:
    """A report on a mail's fate (RFC 3464), or what old servers send in its place."""
    kind = mail.get_content_type()
    if kind == "multipart/report" or raw_value(mail, "x-failed-recipients"):
        return True
    sender = raw_value(mail, "from").lower()
    daemon = any(f"{name}@" in sender for name in _DAEMONS)
    return daemon and (envelope_from is None or not envelope_from.strip("<> ") or bool(raw_value(mail, "auto-submitted")))


@dataclass(frozen=True)
class Bounce:
    """What a report says: which mail of ours, for whom, and whether it is final (5.x.x, or "failed")."""

    message_id: str = ""
    recipient: str = ""
    status: str = ""
    final: bool = True


def read_bounce(mail: Message, raw: bytes) -> Bounce:
    """Reads the report by its lines: reports are often malformed, and the Message-ID of ours is the only thing that counts."""
    body = raw[raw.find(b"\n\n") if b"\r\n\r\n" not in raw else raw.find(b"\r\n\r\n") :]
    ours = _OUR_SIGNED_ID.search(body) or _ENCLOSED_ID.search(body)
    references = (*message_ids(mail, "in-reply-to"), *message_ids(mail, "references"))
    recipient, status, action = _FINAL_RECIPIENT.search(body), _STATUS.search(body), _ACTION.search(body)
    failed = raw_value(mail, "x-failed-recipients").partition(",")[0].strip()
    code = _ascii(status[1]) if status else ""
    word = _ascii(action[1]).lower() if action else "failed"
    return Bounce(
        message_id=_ascii(ours[1]) if ours else (references[-1] if references else ""),
        recipient=(_ascii(recipient[1]) if recipient else failed).lower(),
        status=code,
        final=word not in {"delayed", "relayed", "delivered", "expanded"} and not code.startswith(("2.", "4.")),
    )


def _ascii(value: bytes) -> str:
    return value.decode("ascii", "replace")
