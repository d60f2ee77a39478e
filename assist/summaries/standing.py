"""Where a ticket stands, and its customer in three lines: read from what is so this moment, for this viewer. Nobody's opinion."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Avg, Count, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from customers.known import visible
from customers.memory import facts, summarising
from customers.memory.confirming import UNSURE
from customers.models import Customer
from customers.privacy import may_look_up
from helpdesk.core import clock
from helpdesk.core.models import User
from tickets.models import StatusLink, Ticket

LATELY = timedelta(days=90)
MOST_FACTS = 4
UNHAPPY = (Ticket.Sentiment.NEGATIVE, Ticket.Sentiment.VERY_NEGATIVE)


def where_it_stands(ticket: Ticket) -> str:
    """One line. One query."""
    incidents = StatusLink.objects.present().filter(ticket=ticket, incident__isnull=False).select_related("incident")[:2]
    parts = [
        _whose_turn(ticket),
        _("with %(name)s") % {"name": ticket.assignee} if ticket.assignee else _("nobody has it") if ticket.is_active else "",
        _("asleep until %(time)s") % {"time": clock.time_or_day(ticket.snoozed_until)} if ticket.is_asleep and ticket.snoozed_until else "",
        _due(ticket),
        *(_("part of %(reference)s") % {"reference": one.incident.reference} for one in incidents if one.incident),
        _escalated(ticket),
    ]
    line = "; ".join(filter(None, parts))
    return f"{line[:1].upper()}{line[1:]}."


def _whose_turn(ticket: Ticket) -> str:
    asked, answered = ticket.last_customer_message_at, ticket.last_agent_message_at
    since = {"since": clock.time_or_day(ticket.status_since)}
    if ticket.merged_into_id:
        return _("merged into another ticket")
    if not ticket.is_active:
        return _("solved, %(since)s") % {"since": clock.time_or_day(ticket.resolved_at or ticket.status_since)}
    if ticket.status == Ticket.Status.PENDING:
        return _("waits for the customer since %(since)s") % since
    if ticket.status == Ticket.Status.ON_HOLD:
        return _("on hold since %(since)s") % since
    if asked and (answered is None or asked > answered):
        told = (
            _("the customer waits for an answer since %(since)s")
            if answered
            else _("nobody has answered yet; the customer waits since %(since)s")
        )
        return told % {"since": clock.time_or_day(asked)}
    return _("answered %(since)s, still open") % {"since": clock.time_or_day(answered)} if answered else _("open")


def _due(ticket: Ticket) -> str:
    if not ticket.is_active or ticket.due_at is None or ticket.clock_stopped:
        return ""
    overdue = ticket.due_at <= timezone.now()
    return (_("overdue since %(time)s") if overdue else _("due %(time)s")) % {"time": clock.time_or_day(ticket.due_at)}


def _escalated(ticket: Ticket) -> str:
    level = str((ticket.metadata.get("escalation") or {}).get("level") or "")
    return _("escalated to %(level)s") % {"level": level.replace("_", " ")} if level else ""


def of_customer(ticket: Ticket, viewer: Any, *, past: Sequence[str] = ()) -> list[str]:
    """Who they are, what they went through with us, what they let us remember. At most nine queries.

    `past`: the second, where a model worded it."""
    customer = ticket.customer
    return [one for one in (_who(customer), " ".join(past) or _history(ticket, viewer), _remembered(customer, viewer)) if one]


def _who(customer: Customer) -> str:
    organisation = customer.organisation
    parts = [
        organisation.name if organisation else "",
        (organisation.tier if organisation else "") or customer.tier,
        customer.get_technical_level_display(),
        _("customer since %(day)s") % {"day": clock.day(customer.created_at)},
    ]
    return " · ".join(str(part) for part in parts if part)


def _history(ticket: Ticket, viewer: Any) -> str:
    """Of the tickets that the viewer may see."""
    others = Ticket.objects.visible_to(viewer).filter(customer=ticket.customer_id, merged_into=None).exclude(pk=ticket.pk)
    lately = Q(created_at__gte=timezone.now() - LATELY)
    found = others.aggregate(
        all=Count("pk"),
        open=Count("pk", Q(status__in=Ticket.ACTIVE)),
        lately=Count("pk", lately),
        unhappy=Count("pk", lately & Q(sentiment__in=UNHAPPY)),
        rated=Avg("rating__score"),
    )
    if not found["all"]:
        return str(_("No other tickets"))
    solved = others.filter(status__in=Ticket.DONE).order_by("-resolved_at").only("subject", "number", "resolved_at", "status_since").first()
    count = ngettext("%(n)d other ticket, %(open)d open", "%(n)d other tickets, %(open)d open", found["all"]) % {
        "n": found["all"],
        "open": found["open"],
    }
    parts = [
        count,
        _("%(n)d in the last 90 days") % {"n": found["lately"]} if found["lately"] else "",
        _("%(n)d of them unhappy") % {"n": found["unhappy"]} if found["unhappy"] else "",
        _("rated %(score).1f of 5") % {"score": found["rated"]} if found["rated"] else "",
        _("last solved: “%(subject)s”, %(day)s")
        % {"subject": solved.subject[:80], "day": clock.day(solved.resolved_at or solved.status_since)}
        if solved
        else "",
    ]
    return " · ".join(filter(None, parts))


def _remembered(customer: Customer, viewer: Any) -> str:
    if not may_look_up(customer):
        return _("Nothing is remembered: no consent")
    seen = visible(facts(customer), viewer) if isinstance(viewer, User) else _shared(facts(customer))
    sure = sorted(seen, key=lambda one: (one.confidence >= UNSURE, one.starts_at), reverse=True)[:MOST_FACTS]
    told = summarising.lines([customer.pk], viewer=viewer, at=timezone.now())[:1]  # of a long history, the latest month
    parts = [*(f"{one.attribute}: {one.value}" for one in sure), *(f"{date_format(one.at, 'M Y')}: {one.text}" for one in told)]
    return "; ".join(parts)


def _shared(found: Iterable[Any]) -> list[Any]:
    """A partner's key sees what no single ticket told."""
    return [one for one in found if one.ticket_ref is None]
