"""Prompts with versions: each is declared in code beside the step that uses it, and may be worded anew by a supervisor.

REPLY = declare("reply", _("Reply draft"), "You write …")
wording = REPLY.current();  wording.text, wording.version      # "reply@3"

Stored wordings are filled by plain replacement of the names that a prompt declares, and of nothing else (security T40).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from helpdesk.core.errors import Conflict, Invalid, NotFound
from helpdesk.core.models import PromptVersion, User

LONGEST = 8_000  # characters
_SLOT = re.compile(r"\{\{\s*(\w{1,40})\s*\}\}")
_declared: dict[str, Prompt] = {}


@dataclass(frozen=True)
class Wording:
    text: str
    number: int
    version: str


@dataclass(frozen=True)
class Prompt:
    name: str
    title: str | Promise
    text: str  # version 0
    slots: tuple[str, ...] = ()  # {{names}} that are filled in

    def current(self) -> Wording:
        """The wording in use."""
        return self.worded(PromptVersion.objects.filter(name=self.name).order_by("-number").first())

    def wording(self, number: int) -> Wording:
        """Raises NotFound."""
        row = PromptVersion.objects.filter(name=self.name, number=number).first()
        if row is None and number != 0:
            raise NotFound(_("There is no such version."))
        return self.worded(row)

    def worded(self, row: PromptVersion | None) -> Wording:
        """A stored version; None: the one in code."""
        text, number = (row.text, row.number) if row else (self.text, 0)
        return Wording(text, number, f"{self.name}@{number}")

    def filled(self, text: str, values: Mapping[str, str]) -> str:
        """`{{name}}` replaced where the prompt declares the name; anything else is left as it is written."""
        return _SLOT.sub(lambda found: values.get(found[1], "") if found[1] in self.slots else found[0], text)

    def save(self, text: str, *, note: str, after: int, by: User | None) -> PromptVersion:
        """A new version, in use from now on. `after`: the number it was written from. Raises Invalid and Conflict."""
        text = text.replace("\r\n", "\n").strip()
        if not text or len(text) > LONGEST or "\x00" in text:
            raise Invalid(_("A prompt has between 1 and %(n)d characters.") % {"n": LONGEST})
        if unknown := sorted({name for name in _SLOT.findall(text) if name not in self.slots}):
            raise Invalid(_("Not known here: %(names)s.") % {"names": ", ".join("{{" + name + "}}" for name in unknown)})
        current = self.current()
        if current.number != after:
            raise Conflict(_("Someone else saved version %(n)d meanwhile.") % {"n": current.number})
        if current.text == text:
            raise Invalid(_("Nothing was changed."))
        try:
            with transaction.atomic():
                return PromptVersion.objects.create(name=self.name, number=after + 1, text=text, note=note[:200], created_by=by)
        except IntegrityError as error:
            raise Conflict(_("Someone else saved version %(n)d meanwhile.") % {"n": after + 1}) from error


def declare(name: str, title: str | Promise, text: str, *, slots: tuple[str, ...] = ()) -> Prompt:
    """Make a prompt known, at import."""
    prompt = Prompt(name, title, text.strip(), slots)
    _declared[name] = prompt
    return prompt


def in_use() -> list[tuple[Prompt, Wording]]:
    """Every prompt with its wording, by name. One query."""
    newest = {row.name: row for row in PromptVersion.objects.order_by("name", "-number").distinct("name")}
    return [(prompt, prompt.worded(newest.get(name))) for name, prompt in sorted(_declared.items())]


def numbers(name: str) -> list[int]:
    """The numbers of its wordings, the newest first; 0 is the one in code."""
    return [*PromptVersion.objects.filter(name=name).order_by("-number").values_list("number", flat=True), 0]


def find(name: str) -> Prompt:
    """Raises NotFound."""
    if name not in _declared:
        raise NotFound(_("There is no such prompt."))
    return _declared[name]
