"""Tags and filters of the console's ticket pages: `{% load tickets_ui %}`."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django import template
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import escape, format_html, urlize
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from helpdesk.core import clock
from helpdesk.core.models import User
from tickets import listing
from tickets.channels.rendering import reply_html
from tickets.models import Message, Ticket
from tickets.models.escalation import STANDARD as LEVELS
from tickets.models.escalation import open_of
from tickets.sla import started_at
from tickets.sla.clocks import NEXT_REPLY
from tickets.sla.words import length_text

register = template.Library()
BRIEFED, BRIEFED_LINE = 2, 90  # lines of a briefing on a row, and characters of each

NEAR = timedelta(hours=6)
LONGEST_SHOWN = 50_000  # characters of one message on screen; the raw mail has the rest
CHANNEL_ICONS = {
    "email": "mail",
    "web_form": "globe",
    "chat": "message-circle",
    "phone": "phone",
    "sms": "smartphone",
    "api": "code",
    "webhook": "webhook",
}
STATUS_ICONS = {
    "new": "circle-dashed",
    "open": "circle-dot",
    "pending": "hourglass",
    "on_hold": "pause",
    "resolved": "circle-check",
    "closed": "archive",
}
MOODS = {"very_negative": "angry", "negative": "tense", "positive": "happy", "very_positive": "happy"}


@register.filter
def channel_icon(channel: str) -> str:
    return CHANNEL_ICONS.get(channel, "mail")


@register.filter
def status_icon(status: str) -> str:
    return STATUS_ICONS.get(status, "circle-dot")


@register.filter
def mood_of(sentiment: str) -> str:
    """The five-value scale as the face that the row shows; "" for neutral."""
    return MOODS.get(sentiment, "")


@register.filter
def shown(count: int | None) -> str:
    return listing.shown(count)


@register.filter
def size(count: int) -> str:
    return filesizeformat(count)


@register.filter
def seen_at(ticket: Ticket) -> datetime:
    """What the age in a row counts from: the customer's last words."""
    return ticket.last_customer_message_at or ticket.created_at


@register.filter
def asker(ticket: Ticket) -> str:
    """Who asks: the name, else the address (annotated as `email`)."""
    return ticket.customer.name or getattr(ticket, "email", "") or _("Unknown customer")


@register.filter
def clock_started(ticket: Ticket) -> datetime:
    """When the clock began that `due_at` ends."""
    if ticket.due_at and ticket.due_at == ticket.next_reply_due_at and ticket.last_customer_message_at:
        return ticket.last_customer_message_at
    return ticket.created_at


@register.filter
def far(due: datetime | None) -> bool:
    """Due after today and not in the next hours: a date says more than a count of hours."""
    return due is not None and timezone.localtime(due).date() > timezone.localdate() and due > timezone.now() + NEAR


@register.filter
def as_day(moment: datetime) -> str:
    return clock.day(moment)


@register.filter
def wake(moment: datetime) -> str:
    """When a snoozed ticket comes back: the hour today, else the day."""
    return clock.time_or_day(moment)


@register.filter
def day_title(day: date) -> str:
    """ "Today, Tuesday 17 November"."""
    words = date_format(day, "l j F" if day.year == timezone.localdate().year else "l j F Y")
    return _("Today, %(day)s") % {"day": words} if day == timezone.localdate() else words


@register.filter
def hour(moment: datetime) -> SafeString:
    """`<time>` with the time of day; the day stands above."""
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', clock.iso(moment), clock.exact(moment), date_format(timezone.localtime(moment), "H:i")
    )


@register.filter
def first_line(message: Message) -> str:
    """What a folded message shows of itself."""
    text = next((line.strip() for line in message.body_text.splitlines() if line.strip()), "")
    return text[:160] or (_("(picture or formatted text)") if getattr(message, "rich", False) else _("(no text)"))


@register.filter
def said(message: Message) -> SafeString:
    """A message as HTML that is safe here: agents' Markdown through the cleaner, strangers' plain text escaped with links."""
    if message.author_kind == Message.AuthorKind.AGENT:
        return mark_safe(reply_html(message.body_text))  # noqa: S308 - nh3 cleans it right there
    return plain(message.body_text)


