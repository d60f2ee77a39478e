"""The bell and the list: one's own notices, of tickets that one may still see, bursts put together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from helpdesk.core.models import User
from tickets.models import Notice, Ticket
from tickets.models.notice import NoticeQuerySet
from tickets.rules import texts

PAGE = 50
MOST_COUNTED = 99

ICONS = {
    Notice.Kind.ASSIGNED: "user-check",
    Notice.Kind.REPLIED: "message-circle",
    Notice.Kind.MENTIONED: "at-sign",
    Notice.Kind.SLA: "timer",
    Notice.Kind.ESCALATED: "siren",
    Notice.Kind.NEW: "inbox",
    Notice.Kind.RATED: "star",
    Notice.Kind.READY: "download",
    Notice.Kind.RULE: "workflow",
}


@dataclass
class Line:
    """One thing on the list: a notice, and how often it came while nobody looked."""

    notice: Notice
    text: str
    times: int = 1

    @property
    def icon(self) -> str:
        return ICONS.get(Notice.Kind(self.notice.kind), "info")


def notices_of(viewer: User) -> NoticeQuerySet:
    """Those of tickets that the viewer may see today."""
    seen = Q(ticket__isnull=True) | Q(ticket__in=Ticket.objects.visible_to(viewer))
    return Notice.objects.visible_to(viewer).filter(seen)


def unread(viewer: User) -> int:
    """How many are unread, counted up to a bound."""
    return notices_of(viewer).unread().order_by()[: MOST_COUNTED + 1].count()


def page(viewer: User, *, before: int | None = None) -> tuple[list[Line], int | None]:
    """A page of lines, and where the next one begins. Two statements."""
    rows = notices_of(viewer).shown().select_related("ticket__customer", "ticket__queue", "ticket__assignee", "actor")
    if before:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-id")[: PAGE + 1])
    return bundled(found[:PAGE]), found[PAGE - 1].pk if len(found) > PAGE else None


def bundled(notices: Iterable[Notice]) -> list[Line]:
    """Unread ones of the same kind in the same ticket are one line, the newest standing for all."""
    lines: list[Line] = []
    open_lines: dict[tuple[str, object], Line] = {}
    for notice in notices:
        key = (notice.kind, notice.ticket_id)
        if notice.read_at is None and notice.ticket_id and key in open_lines and notice.kind != Notice.Kind.RULE:
            open_lines[key].times += 1
            continue
        line = Line(notice, said(notice))
        lines.append(line)
        if notice.read_at is None:
            open_lines[key] = line
    return lines


def said(notice: Notice) -> str:
    """What happened, in a sentence without the ticket's number and subject."""
    ticket, who = notice.ticket, notice.actor.name if notice.actor else ""
    words = {"who": who or _("The system"), "customer": "", "team": ""}
    if ticket:
        words |= {"customer": ticket.customer.display_name, "team": ticket.queue.name}
    sentences = {
        Notice.Kind.ASSIGNED: _("%(who)s gave you this ticket"),
        Notice.Kind.REPLIED: _("%(customer)s wrote"),
        Notice.Kind.MENTIONED: _("%(who)s mentioned you in a note"),
        Notice.Kind.SLA: _("A target is nearly missed, or was missed"),
        Notice.Kind.ESCALATED: _("Escalated"),
        Notice.Kind.NEW: _("New in %(team)s"),
        Notice.Kind.RATED: _("%(customer)s was not satisfied"),
    }
    if notice.kind in sentences:
        return sentences[Notice.Kind(notice.kind)] % words
    return texts.filled(notice.text, ticket) if ticket else notice.text


def address(notice: Notice) -> str:
    """Where it leads: the place in the ticket, or a page of ours."""
    if notice.ticket:
        return notice.ticket.get_absolute_url() + (f"#m-{notice.message_ref}" if notice.message_ref else "")
    return notice.link if notice.link.startswith("/") else reverse("notices")


def mark_read(viewer: User, *, only: Notice | None = None) -> int:
    """All; or one, with the others of its ticket. What was read is not mailed any more."""
    rows = Notice.objects.visible_to(viewer).filter(read_at__isnull=True)
    if only is not None:
        rows = rows.filter(ticket=only.ticket_id) if only.ticket_id else rows.filter(pk=only.pk)
    return rows.update(read_at=timezone.now())
