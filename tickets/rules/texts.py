"""Texts with variables, as rules write them: {{customer.first_name}}, {{ticket.number}} and a few more. No template language."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.utils.translation import gettext as _

from tickets.models import Ticket

VARIABLE = re.compile(r"\{\{\s*([a-z_.]{1,40})\s*\}\}")

VARIABLES: dict[str, Callable[[Ticket], str]] = {
    "customer.name": lambda ticket: ticket.customer.name,
    "customer.first_name": lambda ticket: ticket.customer.first_name,
    "ticket.number": lambda ticket: ticket.number,
    "ticket.subject": lambda ticket: ticket.subject,
    "ticket.status": lambda ticket: str(ticket.get_status_display()),
    "ticket.priority": lambda ticket: str(ticket.get_priority_display()),
    "team.name": lambda ticket: ticket.queue.name,
    "agent.name": lambda ticket: ticket.assignee.name if ticket.assignee else "",
}


def filled(text: str, ticket: Ticket) -> str:
    """The text with this ticket's words in it. An unknown variable stays as it stands: `problem` refuses it before."""
    return VARIABLE.sub(lambda found: VARIABLES[found[1]](ticket) if found[1] in VARIABLES else found[0], text)


def problem(text: str) -> str:
    """What is wrong with a text, in a sentence; "" when nothing is."""
    unknown = sorted({name for name in VARIABLE.findall(text) if name not in VARIABLES})
    if unknown:
        known = ", ".join(VARIABLES)
        return _("There is no variable %(unknown)s. There are: %(known)s.") % {"unknown": ", ".join(unknown), "known": known}
    return ""
