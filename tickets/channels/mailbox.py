"""Mail is kept before anyone looks into it: raw bytes and the event `mail.stored`, committed together, then acknowledged."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from email import message_from_bytes

from django.conf import settings
from django.db import transaction

from helpdesk.core.errors import HelpdeskError
from helpdesk.core.events import record
from tickets.models import Queue, RawMail

from .addresses import normalise
from .headers import all_values, message_ids
from .screening import header_block

LONGEST_ADDRESS = 320
MOST_RECIPIENTS = 100  # kept of one envelope
# What stays the same when one mail comes twice by different ways; Received and its like do not.
_IDENTITY = ("message-id", "date", "from", "to", "cc", "subject", "content-type")


class MailTooLarge(HelpdeskError):
    """This mail is larger than we take."""

    code, status = "mail-too-large", 413


def store(raw: bytes, *, source: str, envelope_from: str = "", envelope_to: Sequence[str] = (), queue: Queue | None = None) -> RawMail:
    """Keeps one mail for good: when this returns, it is committed and will be read. The same mail twice is one row, returned both times.

    `source` is lmtp, smtp, pipe, imap or provider. Without `queue` the first recipient that is a queue's address decides.
    Raises MailTooLarge; database errors are the caller's: nothing was stored then, and the sender must try again.
    """
    if len(raw) > settings.MAIL_LARGEST:
        raise MailTooLarge
    recipients = [clean_address(address) for address in envelope_to[:MOST_RECIPIENTS]]
    with transaction.atomic(durable=_commits_itself()):
        mail, is_new = RawMail.objects.get_or_create(
            content_hash=content_hash(raw),
            defaults={
                "raw": raw,
                "source": source,
                "envelope_from": clean_address(envelope_from),
                "envelope_to": recipients,
                "queue": queue or queue_of(recipients),
            },
        )
        if is_new:
            record("mail.stored", subject=mail, source=source, size=len(raw))
    return mail


def _commits_itself() -> bool:
    return not settings.TESTING  # a test's own transaction is around everything


def clean_address(address: str) -> str:
    """An envelope address as PostgreSQL can keep it."""
    return normalise(address).replace("\0", "").encode("utf-8", "replace").decode()[:LONGEST_ADDRESS]


def content_hash(raw: bytes) -> str:
    """SHA-256 of what makes a mail this mail: its own headers and its body. Without a Message-ID all bytes count."""
    block = header_block(raw)
    head = message_from_bytes(block + b"\n\n")
    if not message_ids(head, "message-id"):
        return hashlib.sha256(raw).hexdigest()
    digest = hashlib.sha256(b"mail")
    for name in _IDENTITY:
        for value in all_values(head, name):
            digest.update(f"\0{name}:{value}".encode("utf-8", "surrogatepass"))
    digest.update(b"\0\0")
    digest.update(raw[len(block) :].replace(b"\r\n", b"\n").rstrip(b"\n"))
    return digest.hexdigest()


def queue_of(recipients: Sequence[str]) -> Queue | None:
    """The queue that the first of our addresses belongs to, `support+anything@` included; None: whoever reads it uses the default."""
    wanted = list(dict.fromkeys(form for address in recipients for form in (address, _without_plus(address))))
    if not wanted:
        return None
    by_address = {queue.email_address.lower(): queue for queue in Queue.objects.exclude(email_address="")}
    return next((by_address[form] for form in wanted if form in by_address), None)


def _without_plus(address: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"
