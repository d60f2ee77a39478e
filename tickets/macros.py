"""Macros in use: the list for a ticket, the text with its values, and what a macro does to the ticket when its text is sent.

A text is filled by plain replacement of the names in `VARIABLES` and of nothing else (security T40): no template engine sees it, and a
value is never read again. What has no value keeps its braces, and a reply that still holds some is stopped once before it goes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from helpdesk.core.embeddings import store, switching
from helpdesk.core.errors import Conflict, Invalid
from helpdesk.core.events import record
from helpdesk.core.models import ApiKey, User
from tickets.models import Macro, MacroUse, Queue, Tag, Ticket

KIND = "macro"
MOST_AT_ONCE = 10  # used in one reply
HOLE = re.compile(r"\{\{\s*([a-z_]{1,30}(?:\.[a-z_]{1,30})?)\s*\}\}")

Value = Callable[[Ticket, User], str]
Changes = dict[str, Any]  # what a macro did to a ticket: see `use`
VARIABLES: dict[str, tuple[str | Promise, Value]] = {
    "customer.first_name": (gettext_lazy("The customer's first name"), lambda ticket, by: _first(ticket.customer.name)),
    "customer.name": (gettext_lazy("The customer's name"), lambda ticket, by: ticket.customer.name),
    "customer.email": (gettext_lazy("Their e-mail address"), lambda ticket, by: ticket.customer.email),
    "organisation.name": (gettext_lazy("Their organisation"), lambda ticket, by: str(ticket.organisation or "")),
    "ticket.number": (gettext_lazy("The ticket's number"), lambda ticket, by: ticket.number),
    "ticket.subject": (gettext_lazy("Its subject"), lambda ticket, by: ticket.subject),
    "ticket.created_on": (
        gettext_lazy("The day it came"),
        lambda ticket, by: date_format(timezone.localtime(ticket.created_at), "DATE_FORMAT"),
    ),
    "team.name": (gettext_lazy("The team that has it"), lambda ticket, by: ticket.queue.name),
    "agent.first_name": (gettext_lazy("Your first name"), lambda ticket, by: _first(by.name)),
    "agent.name": (gettext_lazy("Your name"), lambda ticket, by: by.name),
    "agent.email": (gettext_lazy("Your e-mail address"), lambda ticket, by: by.email),
    "today": (gettext_lazy("Today's date"), lambda ticket, by: date_format(timezone.localdate(), "DATE_FORMAT")),
}


@dataclass(frozen=True)
class Filled:
    """A macro's text for one ticket, and the names in it that have no value."""

    macro: Macro
    text: str
    holes: tuple[str, ...]
    does: str  # what else it does, in words

    @property
    def pieces(self) -> list[tuple[str, bool]]:
        """The text in pieces: (words, whether they are a variable without a value)."""
        found, at = [], 0
        for hole in HOLE.finditer(self.text):
            found += [(self.text[at : hole.start()], False), (hole[0], True)]
            at = hole.end()
        return [*found, (self.text[at:], False)]


def fill(macro: Macro, ticket: Ticket, by: User) -> Filled:
    text = fill_text(macro.text, ticket, by)
    return Filled(macro, text, holes(text) if macro.text else (), deeds(macro))


def fill_text(text: str, ticket: Ticket, by: User) -> str:
    """Every `{{name}}` that has a value, replaced in one pass; the others stay as they are written."""

    def value(found: re.Match[str]) -> str:
        known = VARIABLES.get(found[1])
        return (" ".join(known[1](ticket, by).split()) if known else "") or found[0]

    return HOLE.sub(value, text)


def holes(text: str) -> tuple[str, ...]:
    """The names that a text still waits for, each once, in their order."""
    return tuple(dict.fromkeys(HOLE.findall(text)))


def deeds(macro: Macro) -> str:
    """What a macro does besides its text, in one line; "" for nothing."""
    said = [
        _("sets %(what)s") % {"what": macro.get_set_status_display().lower()} if macro.set_status else "",
        _("priority %(what)s") % {"what": macro.get_set_priority_display().lower()} if macro.set_priority else "",
        _("hands it to %(team)s") % {"team": macro.move_to.name} if macro.move_to else "",
        {Macro.Assign.ME: _("assigns it to you"), Macro.Assign.NOBODY: _("assigns it to nobody")}.get(Macro.Assign(macro.assign), "")
        if macro.assign
        else "",
        _("labels %(tags)s") % {"tags": ", ".join(macro.tags)} if macro.tags else "",
    ]
    return ", ".join(filter(None, said))


def search(viewer: Any, words: str = "") -> Any:
    """Those that the viewer may use and that hold every word, in title, text or category."""
    found = Macro.objects.visible_to(viewer).select_related("queue", "category", "move_to", "owner")
    for word in words.split()[:8]:
        found = found.filter(
            Q(title__icontains=word) | Q(text__icontains=word) | Q(category__name__icontains=word) | Q(tags__icontains=word)
        )
    return found


