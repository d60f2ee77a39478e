"""The model's way of writing a draft. The local engine's stands already; a model's takes its place when it is better grounded than not.

No transaction is open while the model writes, and the agent waits for nothing: what they use or dismiss meanwhile stays theirs.
"""

from __future__ import annotations

import time
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from assist import experiments
from assist.models import Draft, TriageRun
from helpdesk.core.llm import LlmUnavailable, Question, complete, prompts, provider

from .grounding import Grounded, Written, grounded
from .material import Material, gather
from .streaming import Stopped, Telling

ENGINE = "model"
MOST_SURE = 0.9  # of a draft by a model: somebody must still read it
FIRST_SURE = 0.6  # where the local engine abstained and the model found its sources

REPLY = prompts.declare(
    "reply",
    _("Reply draft"),
    """You write the reply of a support agent to a customer, for the agent to check before it is sent.
Answer in the customer's language. Tone: {{tone}}. The customer's technical level is {{level}}: choose words to fit.
Use only what the sources say. Every sentence of the kinds "answer" and "step" names the numbers of the sources it rests on.
If the sources do not hold the answer, set can_answer to false.
Promise nothing: no refund, no date, no price, no legal statement, unless a source says it in so many words.
Be brief: a greeting, at most one sentence of empathy where it is due, the answer, steps in their order, and a closing line.
No headings, no links, no images, no signature.""",
    slots=("tone", "level"),
)


def write(run_id: str | UUID) -> Draft | None:
    """A better draft for the message of this run, if a model is there and its answer stands. None: the local one stays."""
    if not provider().on:
        return None
    run = TriageRun.objects.filter(pk=run_id).first()
    draft = Draft.objects.filter(answers=run.message_id, state=Draft.State.OFFERED, decided_by=None).first() if run else None
    if draft is None or draft.engine == ENGINE:
        return None
    material, began = gather(draft), time.perf_counter()
    if not material.sources:
        return None
    chosen = experiments.choose(REPLY.name, material.ticket)
    if chosen:
        Draft.objects.filter(pk=draft.pk).update(arm=chosen.arm)
    if not experiments.asks(REPLY.name, chosen):
        return None
    telling = Telling(draft)
    try:
        written = complete(question(material, tone=draft.tone, chosen=chosen), Written, heard=telling)
        found = grounded(written, material.sources, material.told, material.language)
        if chosen:
            experiments.answered(chosen, grounded=found is not None)
        return _put(draft, found, ms=(time.perf_counter() - began) * 1000) if found else None
    except (LlmUnavailable, Stopped):  # on the ledger, with the reason
        return None
    finally:
        telling.end()


def question(
    material: Material, *, tone: str, wording: prompts.Wording | None = None, chosen: experiments.Chosen | None = None, fresh: bool = False
) -> Question:
    """What the model is asked. `wording`: a version that is being tried; `chosen`: what an experiment gives this ticket."""
    wording = wording or experiments.wording(REPLY, chosen)
    return Question(
        task="reply",
        instructions=REPLY.filled(wording.text, {"tone": tone or "friendly", "level": material.level}),
        prompt=wording.version,
        data=material.data,
        names=material.names,
        about=f"ticket:{material.ticket.pk}",
        customer_ref=material.ticket.customer_id,
        fresh=fresh,
        **(chosen.asked if chosen else {}),
    )


def _put(draft: Draft, found: Grounded, *, ms: float) -> Draft | None:
    with transaction.atomic():
        row = Draft.objects.select_for_update().filter(pk=draft.pk, state=Draft.State.OFFERED, decided_by=None).first()
        if row is None:  # the agent decided meanwhile, or the customer wrote again
            return None
        row.text, row.sources = found.text, [source.shown() for source in found.sources]
        row.action_steps, row.engine, row.ms = list(found.steps), ENGINE, ms
        row.shown_at = None  # these words nobody has seen
        row.confidence = min(max(row.confidence, FIRST_SURE), MOST_SURE)
        row.save(update_fields=["text", "sources", "action_steps", "engine", "ms", "confidence", "shown_at"])
        row.ticket.record("draft.written", subject=row)
    return row
