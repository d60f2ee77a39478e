"""A call that was wrapped up is told to every connected CRM, on the case of its ticket; notes stay with us."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from django.db import transaction

from assist.models import CallSession
from customers.crm import cases
from tickets.crm_cases import LONGEST, case_of


def tell(session_id: UUID | str) -> int:
    """Note for the outbox how the call ended, whether its ticket is done or not; returns to how many CRMs."""
    with transaction.atomic():
        call = CallSession.objects.select_related("ticket__customer").filter(session_id=session_id).exclude(ticket=None).first()
        if call is None or call.ticket is None:
            return 0
        return cases.keep(call.ticket.customer, replace(case_of(call.ticket), comment=call.summary[:LONGEST]))
