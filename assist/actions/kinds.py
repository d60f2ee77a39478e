"""What each kind of suggested action does to its ticket, and how that is taken back. A kind that is not here is never done.

`do` returns what `undo` needs; `undo` returns whether it is as before: it touches nothing that somebody has changed since.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assist.models import Suggestion
from helpdesk.core.errors import Conflict, NotFound
from helpdesk.core.models import ApiKey, User
from knowledge.models import Category, Deployment, Incident
from tickets import escalating, linking, merging, replying
from tickets.models import Escalation, Message, Queue, Tag, Ticket, TicketMerge

Actor = User | ApiKey
Undo = dict[str, Any]
LINKED: dict[str, Any] = {"incident": Incident.objects, "deployment": Deployment.objects.select_related("component")}


@dataclass(frozen=True)
class Kind:
    label: str | Promise
    do: Callable[[Ticket, Suggestion, Actor], Undo]
    undo: Callable[[Ticket, Undo, Actor], bool]
    holds_itself: bool = False  # it locks more than this ticket, in its own order


def _category(ticket: Ticket, suggestion: Suggestion, by: Actor) -> Undo:
    category = Category.objects.filter(slug=suggestion.content).first()
    if category is None:
        raise NotFound(_("This category is gone."))
    old = ticket.category_id
    ticket.set_category(category, by=by)
    return {"old": str(old or ""), "new": str(category.pk)}


def _uncategory(ticket: Ticket, undo: Undo, by: Actor) -> bool:
    if str(ticket.category_id or "") != undo["new"]:
        return False
    ticket.set_category(Category.objects.filter(pk=undo["old"]).first() if undo["old"] else None, by=by)
    return True


def _queue(ticket: Ticket, suggestion: Suggestion, by: Actor) -> Undo:
    """Only to a team that the agent may see."""
    queue = Queue.objects.visible_to(by).filter(slug=suggestion.content).first()
    if queue is None:
        raise NotFound(_("This team is not yours to hand tickets to."))
    old = ticket.queue_id
    ticket.move(queue=queue, by=by)
    return {"old": str(old), "new": str(queue.pk)}


def _unqueue(ticket: Ticket, undo: Undo, by: Actor) -> bool:
    queue = Queue.objects.filter(pk=undo["old"]).first()
    if str(ticket.queue_id) != undo["new"] or queue is None:
        return False
    ticket.move(queue=queue, by=by)
    return True


def _assignee(ticket: Ticket, suggestion: Suggestion, by: Actor) -> Undo:
    agent = User.objects.filter(pk=suggestion.content, is_active=True).first()
    if agent is None:
        raise NotFound(_("This colleague has left."))
    old = ticket.assignee_id
    ticket.assign(to=agent, by=by)
    return {"old": str(old or ""), "new": str(agent.pk)}


def _unassign(ticket: Ticket, undo: Undo, by: Actor) -> bool:
    if str(ticket.assignee_id or "") != undo["new"]:
        return False
    ticket.assign(to=User.objects.filter(pk=undo["old"], is_active=True).first() if undo["old"] else None, by=by)
    return True


def _priority(ticket: Ticket, suggestion: Suggestion, by: Actor) -> Undo:
    old = ticket.priority
    ticket.set_priority(suggestion.content, by=by)
    return {"old": old, "new": suggestion.content}


def _unpriority(ticket: Ticket, undo: Undo, by: Actor) -> bool:
    if ticket.priority != undo["new"]:
        return False
    ticket.set_priority(undo["old"], by=by)
    return True


def _tag(ticket: Ticket, suggestion: Suggestion, by: Actor) -> Undo:
    return {"tag": suggestion.content if _labelled(ticket, suggestion.content, by) else ""}


def _labelled(ticket: Ticket, name: str, by: Actor) -> bool:
    """Whether it is news."""
    if ticket.tags.filter(name=Tag.normal(name)).exists():
        return False
    ticket.tag(name, by=by)
    return True


def _untag(ticket: Ticket, undo: Undo, by: Actor) -> bool:
    if undo["tag"]:
        ticket.untag(undo["tag"], by=by)
    return True


def _link(ticket: Ticket, suggestion: Suggestion, by: Actor) -> Undo:
    pk = suggestion.source_id.partition(":")[2]
    target = LINKED[suggestion.source_kind].filter(pk=pk).first()
    if target is None:
        raise NotFound(_("This incident is gone."))
    linking.link(ticket, target, by=by, score=suggestion.confidence_score, why=suggestion.why)
    return {"what": suggestion.source_kind, "target": pk}


def _unlink(ticket: Ticket, undo: Undo, by: Actor) -> bool:
    target = LINKED[undo["what"]].filter(pk=undo["target"]).first()
    return bool(target and linking.unlink(ticket, target, by=by))


def _merge(ticket: Ticket, suggestion: Suggestion, by: Actor) -> Undo:
    """Only into a ticket that the agent may see."""
    kept = Ticket.objects.visible_to(by).filter(number=suggestion.content).first()
    if kept is None:
        raise NotFound(_("There is no such ticket."))
    return {"merge": str(merging.merge(kept=kept, merged=ticket, by=by).pk)}


def _unmerge(_ticket: Ticket, undo: Undo, by: Actor) -> bool:
    done = TicketMerge.objects.filter(pk=undo["merge"], undone_at=None).first()
    if done is None:
        return False
    merging.undo(done, by=by)
    return True


def _escalate(ticket: Ticket, suggestion: Suggestion, by: Actor) -> Undo:
    if Escalation.objects.open().filter(ticket=ticket).exists():
        raise Conflict(_("It is escalated already."))
    return {"escalation": str(escalating.escalate(ticket, level=suggestion.content, reason=suggestion.why or suggestion.title, by=by).pk)}


def _unescalate(_ticket: Ticket, undo: Undo, by: Actor) -> bool:
    """While nobody has taken it up."""
    one = Escalation.objects.open().filter(pk=undo["escalation"], state=Escalation.State.WAITING).first()
    if one is None:
        return False
    escalating.hand_back(one, by=by)
    return True


def _follow_up(ticket: Ticket, suggestion: Suggestion, by: Actor) -> Undo:
    """The ticket sleeps until then; a customer's message wakes it earlier."""
    until = datetime.fromisoformat(suggestion.content)
    if until <= timezone.now():
        raise Conflict(_("That time has passed."))
    ticket.snooze(until=until, by=by)
    return {"until": until.isoformat()}


