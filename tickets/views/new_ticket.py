"""An agent writes a ticket for a customer. It goes through the same door as every other message."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render

from customers.models import Customer
from helpdesk.core.requests import AgentRequest
from tickets import intake, listing
from tickets.channels.base import InboundMessage, Sender
from tickets.forms import NewTicketForm


@login_required
def new_ticket(request: AgentRequest) -> HttpResponse:
    form = NewTicketForm(request.POST or None, viewer=request.user, initial=_of_customer(request))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        inbound = InboundMessage(
            channel=data["channel"],
            sender=Sender(email=data["email"], phone=data["phone"], name=data["name"]),
            subject=data["subject"],
            body_text=data["text"],
            queue=data["queue"].slug,
            priority=data["priority"],
        )
        with transaction.atomic():
            ticket = intake.receive(inbound).ticket
            if data["mine"]:
                ticket.assign(to=request.user, by=request.user)
        return redirect("ticket", ticket.number)
    context = {"form": form, "rail": listing.rail(request.user), "rail_template": "tickets/rail.html"}
    return render(request, "tickets/new.html", context, status=422 if form.errors else 200)


def _of_customer(request: AgentRequest) -> dict[str, str]:
    """`?customer=` fills in whom the ticket is for."""
    try:
        pk = UUID(request.GET.get("customer", ""))
    except ValueError:
        return {}
    customer = Customer.objects.visible_to(request.user).prefetch_related("contact_points").filter(pk=pk).first()
    return {"name": customer.name, "email": customer.email, "phone": customer.phone} if customer else {}