def use(macro: Macro, ticket: Ticket, *, by: User, status: bool = True) -> Changes:
    """Do to the ticket what the macro says, and count the use. All of it or nothing. `status` False: the agent chose one already.

    What it changed is for `take_back`.
    """
    with transaction.atomic():
        with ticket.changing():
            before, decided = _values(ticket), list(ticket.decided_by_people)
            labels = set(ticket.tags.values_list("name", flat=True)) if macro.tags else set()
            if macro.set_priority:
                ticket.set_priority(macro.set_priority, by=by)
            if macro.assign:
                ticket.assign(to=by if macro.assign == Macro.Assign.ME else None, by=by)
            if macro.move_to:
                ticket.move(queue=macro.move_to, by=by)
            for tag in macro.tags:
                ticket.tag(tag, by=by)
            if macro.set_status and status:
                ticket.set_status(macro.set_status, by=by)
        counted = _counted(macro, ticket, by)
    after = _values(ticket)
    return {
        "use": counted.pk,
        "changed": {name: [before[name], after[name]] for name in before if before[name] != after[name]},
        "tags": [name for tag in macro.tags if (name := Tag.normal(tag)) not in labels],
        "decided": [name for name in ticket.decided_by_people if name not in decided],
    }


def use_text(macro: Macro, ticket: Ticket, *, by: User) -> Changes:
    """Count a use of which nothing but the text came, as in a draft. Runs in the caller's transaction; `take_back` takes it back."""
    return {"use": _counted(macro, ticket, by).pk, "changed": {}, "tags": [], "decided": []}


def _counted(macro: Macro, ticket: Ticket, by: User) -> MacroUse:
    counted = MacroUse.objects.create(macro=macro, ticket=ticket, category=ticket.category, user=by)
    Macro.objects.filter(pk=macro.pk).update(used=F("used") + 1, last_used_at=timezone.now())
    ticket.record("macro.used", subject=macro, by=by, macro=str(macro.pk), title=macro.title)
    return counted


def take_back(ticket: Ticket, done: Changes, *, by: User) -> None:
    """Undo what a macro did where nobody has changed it since, and count its use no more. The status is the reply's own to put back."""
    with transaction.atomic():
        now = _values(ticket)
        mine = {name: old for name, (old, new) in done["changed"].items() if now[name] == new}
        why = _("reply withdrawn")
        if "priority" in mine:
            ticket.set_priority(mine["priority"], by=by, reason=why)
        if "assignee" in mine:
            ticket.assign(
                to=User.objects.filter(pk=mine["assignee"], is_active=True).first() if mine["assignee"] else None, by=by, reason=why
            )
        if "queue" in mine and (queue := Queue.objects.filter(pk=mine["queue"]).first()):
            ticket.move(queue=queue, by=by, reason=why)
        for name in done["tags"]:
            ticket.untag(name, by=by)
        ticket.decided_by_people = [name for name in ticket.decided_by_people if name not in done["decided"] or name not in mine]
        ticket.touch("decided_by_people")
        used = MacroUse.objects.filter(pk=done["use"])
        Macro.objects.filter(uses__in=used, used__gt=0).update(used=F("used") - 1)
        used.delete()


def _values(ticket: Ticket) -> dict[str, str]:
    return {"priority": ticket.priority, "assignee": str(ticket.assignee_id or ""), "queue": str(ticket.queue_id)}


def chosen(viewer: User, ids: Iterable[str]) -> list[Macro]:
    """The macros of these ids that the viewer may use, in the order given; what is none of theirs is left out."""
    wanted = [pk for one in list(ids)[:MOST_AT_ONCE] if (pk := _id(one))]
    known = {macro.pk: macro for macro in Macro.objects.visible_to(viewer).select_related("move_to").filter(pk__in=wanted)}
    return [known[pk] for pk in dict.fromkeys(wanted) if pk in known]


def save(macro: Macro, *, by: User | ApiKey | None) -> Macro:
    """Keep a new or changed macro. Raises Invalid (nothing in it, an unknown variable) and Conflict (the title is taken)."""
    macro.tags = list(dict.fromkeys(filter(None, (" ".join(tag.lower().split())[:60] for tag in macro.tags))))
    if not macro.title.strip():
        raise Invalid(_("A macro needs a title."))
    if not macro.text.strip() and not macro.acts:
        raise Invalid(_("A macro needs a text, or something to do."))
    same = Macro.objects.filter(owner=macro.owner, queue=macro.queue, title=macro.title).exclude(pk=macro.pk)
    if same.exists():
        raise Conflict(_("There is a macro of that title already."))
    macro.updated_at = timezone.now()
    with transaction.atomic():
        macro.save()
        record("macro.saved", subject=macro, by=by, macro=str(macro.pk), title=macro.title)
    return macro


def remove(macro: Macro, *, by: User | ApiKey) -> None:
    with transaction.atomic():
        record("macro.removed", subject=macro, by=by, macro=str(macro.pk), title=macro.title)
        store.forget(KIND, [macro.pk])
        macro.delete()


def make_findable(macro_id: str | UUID) -> None:
    """Its vector, for ranking by meaning. Raises EmbeddingUnavailable; ranking goes without until it is made."""
    store.remember(KIND, (_passage(macro) for macro in Macro.objects.filter(pk=macro_id)))


@switching.remakes("macros")
def embed_again(progress: Callable[[int], None] | None = None) -> int:
    """Every vector under the present engine, where it is missing. Safe to repeat. Raises EmbeddingUnavailable."""
    made = store.remember(KIND, (_passage(macro) for macro in Macro.objects.order_by("pk").iterator()))
    if progress:
        progress(Macro.objects.count())
    return made


def _passage(macro: Macro) -> store.Passage:
    """Title and what it tells; greeting and name are the same in all of them and tell nothing."""
    told = [line for line in HOLE.sub("", macro.text).splitlines() if len(line.split()) > 2]  # noqa: PLR2004
    return store.Passage(macro.pk, 0, "\n".join([macro.title, *told])[:2000])


def _first(name: str) -> str:
    first = name.split(maxsplit=1)[0].strip(",") if name.split() else ""
    return "" if "@" in first else first


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