@register.filter
def plain(text: str) -> SafeString:
    """Paragraphs of escaped text with its web addresses as links."""
    shown = text[:LONGEST_SHOWN].replace("\r\n", "\n").strip()
    paragraphs = [block for block in shown.split("\n\n") if block.strip()]
    linked = (
        urlize(escape(block), nofollow=True, autoescape=False)
        .replace("<a ", '<a target="_blank" ')
        .replace('rel="nofollow"', 'rel="noopener noreferrer nofollow"')
        for block in paragraphs
    )
    return mark_safe("".join(f'<p dir="auto">{block.replace(chr(10), "<br>")}</p>' for block in linked))  # noqa: S308 - escaped above


@register.simple_tag
def author(message: Message, viewer: User) -> str:
    return _("You") if message.user_id == viewer.pk else message.author_name or message.get_author_kind_display()


class Face:
    """Whom an avatar stands for: a name with a seed for its colour."""

    def __init__(self, name: str, pk: Any) -> None:
        self.name, self.pk = name, pk


@register.filter
def face(message: Message) -> Face:
    return Face(message.author_name or "?", message.user_id or message.customer_id or message.author_name)


@register.filter
def addressed(message: Message) -> str:
    """Whom a message went to, in few words."""
    people = [str(address) for address in message.recipients or []]
    return _("to %(people)s") % {"people": ", ".join(people[:3])} if people else ""


@register.filter
def failure(message: Message) -> str:
    """Why a reply has not arrived, fit to read; "" when it has or still may."""
    sendings = getattr(message, "sendings", None) or []
    if message.delivery == Message.DeliveryState.NO_SERVER:
        return _("Not sent: no mail server is configured. It leaves by itself once there is one.")
    reason = next((s["error"] for s in sendings if s["state"] in ("failed", "bounced") and s["error"]), "")
    if message.delivery == Message.DeliveryState.BOUNCED:
        return _("Came back: %(reason)s") % {"reason": reason[:200] or _("the address does not accept mail")}
    if message.delivery == Message.DeliveryState.FAILED:
        return _("Not sent: %(reason)s") % {"reason": reason[:200] or _("the mail server refused it")}
    return ""


@register.filter
def retrying(message: Message) -> str:
    """A reply that waits for another try, with the reason."""
    sendings = getattr(message, "sendings", None) or []
    waiting = next((s for s in sendings if s["state"] == "queued" and s["attempts"]), None)
    return _("Not sent yet, trying again: %(reason)s") % {"reason": waiting["error"][:160]} if waiting else ""


@register.filter
def role_is(people: list[dict[str, Any]], role: str) -> list[str]:
    return [person["address"] for person in people or [] if person["role"] == role]


@register.simple_tag
def snooze_choices() -> list[tuple[str, str]]:
    """The presets of the snooze menu: (what the form sends, words)."""
    return [
        ("1h", _("For an hour")),
        ("4h", _("For four hours")),
        ("tomorrow", _("Until tomorrow, 09:00")),
        ("monday", _("Until Monday, 09:00")),
        ("week", _("For a week")),
    ]


@register.simple_tag
def statuses() -> list[tuple[str, Any]]:
    return list(Ticket.Status.choices)


@register.simple_tag
def levels() -> list[tuple[str, Any]]:
    return [(slug, one[0]) for slug, one in LEVELS.items()]


@register.simple_tag
def priorities() -> list[tuple[str, Any]]:
    return list(reversed(Ticket.Priority.choices))


@register.filter
def face_of(name: str, pk: str) -> Face:
    return Face(name, pk)


@register.filter
def briefed(ticket: Ticket) -> str:
    """To whom an escalated ticket goes, and why: the first lines of triage's briefing, else the reasons."""
    up = open_of(ticket) or {}
    why = (ticket.metadata.get("escalation") or {}).get("briefing") or up.get("reasons") or []
    lines = [Truncator(str(line)).chars(BRIEFED_LINE) for line in why[:BRIEFED]]
    return " · ".join([str(up.get("level", "")).replace("_", " ").capitalize(), *lines])


@register.filter
def promise_name(kind: str) -> str:
    """A promise to a customer, by the name that its card has."""
    return {"first_reply": _("First reply"), "next_reply": _("Next reply"), "resolve": _("Solution")}.get(kind, kind)


@register.filter
def length_of(length: timedelta | None) -> str:
    """A length of time to the minute, in hours: "26 h 40". Days would not say whether open or whole ones are meant."""
    return length_text(round((length or timedelta()).total_seconds() / 60))


@register.filter
def asked_at(ticket: Ticket) -> datetime:
    """When the promise of the next reply began."""
    return started_at(ticket, NEXT_REPLY)
