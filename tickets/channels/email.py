"""A stored mail becomes an `InboundMessage`. Called with its id, by the event `mail.stored`, as often as it takes.

    store (mailbox) → screen → parse, here or in a child → check the sender → translate → `intake.receive`

The number of tries is committed before anything is parsed: a mail that kills its worker is known on the next try. After three it is shown
as "could not be displayed, download the original", and the queue behind it moves on.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from helpdesk.core.events import record
from tickets import intake
from tickets.models import Message, Queue, RawMail, Ticket

from . import authentication, mailbox, mime, sandbox
from .addresses import is_ours, normalise
from .base import InboundAttachment, InboundMessage, Sender
from .screening import glimpse, screen
from .threading import loop_mark, read_message_id, read_reply_token

log = logging.getLogger(__name__)

MOST_TRIES = 3


class _Unreadable(Exception):
    """No parser may or can read this mail; the text says why."""


def process(raw_mail_id: UUID | str) -> Message | None:
    """Turns one stored mail into a message. Returns it; None when it is done already or gone.

    Raises what the database raises: the caller tries again later, and nothing is lost meanwhile.
    """
    raw_mail = _begin(raw_mail_id)
    if raw_mail is None:
        return None
    try:
        inbound = _understand(raw_mail)
    except _Unreadable as error:
        log.warning("mail_unreadable", extra={"raw_mail": str(raw_mail.pk), "reason": str(error)})
        return _finish(raw_mail, _undisplayable(raw_mail), error=str(error))
    return _finish(raw_mail, inbound)


def _begin(raw_mail_id: UUID | str) -> RawMail | None:
    """Counts this try, committed at once."""
    waiting = RawMail.objects.filter(pk=raw_mail_id, state=RawMail.State.STORED)
    if not waiting.update(attempts=F("attempts") + 1):
        return None
    return RawMail.objects.select_related("queue").get(pk=raw_mail_id)


def _finish(raw_mail: RawMail, inbound: InboundMessage, *, error: str = "") -> Message | None:
    """Message and state are written together, once, however many workers hold this mail."""
    with transaction.atomic():
        locked = RawMail.objects.select_for_update().filter(pk=raw_mail.pk, state=RawMail.State.STORED).only("pk").first()
        if locked is None:
            return None
        message = intake.receive(inbound)
        if message.raw_mail_id not in (None, raw_mail.pk):  # another mail took this Message-ID since we looked
            message = intake.receive(replace(inbound, external_id=_external_id(inbound.external_id, raw_mail, own=False)))
        state = RawMail.State.UNREADABLE if inbound.undisplayable else RawMail.State.PROCESSED
        RawMail.objects.filter(pk=raw_mail.pk).update(state=state, message=message, error=error[:2000])
        if inbound.undisplayable:
            record("mail.unreadable", subject=raw_mail, ticket=message.ticket, reason=error[:300], sender=inbound.sender.email)
    return message


# -- reading ---------------------------------------------------------------------------------------------------


def _understand(raw_mail: RawMail) -> InboundMessage:
    if raw_mail.attempts > MOST_TRIES:
        raise _Unreadable(f"given up after {MOST_TRIES} tries")
    raw = bytes(raw_mail.raw)
    parsed = _parse(raw, raw_mail)
    return _translate(parsed, raw_mail, verified=authentication.verify(raw))


def _parse(raw: bytes, raw_mail: RawMail) -> mime.ParsedMail:
    """In this process if the mail looks harmless and did not end its worker before; else in a child."""
    screening = screen(raw)
    if screening.verdict == "refused":
        raise _Unreadable(screening.reason)
    envelope_from = raw_mail.envelope_from if raw_mail.source in {"lmtp", "smtp"} else None  # pipes and IMAP do not say
    try:
        if screening.verdict == "ordinary" and raw_mail.attempts == 1:
            return mime.parse(raw, envelope_from=envelope_from)
        return sandbox.parse_in_child(raw, envelope_from=envelope_from)
    except Exception as error:  # whatever a parser raises on hostile bytes, the mail is shown as it came
        raise _Unreadable(f"{type(error).__name__}: {error}") from error


# -- translating -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Addressed:
    """Where the mail was sent to, as far as that concerns us."""

    others: tuple[str, ...]
    token: str
    queue: str
    from_us: bool


def _translate(parsed: mime.ParsedMail, raw_mail: RawMail, *, verified: str) -> InboundMessage:
    addressed = _addressed(parsed, raw_mail)
    own = parsed.loop_mark == loop_mark()
    bounce = parsed.bounce
    bounce_of = bounce.message_id if bounce and bounce.final and read_message_id(bounce.message_id) else ""
    return InboundMessage(
        channel=Ticket.Channel.EMAIL,
        sender=Sender(email=parsed.sender.email or raw_mail.envelope_from, name=parsed.sender.name),
        subject=parsed.subject,
        body_text=_text(parsed),
        body_html=parsed.html,
        external_id=_external_id(parsed.message_id, raw_mail, own=own),
        in_reply_to=parsed.in_reply_to,
        references=parsed.references,
        reply_token=addressed.token,
        recipients=addressed.others,
        attachments=tuple(InboundAttachment(one.name, one.content_type, one.content, one.content_id, one.inline) for one in parsed.files),
        received_at=raw_mail.received_at,
        automatic=bool(parsed.automatic) or own or addressed.from_us,
        bounce_of=bounce_of,
        verified=verified,
        quoted_text=parsed.quoted,
        queue=addressed.queue,
        metadata={"mail": _metadata(parsed)},
        raw_mail_id=raw_mail.pk,
    )


def _addressed(parsed: mime.ParsedMail, raw_mail: RawMail) -> _Addressed:
    named = [one.email for one in (*parsed.to, *parsed.cc)]
    ours = list(Queue.objects.exclude(email_address="").values_list("email_address", flat=True))
    everywhere = [*raw_mail.envelope_to, *parsed.delivered_to, *named]
    queue = raw_mail.queue or mailbox.queue_of([normalise(address) for address in everywhere])
    return _Addressed(
        others=tuple(dict.fromkeys(address for address in named if address != parsed.sender.email and not is_ours(address, ours))),
        token=next(filter(None, map(read_reply_token, everywhere)), ""),
        queue=queue.slug if queue else "",
        from_us=bool(parsed.sender.email) and is_ours(parsed.sender.email, ours),
    )


def _external_id(message_id: str, raw_mail: RawMail, *, own: bool) -> str:
    """The Message-ID; with a mark behind it when another mail has used it already: two different mails are never taken for one."""
    if not message_id:
        return ""
    others = Message.objects.filter(channel=Ticket.Channel.EMAIL, external_id=message_id).exclude(raw_mail=raw_mail)
    if not others.exists() or (own and read_message_id(message_id)):  # our own mail, come back: that message we have
        return message_id
    return f"{message_id}#{raw_mail.content_hash[:16]}"


def _text(parsed: mime.ParsedMail) -> str:
    if "encrypted" in parsed.notes and not parsed.text.strip():
        return _("This message is encrypted. The encrypted part is attached.")
    return parsed.text


def _metadata(parsed: mime.ParsedMail) -> dict[str, object]:
    """What a screen may want to say beside the message; only what is there."""
    found = {
        "date": parsed.date.isoformat() if parsed.date else "",
        "automatic": parsed.automatic,
        "notes": list(parsed.notes),
        "blocked_images": parsed.blocked_images,
        "reply_to": [one.email for one in parsed.reply_to if one.email != parsed.sender.email],
        "signature": parsed.signature[:2000],
        "bounce": {"recipient": parsed.bounce.recipient, "status": parsed.bounce.status} if parsed.bounce else {},
    }
    return {key: value for key, value in found.items() if value}


def _undisplayable(raw_mail: RawMail) -> InboundMessage:
    seen = glimpse(bytes(raw_mail.raw))
    return InboundMessage(
        channel=Ticket.Channel.EMAIL,
        sender=Sender(email=seen.sender.email or raw_mail.envelope_from, name=seen.sender.name),
        subject=seen.subject,
        body_text=_("This mail could not be displayed. Download the original to read it."),
        external_id=_external_id(seen.message_id, raw_mail, own=False),
        received_at=raw_mail.received_at,
        automatic=True,
        queue=raw_mail.queue.slug if raw_mail.queue else "",
        raw_mail_id=raw_mail.pk,
        undisplayable=True,
    )
