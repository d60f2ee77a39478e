"""A wording of a prompt, tried on a real ticket before it is saved. Nothing is kept but the line in the ledger."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from assist.models import Draft
from helpdesk.core.errors import NotFound
from helpdesk.core.llm import complete, prompts
from helpdesk.core.models import User
from tickets.models import Ticket

from .grounding import Grounded, Written, grounded
from .material import gather
from .writing import REPLY, question

PROMPTS = (REPLY.name,)


@dataclass(frozen=True)
class Tried:
    ticket: Ticket
    before: Draft
    found: Grounded | None  # None: nothing of the answer may stand


def try_on(prompt: prompts.Prompt, text: str, number: str, *, viewer: User) -> Tried:
    """Raises NotFound (no such ticket, or none with a draft) and LlmUnavailable."""
    ticket = Ticket.objects.visible_to(viewer).filter(number__iexact=number).first() if prompt.name in PROMPTS else None
    draft = Draft.objects.filter(ticket=ticket).order_by("-created_at").first() if ticket else None
    if ticket is None or draft is None:
        raise NotFound(_("Name a ticket that has a draft, for example TKT-20261126-0001."))
    material = gather(draft)
    asked = question(material, tone=draft.tone, wording=prompts.Wording(text, -1, f"{prompt.name}@try"), fresh=True)
    return Tried(ticket, draft, grounded(complete(asked, Written), material.sources, material.told, material.language))
