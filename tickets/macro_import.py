"""Macros from a JSON file: a list of {"title", "text", and any of "queue", "category", "language", "set_status", "set_priority", "assign",
"move_to", "tags"}; queues and categories by their slugs. Safe to repeat: a title that is there already is brought up to date."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from helpdesk.core.errors import HelpdeskError, Invalid
from helpdesk.core.models import User
from knowledge.models import Category
from tickets import macros
from tickets.models import Macro, Queue, Ticket
from tickets.models.macro import LONGEST, MOST_TAGS

LARGEST = 2_000_000  # bytes of a file
MOST = 1_000  # macros in it
SHOWN = 3  # of what was skipped
_CHOICES = {"set_status": Ticket.Status.values, "set_priority": Ticket.Priority.values, "assign": Macro.Assign.values}


@dataclass
class Report:
    made: int = 0
    changed: int = 0
    skipped: list[str] = field(default_factory=list)

    @property
    def said(self) -> str:
        told = _("%(made)d new, %(changed)d brought up to date, %(skipped)d skipped.") % {
            "made": self.made,
            "changed": self.changed,
            "skipped": len(self.skipped),
        }
        return " ".join([told, *self.skipped[:SHOWN]])


def read(content: bytes, *, by: User | None) -> Report:
    """`by`: who imports; None (the command line) and supervisors share what they import. Raises Invalid for what is no such file."""
    if not content or len(content) > LARGEST:
        raise Invalid(_("Choose a file of up to 2 MB."))
    try:
        rows = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Invalid(_("The file is no JSON.")) from error
    if not isinstance(rows, list) or len(rows) > MOST:
        raise Invalid(_("The file holds no list of up to 1,000 macros."))
    owner = None if by is None or by.oversees else by
    report = Report()
    for n, row in enumerate(rows, 1):
        try:
            macro = _macro(row, owner)
            new = macro._state.adding
            macros.save(macro, by=by)
            report.made, report.changed = report.made + new, report.changed + (not new)
        except HelpdeskError as error:
            report.skipped.append(_("Number %(n)d: %(why)s") % {"n": n, "why": error.detail})
    return report


def _macro(row: Any, owner: User | None) -> Macro:
    if not isinstance(row, dict):
        raise Invalid(_("It is no object."))
    title, text = _words(row, "title", 120), _words(row, "text", LONGEST)
    queue = _by_slug(Queue, row, "queue") if owner is None else None
    macro = Macro.objects.filter(owner=owner, queue=queue, title=title).first() or Macro(
        owner=owner, queue=queue, title=title, created_by=owner
    )
    macro.text, macro.language = text, _words(row, "language", 12)
    macro.category, macro.move_to = _by_slug(Category, row, "category"), _by_slug(Queue, row, "move_to")
    for name, choices in _CHOICES.items():
        value = _words(row, name, 20)
        if value and value not in choices:
            raise Invalid(_("“%(value)s” is no %(name)s.") % {"value": value, "name": name})
        setattr(macro, name, value)
    tags = row.get("tags") or []
    if not isinstance(tags, list) or len(tags) > MOST_TAGS or not all(isinstance(tag, str) for tag in tags):
        raise Invalid(_("Tags are a list of up to 10 words."))
    macro.tags = [tag.replace("\x00", "") for tag in tags]
    return macro


def _words(row: dict[str, Any], name: str, longest: int) -> str:
    value = row.get(name) or ""
    if not isinstance(value, str) or len(value) > longest or "\x00" in value:
        raise Invalid(_("%(name)s is no text of up to %(n)d characters.") % {"name": name, "n": longest})
    return value.strip()


def _by_slug(model: Any, row: dict[str, Any], name: str) -> Any:
    if not (slug := _words(row, name, 80)):
        return None
    found = model.objects.filter(slug=slug).first()
    if found is None:
        raise Invalid(_("There is no %(name)s “%(slug)s”.") % {"name": name, "slug": slug})
    return found
