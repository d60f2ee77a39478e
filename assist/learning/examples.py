"""People's decisions become examples: at once when somebody decides, and when a ticket is solved as it stands.

note(ticket_id, "category", by=maya)       # what the ticket is now is what maya says it is
settle(ticket_id)                          # solved: whatever nobody changed is right, with a smaller weight
undo(example, by=priya)                    # it was a slip
"""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from assist.models import LabelledExample, Learnt, Suggestion
from assist.triage import arrival, similar
from assist.triage.reading import read, without_vectors
from helpdesk.core.embeddings import get_embedder
from helpdesk.core.errors import Conflict, Invalid
from helpdesk.core.models import Embedding, Event, User
from tickets.models import Ticket

from . import predictions, remembering

OF_A_PERSON, BY_ITSELF = 3.0, 1.0  # weights (engine.md section 7)
FIELDS = tuple(Learnt.values)


OF_EVENTS = {
    "ticket.category_changed": Learnt.CATEGORY,
    "ticket.priority_changed": Learnt.PRIORITY,
    "ticket.queue_changed": Learnt.QUEUE,
    "ticket.assigned": Learnt.ASSIGNEE,
}


def decided(event: Event) -> None:
    """A change is an example when a person made it; what the engine or a rule did teaches nothing."""
    if event.actor_kind in ("agent", "api"):
        note(event.subject_id, OF_EVENTS[event.kind], by=event.actor_id if event.actor_kind == "agent" else "")


def note(ticket_id: UUID | str, field: str, *, by: str = "") -> LabelledExample | None:
    """Somebody (`by`: a user's id) decided what this field of the ticket is. None: it is empty now, or there is nothing to read."""
    ticket = _ticket(ticket_id)
    if ticket is None:
        return None
    label, said = label_of(ticket, field)
    if not label:
        LabelledExample.objects.filter(ticket=ticket, field=field).delete()
        return None
    example = _write(ticket, field, label, said, weight=OF_A_PERSON, by=by)
    predictions.settle(ticket, field, label, by_person=True)
    return example


def settle(ticket_id: UUID | str) -> None:
    """The ticket is solved. What people decided stays as it is; the rest is right as it stands, with the smaller weight."""
    ticket = _ticket(ticket_id)
    if ticket is None or ticket.status not in Ticket.DONE:
        return
    by_people = Q(weight__gte=OF_A_PERSON) | Q(undone_at__isnull=False)  # what somebody took back stays taken back
    decided = set(LabelledExample.objects.filter(by_people, ticket=ticket).values_list("field", flat=True))
    for field in FIELDS:
        label, said = label_of(ticket, field)
        if label and field not in decided:
            _write(ticket, field, label, said, weight=BY_ITSELF, by="")
        if label:
            predictions.settle(ticket, field, label, by_person=field in decided)
    predictions.settle_article(ticket, _article(ticket))
    predictions.settle_escalation(ticket, ticket.priority if Learnt.PRIORITY in decided else None)


def undo(example: LabelledExample, *, by: User) -> None:
    """Take an example back: it no longer counts, here or at the next fit. Raises Conflict when it was taken back before."""
    taken = LabelledExample.objects.filter(pk=example.pk, undone_at=None).update(undone_at=timezone.now(), undone_by=by)
    if not taken:
        raise Conflict("This was taken back before.")


def forget(ticket_ids: list[UUID]) -> None:
    """Whatever was learned from these tickets goes: erasure. The next fit no longer knows them."""
    LabelledExample.objects.filter(ticket__in=ticket_ids).delete()


def label_of(ticket: Ticket, field: str) -> tuple[str, str]:
    """(label, as people read it) of what the ticket is now; ("", "") for nothing."""
    if field == Learnt.CATEGORY:
        return (ticket.category.slug, ticket.category.name) if ticket.category else ("", "")
    if field == Learnt.PRIORITY:
        return ticket.priority, str(Ticket.Priority(ticket.priority).label)
    if field == Learnt.QUEUE:
        return ticket.queue.slug, ticket.queue.name
    return (str(ticket.assignee_id), ticket.assignee.name) if ticket.assignee else ("", "")


def _article(ticket: Ticket) -> str:
    """The slug of the article that solved it; "none" when only the opposite was said; "" when nobody said anything."""
    if used := remembering.article_of(ticket):
        return used.slug
    disliked = Suggestion.objects.filter(ticket=ticket, suggestion_type=Suggestion.Type.ARTICLE, agent_feedback__in=remembering.DISLIKED)
    return predictions.NONE if disliked.exists() else ""


def _ticket(ticket_id: UUID | str) -> Ticket | None:
    return Ticket.objects.select_related("category", "queue", "assignee", "customer__organisation").filter(pk=ticket_id).first()


def _write(ticket: Ticket, field: str, label: str, said: str, *, weight: float, by: str) -> LabelledExample | None:
    """One example a ticket and field: the latest word counts. Unchanged, it keeps its age, so that nothing is fitted anew for it."""
    text = _text(ticket)
    if text is None:
        return None
    with transaction.atomic():
        known = LabelledExample.objects.select_for_update().filter(ticket=ticket, field=field).first()
        if known and (known.label, known.weight, known.undone_at) == (label, weight, None):
            return known
        values = {"label": label, "said": said[:200], "weight": weight, "text": text, "by_id": by or None}
        values |= {"guessed": predictions.guess_of(ticket, field), "undone_at": None, "undone_by": None, "created_at": timezone.now()}
        example, _made = LabelledExample.objects.update_or_create(ticket=ticket, field=field, defaults=values)
    return example


def _text(ticket: Ticket) -> str | None:
    """What is read of the ticket's opening; makes sure that a vector stands for it. None: nobody wrote anything yet."""
    opening = ticket.messages.from_customer().public().in_order().select_related("ticket__customer__organisation").first()
    if opening is None:
        return None
    try:
        case = arrival.case_of(opening)
    except Invalid:
        return None
    if Embedding.objects.filter(object_kind=similar.KIND, object_id=ticket.pk, model=get_embedder().name).exists():
        return without_vectors(case).text
    reading = read(case)
    similar.remember(ticket, reading)
    return reading.text
