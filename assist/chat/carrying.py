"""A stranger turns out to be somebody: the website vouches for them in the middle of a chat, and it goes on as theirs.

Only the conversation that is going on in this browser, with its ticket: what else was said by whoever sat there before stays a stranger's.
Locks are taken in one order everywhere: the session, then its ticket.
"""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from assist import experiments
from assist.models import ChatSession
from tickets import merging

from . import lines, sessions, visitors
from .visitors import Visitor


def carry(before: Visitor | None, to: Visitor) -> ChatSession | None:
    """Give the running chat of the stranger `before` to `to`, whom the same site vouches for. The stranger's token ends.

    None: there is none.
    """
    if before is None or before.verified or not to.verified or before.site.pk != to.site.pk:
        return None
    stranger, person = before.row.customer, to.customer
    session = sessions.find(stranger) if stranger is not None and stranger != person else None
    if session is None or ChatSession.objects.filter(customer=person, session_id=session.session_id).exists():
        return None
    with transaction.atomic():
        held = lines.locked(session)
        if held.customer_id != session.customer_id:  # another window of theirs was quicker
            return held
        held.customer, held.identity = person, ChatSession.Identity.VERIFIED
        held.save(update_fields=["customer", "identity"])
        experiments.follow(session.customer_id, person.pk)
        ticket = merging.survivor(held.ticket) if held.ticket else None
        if ticket is not None and ticket.customer_id == session.customer_id:
            ticket.belong_to(person, by=None, reason=_("The website says who this is."))
        lines.tell(held)
    visitors.leave(before)
    return held
