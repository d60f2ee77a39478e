"""How an agent wants a draft changed, from the asking to the new draft. No request waits for a model.

The wish is noted on the draft and carried out by the part that waits for models; the words appear meanwhile (`streaming`), and the page
looks again by itself, so that a socket that is gone costs seconds. What no model need do is done at once.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from assist.models import Draft
from helpdesk.core.errors import HelpdeskError
from helpdesk.core.llm import provider
from helpdesk.core.models import User

from . import streaming
from .rewriting import WAYS, asks_a_model, checked, gone, rewrite
from .streaming import Stopped, Telling

LONGEST_INSTRUCTION = 500  # characters
IN_LINE = timedelta(seconds=40)  # that a wish waits for its turn, besides what the model may take
SAID = timedelta(minutes=5)  # that a refusal is shown


def ask(draft: Draft, way: str, *, by: User, instruction: str = "") -> Draft:
    """The draft changed by rule, at once; or the same one, which a model now changes. Raises Invalid and Conflict, as `rewrite` does."""
    instruction = instruction.replace("\x00", "").strip()[:LONGEST_INSTRUCTION]
    if not asks_a_model():
        return rewrite(draft, way, by=by, instruction=instruction)
    checked(draft, way)
    streaming.begin_anew(draft.pk)
    draft.wish = {"id": str(uuid4()), "way": way, "instruction": instruction, "by": str(by.pk), "at": timezone.now().isoformat()}
    with transaction.atomic():
        if not Draft.objects.filter(pk=draft.pk, state=Draft.State.OFFERED).update(wish=draft.wish):
            raise gone()
        draft.ticket.record("draft.change_asked", subject=draft, by=by)
    return draft


def carry_out(draft_id: UUID | str) -> None:
    """Blocks while the model writes. Safe to repeat: a wish that was carried out, taken back or forgotten is none."""
    draft = Draft.objects.select_related("ticket").filter(pk=draft_id, state=Draft.State.OFFERED).first()
    if draft is None or not wanted(draft):
        return
    wish, telling = draft.wish, Telling(draft)
    by = User.objects.get(pk=wish["by"])
    try:
        with override(by.language or None):
            rewrite(draft, wish["way"], by=by, instruction=wish["instruction"], heard=telling)
    except Stopped:
        _put(draft, {})
    except HelpdeskError as error:
        _put(draft, {"refused": error.detail, "at": timezone.now().isoformat()})
    finally:
        telling.end(awaited=True)


def stop(draft: Draft) -> None:
    """The model need not write on: the draft stays as it is, whatever still comes."""
    streaming.stop(draft.pk)
    _put(draft, {})


def wanted(draft: Draft) -> str:
    """What is being done to it, in words; "" for nothing, or for what took too long."""
    return str(WAYS[draft.wish["way"]]) if "way" in draft.wish and _age(draft.wish) < _longest() else ""


def refusal(draft: Draft) -> str:
    """Why the last wish came to nothing, as long as that is news; else ""."""
    wish = draft.wish
    if "way" in wish and _longest() <= _age(wish) < _longest() + SAID:
        return _("The change took too long; the draft is as it was.")
    return str(wish["refused"]) if "refused" in wish and _age(wish) < SAID else ""


def _put(draft: Draft, wish: dict[str, Any]) -> None:
    """In the place of the wish that we know; a newer one stays."""
    Draft.objects.filter(pk=draft.pk, wish=draft.wish).update(wish=wish)


def _age(wish: dict[str, Any]) -> timedelta:
    return timezone.now() - datetime.fromisoformat(wish["at"])


def _longest() -> timedelta:
    return timedelta(seconds=provider().seconds) + IN_LINE
