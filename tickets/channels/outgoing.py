"""An agent's reply as a mail: plain and HTML, threaded, with an address of its own to come back to.

No header is taken as it comes: names and subjects are cleaned of control characters, addresses must be addresses, and Reply-To is only
ever our own signed one (T13). Never a Bcc; one recipient each.
"""

from __future__ import annotations

import re
from datetime import UTC
from email.utils import format_datetime, formataddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone
from django.utils.html import escape
from django.utils.translation import gettext as _

from helpdesk.core.errors import Invalid
from tickets import rating, tracking
from tickets.models import Delivery, Message, Ticket

from .addresses import default_from
from .automatic import LOOP_HEADER
from .charsets import clean_file_name, clean_line
from .rendering import reply_html
from .threading import loop_mark, message_id, reply_address

MOST_REFERENCES = 20  # the first and the latest; mail programs thread by any of them
MOST_QUOTED_LINES = 200
LONGEST_HEADER_LINE = 240  # of the 998 that RFC 5322 allows
LARGEST_TOGETHER = 20 * 1024 * 1024  # bytes of attachments: most servers take 25 MB, and base64 adds a third
_PLAIN_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]{1,64}@[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]{1,190}")
_CONTENT_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+", re.ASCII)
_MESSAGE_ID = re.compile(r"[\x21-\x3b\x3d\x3f-\x7e]{3,400}")


class ReplyMail(EmailMultiAlternatives):
    """A mail whose Message-ID stays on one line: folded at 78, ours would start with an empty one, which some servers rewrite."""

    def message(self, **options: Any) -> Any:
        built = super().message(**options)
        built.policy = built.policy.clone(max_line_length=LONGEST_HEADER_LINE)
        return built


def compose(delivery: Delivery, server: BaseEmailBackend | None = None) -> EmailMultiAlternatives:
    """The mail of one delivery. Raises Invalid for a recipient that is no address."""
    message, ticket = delivery.message, delivery.message.ticket
    quoted = None if message.automatic else _last_from_customer(message)
    link = "" if message.automatic else tracking.link_for(ticket, delivery.recipient)
    ask = _question(message, delivery.recipient)
    mail = ReplyMail(
        subject=_automatic_subject(message) if message.automatic else _subject(ticket, quoted),
        body=_plain(message, quoted, link, ask),
        from_email=_sender(message),
        to=[_address(delivery.recipient)],
        reply_to=[reply_address(ticket.pk, delivery.recipient)],
        headers=_headers(message),
        connection=server,
    )
    mail.attach_alternative(_html(message, quoted, link, ask), "text/html")
    _attach(mail, message)
    return mail


def _address(address: str) -> str:
    address = clean_line(address)
    if not _PLAIN_ADDRESS.fullmatch(address):
        raise Invalid(f"{address!r} is not an address")
    return address


def _sender(message: Message) -> str:
    """ "Maya Lindqvist (Fernway Support) <support@...>": the person, the team, the team's address."""
    queue = message.ticket.queue
    team = clean_line(queue.sender_name or queue.name)
    person = clean_line(message.author_name) if message.author_kind == Message.AuthorKind.AGENT else ""
    name = f"{person} ({team})" if person and person != team else team
    return formataddr((name.replace('"', ""), _address(queue.email_address or default_from())))


def _subject(ticket: Ticket, quoted: Message | None) -> str:
    subject = clean_line(ticket.subject)[:400] or _("(no subject)")
    return subject if quoted is None or subject.lower().startswith("re:") else f"Re: {subject}"


def _automatic_subject(message: Message) -> str:
    return _("How did we do?") if message.metadata.get("asks") else _("We have received your message")


def _question(message: Message, recipient: str) -> str:
    """The link by which this recipient may rate the ticket; noted on the message, so that nobody is asked twice."""
    asks = message.metadata.get("asks")
    link = rating.link_for(message.ticket, recipient) if asks or not message.automatic else ""
    if link and not asks:
        message.metadata["asks"] = True
        message.save(update_fields=["metadata"])
    return link


def _headers(message: Message) -> dict[str, str]:
    earlier = _earlier_ids(message)
    headers = {
        "Message-ID": f"<{message.external_id or message_id(message.pk)}>",
        "Date": format_datetime(message.created_at.astimezone(UTC)),
        LOOP_HEADER: loop_mark(),
        "X-Auto-Response-Suppress": "OOF, AutoReply",
    }
    if earlier:
        headers["In-Reply-To"] = f"<{earlier[-1]}>"
        headers["References"] = " ".join(f"<{one}>" for one in earlier)
    if message.automatic or message.author_kind != Message.AuthorKind.AGENT:
        headers |= {"Auto-Submitted": "auto-replied", "Precedence": "auto_reply", "X-Auto-Response-Suppress": "All"}
    return headers