def _wake(ticket: Ticket, undo: Undo, by: Actor) -> bool:
    if ticket.snoozed_until is None or ticket.snoozed_until != datetime.fromisoformat(undo["until"]):
        return False
    ticket.snooze(until=None, by=by)
    return True


def _task(ticket: Ticket, suggestion: Suggestion, by: Actor) -> Undo:
    """A task is an internal note with a label to find it by; no money moves, nothing is sent."""
    label = str(suggestion.details.get("label") or "task")
    note = replying.note(ticket=ticket, by=by, text=suggestion.content, metadata={"task": suggestion.pk})
    return {"note": str(note.pk), "tag": label if _labelled(ticket, label, by) else ""}


def _untask(ticket: Ticket, undo: Undo, by: Actor) -> bool:
    note = Message.objects.filter(pk=undo["note"], ticket=ticket, visibility=Message.Visibility.INTERNAL).first()
    if note is not None:
        ticket.record("note.removed", by=by, subject=note)
        note.delete()
    return _untag(ticket, undo, by) and note is not None


def _ask(_ticket: Ticket, _suggestion: Suggestion, _by: Actor) -> Undo:
    """The question goes into the reply field, which the agent sends."""
    return {"asked": True}


def _unask(_ticket: Ticket, _undo: Undo, _by: Actor) -> bool:
    return True


KINDS: dict[str, Kind] = {
    "category": Kind(gettext_lazy("Set the category"), _category, _uncategory),
    "queue": Kind(gettext_lazy("Move to the team"), _queue, _unqueue),
    "assignee": Kind(gettext_lazy("Assign to an agent"), _assignee, _unassign),
    "priority": Kind(gettext_lazy("Set the priority"), _priority, _unpriority),
    "tag": Kind(gettext_lazy("Add a label"), _tag, _untag),
    "incident": Kind(gettext_lazy("Link to an incident"), _link, _unlink),
    "deployment": Kind(gettext_lazy("Link to a deployment"), _link, _unlink),
    "merge": Kind(gettext_lazy("Merge with a ticket"), _merge, _unmerge, holds_itself=True),
    "escalate": Kind(gettext_lazy("Escalate"), _escalate, _unescalate),
    "follow_up": Kind(gettext_lazy("Come back later"), _follow_up, _wake),
    "task": Kind(gettext_lazy("Open a task"), _task, _untask),
    "ask": Kind(gettext_lazy("Ask for a detail"), _ask, _unask),
}
