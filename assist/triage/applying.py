"""What triage may do to a ticket by itself. The engine proposes; the policies of `assist.learning` decide. What a person set stays."""

from __future__ import annotations

from assist.learning import policy
from helpdesk.core.models import Event, User
from knowledge.models import Category, Incident
from tickets import linking
from tickets.models import Message, StatusLink, Ticket

from .pipeline import Outcome
from .rules import PRIORITIES
from .sentiment import label_of, over_turns
from .teaming import Team

SPOKEN = (Message.AuthorKind.CUSTOMER, Message.AuthorKind.AGENT)


def spoken_since(message: Message) -> set[str]:
    """Who has spoken in the ticket after this message: customer, agent or both."""
    later = Message.objects.public().filter(ticket=message.ticket_id, author_kind__in=SPOKEN, created_at__gt=message.created_at)
    return set(later.filter(automatic=False).order_by().values_list("author_kind", flat=True))


def apply(ticket: Ticket, message: Message, outcome: Outcome, *, since: set[str], team: Team | None) -> list[str]:
    """Change the ticket, within `ticket.changing()`; returns what was changed: names of fields. `since`: see `spoken_since`."""
    first = not outcome.case.earlier
    ticket.analysis = outcome.result()["analysis"]
    ticket.touch("analysis")
    changed = [*_mood(ticket, message, outcome, since)]
    changed += _category(ticket, outcome)
    changed += _priority(ticket, outcome, first=first)
    changed += _queue(ticket, team, first=first)
    changed += _assignee(ticket, outcome, first=first)
    changed += _escalation(ticket, outcome)
    changed += _incidents(ticket, outcome)
    _follow_up(ticket, outcome)
    return changed


def _mood(ticket: Ticket, message: Message, outcome: Outcome, since: set[str]) -> list[str]:
    """How the customer feels is an observation, not a decision: it is always noted. The ticket's is that of the last turns."""
    mood = outcome.sentiment
    if mood.confidence == 0:  # the step failed
        return []
    felt = {"sentiment": mood.label, "polarity": mood.polarity, "frustration": mood.frustration_score}
    Message.objects.filter(pk=message.pk).update(**felt)
    if Message.AuthorKind.CUSTOMER in since:
        return []  # a later message already says how they feel now
    polarity, frustration = over_turns(mood, outcome.case.earlier)
    values = {"sentiment": label_of(polarity), "polarity": polarity, "frustration": frustration, "language": outcome.language}
    for name, value in values.items():
        setattr(ticket, name, value)
    ticket.touch(*values)
    return ["sentiment"]


def _category(ticket: Ticket, outcome: Outcome) -> list[str]:
    if ticket.category_id or "category" in ticket.decided_by_people or not policy.of("category").may_act(outcome.category.confidence):
        return []
    category = Category.objects.filter(slug=outcome.category.category).first()
    if category is None:
        return []
    ticket.set_category(category, by=None, reason=f"{outcome.category.confidence:.0%} sure")
    return ["category"]


def _priority(ticket: Ticket, outcome: Outcome, *, first: bool) -> list[str]:
    """The first message sets it; later ones only raise it."""
    wanted = outcome.priority.priority
    # an escalation rule rests on its own words, whatever the category, and acts as far as the policy of escalation lets it
    raised = outcome.escalation.escalate and policy.of("escalation").may_act(1.0)
    sure = raised or policy.of("priority").may_act(outcome.priority.confidence)
    lower = PRIORITIES.index(wanted) <= PRIORITIES.index(ticket.priority)
    if not sure or "priority" in ticket.decided_by_people or wanted == ticket.priority or (lower and not first):
        return []
    ticket.set_priority(wanted, by=None, reason="; ".join(outcome.priority.reasons)[:300])
    return ["priority"]


def _queue(ticket: Ticket, team: Team | None, *, first: bool) -> list[str]:
    """To the team that it is for, if nobody has touched the ticket yet."""
    touched = "queue" in ticket.decided_by_people or ticket.assignee_id or not ticket.queue.is_default
    if not first or touched:
        return []
    if team is None or team.queue == ticket.queue or not policy.of("queue").may_act(team.confidence):
        return []
    ticket.move(queue=team.queue, by=None, reason=team.why)
    return ["queue"]


def _assignee(ticket: Ticket, outcome: Outcome, *, first: bool) -> list[str]:
    """Only where supervisors allow it, to a member of the ticket's team who has solved tickets like this."""
    learned = next((one for one in outcome.people if one.field == "assignee"), None)
    free = first and ticket.assignee_id is None and "assignee" not in ticket.decided_by_people
    if learned is None or not free or not policy.of("assignee").may_act(learned.confidence):
        return []
    agent = User.objects.filter(pk=learned.label, is_active=True, memberships__queue=ticket.queue_id).first()
    if agent is None:
        return []
    ticket.assign(to=agent, by=None)
    return ["assignee"]


def _escalation(ticket: Ticket, outcome: Outcome) -> list[str]:
    """Say once per level that others must see it."""
    up = outcome.escalation
    if not up.escalate or not policy.of("escalation").may_act(1.0):
        return []
    ticket.metadata = {
        **ticket.metadata,
        "escalation": {"level": up.level, "also": list(up.also), "reasons": list(up.reasons), "briefing": list(outcome.hand_over.briefing)},
    }
    ticket.touch("metadata")
    if Event.objects.filter(ticket_ref=ticket.pk, kind="ticket.escalated", data__level=up.level).exists():
        return []
    ticket.record("ticket.escalated", level=up.level, reasons=list(up.reasons))
    return ["escalation"]


def _incidents(ticket: Ticket, outcome: Outcome) -> list[str]:
    """Link what is close enough; the rest is proposed."""
    sure = {link.id: link for link in outcome.status.linked if link.sure}
    linked = False
    for incident in Incident.objects.filter(pk__in=sure) if sure else ():
        found = sure[str(incident.pk)]
        linked |= linking.link(ticket, incident, by=None, origin=StatusLink.Origin.TRIAGE, score=found.score, why=found.why)
    return ["incident"] if linked else []


def _follow_up(ticket: Ticket, outcome: Outcome) -> None:
    """Remember whether the customer is to be asked how it went; `following.set_date` says when, once the ticket is solved."""
    plan = outcome.follow_up
    if plan.why:
        ticket.metadata = {**ticket.metadata, "follow_up": {"due": plan.due, "after_hours": plan.after_hours, "why": plan.why}}
        ticket.touch("metadata")
