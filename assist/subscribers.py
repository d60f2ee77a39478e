"""What the assistant does when something happens. One line each."""

from __future__ import annotations

from uuid import UUID

from assist import copilot, experiments, summaries
from assist.actions import proposing
from assist.calls import ending, telling_crm
from assist.chat import following as chat_following
from assist.chat import mirroring as chat_mirroring
from assist.chat import remembering as chat_remembering
from assist.learning import examples, remembering
from assist.models import CallSession
from assist.triage import arrival, following, looking_back
from helpdesk.core.events import subscribe
from helpdesk.core.models import Event


@subscribe("message.received", "message.adopted", slow=True)
def understand_message(event: Event) -> None:
    arrival.understand(event.subject_id)


@subscribe("triage.completed", asks_model=True)
def write_a_draft(event: Event) -> None:
    copilot.write(event.subject_id)


@subscribe("draft.change_asked", asks_model=True)
def change_a_draft(event: Event) -> None:
    copilot.carry_out(event.subject_id)


@subscribe("triage.completed", asks_model=True)
def renew_a_summary(event: Event) -> None:
    summaries.renew_the_wanted(event.ticket_ref)


@subscribe("summary.asked", asks_model=True)
def write_a_summary(event: Event) -> None:
    summaries.write_the_asked(event.ticket_ref)


@subscribe("chat.handed_over", "chat.ended", asks_model=True)
def sum_up_the_ticket_of_a_chat(event: Event) -> None:
    chat_remembering.sum_up_its_ticket(event.subject_id)


@subscribe("message.sent")
def settle_draft(event: Event) -> None:
    copilot.settle(event.subject_id)


@subscribe("message.sent")
def suggest_to_come_back(event: Event) -> None:
    proposing.after_reply(event.subject_id)


@subscribe("message.withdrawn")
def take_a_promise_back(event: Event) -> None:
    proposing.withdrawn(event.subject_id)


@subscribe("ticket.status_changed")
def plan_follow_up(event: Event) -> None:
    if event.ticket_ref:
        following.set_date(event.ticket_ref)


@subscribe("ticket.category_changed", "ticket.priority_changed", "ticket.queue_changed", "ticket.assigned", slow=True, of_people=True)
def learn_from_a_decision(event: Event) -> None:
    examples.decided(event)


@subscribe("ticket.status_changed", slow=True)
def learn_from_a_solved_ticket(event: Event) -> None:
    examples.settle(event.subject_id)


@subscribe("ticket.status_changed", "ticket.merged", "ticket.merge_undone", "suggestion.rated", "suggestion.used", slow=True)
def remember_how_it_was_solved(event: Event) -> None:
    if event.ticket_ref:
        remembering.remember_ticket(event.ticket_ref)
    elif event.kind.startswith("suggestion."):
        remembering.remember_call_of(event.subject_id)


@subscribe("call.wrapped_up", "call.summary_refreshed", slow=True)
def remember_how_a_call_was_solved(event: Event) -> None:
    remembering.remember_call(event.data["session"])


@subscribe("call.wrapped_up")
def tell_crm_of_a_call(event: Event) -> None:
    telling_crm.tell(event.data["session"])


@subscribe("call.ended", "call.transferred")
def finish_call(event: Event) -> None:
    """The one who hung up does it at once; this is for when they were killed before they could."""
    ending.finish(CallSession.objects.get(pk=event.subject_id))


@subscribe("ticket.status_changed")
def end_the_chat_of_a_solved_ticket(event: Event) -> None:
    chat_following.solved(event)


@subscribe("ticket.assigned", of_people=True)
def join_the_chat_of_a_taken_ticket(event: Event) -> None:
    chat_following.taken(event)


@subscribe("ticket.queue_changed")
def move_the_chat_with_its_ticket(event: Event) -> None:
    chat_following.moved(event)


@subscribe("ticket.merged", "ticket.merge_undone")
def merge_the_chat_with_its_ticket(event: Event) -> None:
    chat_following.merged(event)


@subscribe("message.received", "message.adopted")
def show_a_mail_in_its_chat(event: Event) -> None:
    chat_mirroring.mirror(event)


@subscribe("chat.ended", asks_model=True)
def remember_an_ended_chat(event: Event) -> None:
    chat_remembering.remember(event.subject_id, by_model=True)


@subscribe("customer.consent_changed", slow=True)
def remember_earlier_chats(event: Event) -> None:
    chat_remembering.catch_up(event)


@subscribe("incident.opened", "incident.updated", slow=True)
def link_earlier_tickets(event: Event) -> None:
    looking_back.link_earlier(event.subject_id)


@subscribe("customer.merged")
def keep_their_way(event: Event) -> None:
    if event.customer_ref:
        experiments.follow(UUID(event.data["other"]), event.customer_ref)
