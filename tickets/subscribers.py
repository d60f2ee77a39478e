"""What the tickets app does when something happens. One line each."""

from __future__ import annotations

from uuid import UUID

from helpdesk.core.events import subscribe
from helpdesk.core.models import Event, User
from tickets import acknowledging, crm_cases, escalating, macros, rating, remembering, routing, searching, watching
from tickets.channels import email
from tickets.models import Ticket
from tickets.notices import hearing
from tickets.rules import fields, firing


@subscribe("mail.stored")
def read_mail(event: Event) -> None:
    email.process(event.subject_id)


@subscribe("message.received")
def acknowledge_message(event: Event) -> None:
    acknowledging.acknowledge_opening(event.subject_id)


@subscribe("ticket.created", "ticket.tagged", "ticket.untagged", "ticket.subject_changed")
def index_ticket(event: Event) -> None:
    searching.index_ticket(event.ticket_ref)


@subscribe("message.received", "message.sent", "note.added", "message.adopted")
def index_message(event: Event) -> None:
    searching.index_message(event.subject_id)


@subscribe("macro.saved", slow=True)
def make_macro_findable(event: Event) -> None:
    macros.make_findable(event.subject_id)


@subscribe("ticket.status_changed")
def tell_crm(event: Event) -> None:
    crm_cases.tell(UUID(event.subject_id))


@subscribe("message.received", "message.adopted", slow=True)
def remember_message(event: Event) -> None:
    remembering.remember_message(event.subject_id)


@subscribe("ticket.created", "ticket.status_changed", slow=True)
def remember_ticket(event: Event) -> None:
    remembering.remember_ticket(event)


@subscribe("rating.given")
def follow_up_low_rating(event: Event) -> None:
    rating.follow_up(event.subject_id)


@subscribe("rating.given", slow=True)
def remember_rating(event: Event) -> None:
    remembering.remember_rating(event)


@subscribe("message.sent", slow=True)
def remember_reply(event: Event) -> None:
    remembering.remember_reply(event.subject_id)


@subscribe("message.withdrawn", slow=True)
def forget_reply(event: Event) -> None:
    remembering.forget_reply(event.subject_id)


@subscribe("customer.consent_changed", slow=True)
def remember_what_came_before(event: Event) -> None:
    remembering.catch_up(event)


@subscribe(*fields.TRIGGERS)
def fire_rules(event: Event) -> None:
    firing.fire_for(event)


@subscribe(*hearing.HEARD)
def tell_colleagues(event: Event) -> None:
    hearing.hear(event)


@subscribe("policy.changed", slow=True)
def rework_due_times(_event: Event) -> None:
    watching.rework_all()


@subscribe("ticket.status_changed")
def find_somebody_who_is_there(event: Event) -> None:
    if event.data.get("new") == Ticket.Status.OPEN:
        routing.reopened(UUID(event.subject_id))


@subscribe("triage.completed", "ticket.queue_changed", "ticket.status_changed", "ticket.assigned", "ticket.snoozed")
def give_out_tickets(_event: Event) -> None:
    routing.give_out()


@subscribe("agent.availability_changed")
def give_out_to_who_is_back(event: Event) -> None:
    if event.data.get("new") == User.Availability.AVAILABLE:
        routing.give_out_for(UUID(event.subject_id))


@subscribe("ticket.escalated")
def put_in_the_queue_of_escalations(event: Event) -> None:
    escalating.heard(event)


@subscribe("ticket.status_changed")
def end_escalation(event: Event) -> None:
    if event.data.get("new") in Ticket.DONE:
        escalating.solved(UUID(event.subject_id))