def _earlier_ids(message: Message) -> list[str]:
    """Message-IDs of the ticket's public mails before this one, oldest first; the one that is answered comes last."""
    before = message.ticket.messages.public().filter(created_at__lt=message.created_at).exclude(pk=message.pk).exclude(external_id="")
    before = before.filter(channel=Ticket.Channel.EMAIL).in_order()
    found = [(one.partition("#")[0], kind) for one, kind in before.values_list("external_id", "author_kind")]
    usable = [(one, kind) for one, kind in found if _MESSAGE_ID.fullmatch(one)]
    answered = next((one for one, kind in reversed(usable) if kind == Message.AuthorKind.CUSTOMER), None)
    ids = list(dict.fromkeys(one for one, _kind in usable if one != answered))
    ids += [answered] if answered else []
    return ids if len(ids) <= MOST_REFERENCES else [ids[0], *ids[-MOST_REFERENCES + 1 :]]


# -- what is in it ---------------------------------------------------------------------------------------------


def _last_from_customer(message: Message) -> Message | None:
    """What is answered, and quoted: never a message whose sender failed the check, never an internal one (T06)."""
    before = message.ticket.messages.public().from_customer().filter(created_at__lt=message.created_at)
    return before.exclude(verified="fail").filter(automatic=False).in_order().last()


def _signature(message: Message) -> str:
    own = message.user.signature if message.user else ""
    return "\n".join(filter(None, ((own or "").strip(), message.ticket.queue.signature.strip())))


def _plain(message: Message, quoted: Message | None, link: str, ask: str) -> str:
    parts = [message.body_text.replace("](/", f"]({settings.SITE_URL}/")]
    if signature := _signature(message):
        parts.append(f"-- \n{signature}")
    if ask:
        parts.append("\n".join([_("How did we do?"), *(f"{score} {label}: {ask}?score={score}" for score, label in rating.FACES)]))
    if link:
        parts.append(_("Your request and every answer to it: %(link)s") % {"link": link})
    if quoted:
        lines = quoted.body_text.splitlines()[:MOST_QUOTED_LINES]
        parts.append("\n".join([_introduction(quoted), *(f"> {line}" for line in lines)]))
    return "\n\n".join(parts)


def _html(message: Message, quoted: Message | None, link: str, ask: str) -> str:
    body = message.body_html or reply_html(message.body_text)
    parts = [body.replace('href="/', f'href="{settings.SITE_URL}/')]
    if signature := _signature(message):
        parts.append(f"<p>-- <br>{escape(signature).replace(chr(10), '<br>')}</p>")
    if ask:
        faces = " · ".join(f'<a href="{escape(ask)}?score={score}">{score} {escape(label)}</a>' for score, label in rating.FACES)
        parts.append(f"<p>{escape(_('How did we do?'))}<br>{faces}</p>")
    if link:
        parts.append(f'<p><a href="{escape(link)}">{escape(_("Your request and every answer to it"))}</a></p>')
    if quoted:
        text = "\n".join(quoted.body_text.splitlines()[:MOST_QUOTED_LINES])
        parts.append(f'<p>{escape(_introduction(quoted))}</p><blockquote type="cite">{escape(text).replace(chr(10), "<br>")}</blockquote>')
    return f'<!DOCTYPE html><html><head><meta charset="utf-8"></head><body>{"".join(parts)}</body></html>'


def _introduction(quoted: Message) -> str:
    day = timezone.localtime(quoted.created_at, UTC)
    return _("On %(day)s UTC, %(name)s wrote:") % {"day": f"{day:%Y-%m-%d %H:%M}", "name": clean_line(quoted.author_name) or _("you")}


def _attach(mail: EmailMultiAlternatives, message: Message) -> None:
    total = 0
    for attachment in message.attachments.all():
        total += attachment.size
        if total > LARGEST_TOGETHER:
            raise Invalid(_("The attachments are larger than 20 MB together"))
        with attachment.file.open("rb") as file:
            mail.attach(clean_file_name(attachment.name), file.read(), _content_type(attachment.content_type))


def _content_type(given: str) -> str:
    """What a browser said, where it is one; a mail inside the mail goes as a plain file, or its bytes would be read as headers."""
    plain = _CONTENT_TYPE.fullmatch(given) and not given.lower().startswith(("message/", "multipart/"))
    return given if plain else "application/octet-stream"
