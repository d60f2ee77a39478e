"""The agent wants the draft otherwise: shorter, in another tone, simpler, in another language, or by an instruction.

A model writes it anew from the same sources, under the same checks. Without one, shorter and the two tones are done by rule; the rest
says plainly that it needs a model. The draft before is kept as out of date, so that nothing an agent saw is lost.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assist.models import Draft
from helpdesk.core.errors import Conflict, Invalid
from helpdesk.core.llm import LlmUnavailable, Question, complete, prompts, provider
from helpdesk.core.models import User

from .grounding import Grounded, Source, Written, grounded
from .material import Material, as_data, gather
from .streaming import Telling
from .writing import ENGINE

A_DAY = 60  # of one ticket: an agent asks on purpose
WAYS = {
    "again": gettext_lazy("Write it anew"),
    "shorter": gettext_lazy("Shorter"),
    "friendly": gettext_lazy("Friendlier"),
    "formal": gettext_lazy("More formal"),
    "simple": gettext_lazy("In simpler words"),
    "technical": gettext_lazy("More technical"),
    "translate": gettext_lazy("In the customer's language"),
}
_ORDERS = {
    "again": "Write it anew, in other words.",
    "shorter": "Make it half as long. Keep every step.",
    "friendly": "Make it warmer and friendlier.",
    "formal": "Make it formal and matter-of-fact.",
    "simple": "Use simpler words; explain what a beginner would not know, if a source does.",
    "technical": "Write for an expert: precise terms, no explanations of basics.",
    "translate": "Write it in the language that the customer writes in.",
}
REWRITE = prompts.declare(
    "rewrite",
    gettext_lazy("Change of a draft"),
    """A support agent wants this draft of a reply changed. {{order}}
Keep its meaning. Use only what the sources say; every sentence of the kinds "answer" and "step" names the numbers of its sources.
Follow the agent's wish, if there is one, as far as the sources allow. Promise nothing that no source says in so many words.
No headings, no links, no images, no signature.""",
    slots=("order",),
)


def rewrite(draft: Draft, way: str, *, by: User, instruction: str = "", heard: Telling | None = None) -> Draft:
    """A new draft in the place of this one. Blocks while a model writes. Raises Invalid (unknown way, or no model does it and no rule),
    Conflict (the draft is no longer offered, or wanted otherwise by now) and what `heard` raises."""
    checked(draft, way)
    began, local = time.perf_counter(), _LOCAL.get(way)
    try:
        found, engine = _by_model(draft, gather(draft), way, instruction, heard), ENGINE
    except LlmUnavailable as failure:
        if local is None or instruction:
            raise Invalid(_needs_model(failure)) from failure
        found, engine = _by_rule(draft, local), "local"
    return _replace(draft, found, engine=engine, by=by, ms=(time.perf_counter() - began) * 1000)


def checked(draft: Draft, way: str) -> None:
    """Raises Invalid (unknown way) and Conflict (the draft is no longer offered)."""
    if way not in WAYS:
        raise Invalid(_("There is no such way."))
    if draft.state != Draft.State.OFFERED:
        raise gone()


def gone() -> Conflict:
    return Conflict(_("This draft is no longer on offer."))


def asks_a_model() -> bool:
    return provider().asks(REWRITE.name)


def _by_model(draft: Draft, material: Material, way: str, instruction: str, heard: Telling | None) -> Grounded:
    if not asks_a_model():
        raise LlmUnavailable(kind="off")
    wording = REWRITE.current()
    sources = _as_cited(draft, material)
    data = {"draft": draft.text, "wish of the agent": instruction} if instruction else {"draft": draft.text}
    data |= {"conversation": material.conversation} | as_data(sources)
    asked = Question(
        task="rewrite",
        instructions=REWRITE.filled(wording.text, {"order": _ORDERS[way]}),
        prompt=wording.version,
        data=data,
        names=material.names,
        about=f"ticket:{material.ticket.pk}",
        a_day=A_DAY,
        customer_ref=material.ticket.customer_id,
        fresh=True,
    )
    language = "" if way == "translate" or instruction else material.language  # the agent may ask for another
    found = grounded(complete(asked, Written, heard=heard), sources, f"{material.told} {draft.text} {instruction}", language)
    if found is None:
        raise LlmUnavailable(_("The model found nothing in the sources to say."), kind="malformed")
    return found


def _as_cited(draft: Draft, material: Material) -> list[Source]:
    """The draft's sources under the numbers that its marks use, then the others."""
    by_key = {(one.kind, one.id): one for one in material.sources}
    kept: list[Source] = []
    for cited in draft.sources:
        known = by_key.pop((cited["kind"], cited["id"]), None)
        text = known.text if known else f"{cited['title']}\n{cited['passage']}"
        kept.append(Source(cited["n"], cited["kind"], cited["id"], cited["title"], cited.get("url", ""), text, cited["passage"]))
    first = max((one.n for one in kept), default=0) + 1
    others = [Source(n, one.kind, one.id, one.title, one.url, one.text, one.passage) for n, one in enumerate(by_key.values(), first)]
    return kept + others


def _by_rule(draft: Draft, change: Callable[[list[str]], list[str]]) -> Grounded:
    text = "\n\n".join(change(draft.text.split("\n\n")))
    if text == draft.text:
        raise Invalid(_("There is nothing left to change by rule; a language model would do more."))
    cited = {int(n) for n in re.findall(r"\[(\d{1,2})\]", text)}
    kept = [Source(one["n"], one["kind"], one["id"], one["title"], one.get("url", ""), "", one["passage"]) for one in draft.sources]
    return Grounded(text, tuple(one for one in kept if one.n in cited), tuple(draft.action_steps), 0)


def _shorter(paragraphs: list[str]) -> list[str]:
    """The greeting, the first telling paragraph cut to its first sentence when steps follow, the steps, the closing."""
    if len(paragraphs) < 4:  # noqa: PLR2004 - greeting, one paragraph and closing are short enough
        return paragraphs
    inner = paragraphs[1:-1]
    telling = [one for one in inner if "[" in one] or inner[-1:]
    steps = [one for one in telling if one.startswith("1. ")]
    prose = [one for one in telling if one not in steps][:1]
    if steps and prose:
        prose = [re.split(r"(?<=\])\s+|(?<=[.!?])\s+(?!\[)", prose[0])[0]]
    return [paragraphs[0], *prose, *steps, paragraphs[-1]]


def _formal(paragraphs: list[str]) -> list[str]:
    nameless = paragraphs[0] in ("Hello,", "Hi,")
    opening = "Dear Sir or Madam," if nameless else re.sub(r"^(?:Hi|Hello|Hey)\b", "Dear", paragraphs[0])
    closing = paragraphs[-1].replace(
        "just answer this message and I will look further", "please reply to this message and we will continue"
    )
    return [opening, *paragraphs[1:-1], closing] if len(paragraphs) > 1 else [opening]


def _friendly(paragraphs: list[str]) -> list[str]:
    opening = re.sub(r"^(?:Dear Sir or Madam|Hello|Dear)\b", "Hi", paragraphs[0])
    closing = paragraphs[-1].replace(
        "please reply to this message and we will continue", "just answer this message and I will look further"
    )
    return [opening, *paragraphs[1:-1], closing] if len(paragraphs) > 1 else [opening]


# How the local engine's closing line says the same in two tones.
_LIGHT, _STRICT = "just answer this message and I will look further", "please reply to this message and we will continue"
_LOCAL: dict[str, Callable[[list[str]], list[str]]] = {"shorter": _shorter, "formal": _formal, "friendly": _friendly}


def _needs_model(failure: LlmUnavailable) -> str:
    if failure.kind == "off":
        return _("This needs a language model, and none is set up. Shorter, friendlier and more formal work without one.")
    return _("The language model does not answer just now (%(why)s)") % {"why": failure.detail}


def _replace(draft: Draft, found: Grounded, *, engine: str, by: User, ms: float) -> Draft:
    with transaction.atomic():
        mine = Draft.objects.filter(pk=draft.pk, state=Draft.State.OFFERED, wish=draft.wish)
        if not mine.update(state=Draft.State.STALE, decided_by=by):
            raise gone()
        new = Draft.objects.create(
            ticket_id=draft.ticket_id,
            answers_id=draft.answers_id,
            text=found.text,
            sources=[source.shown() for source in found.sources],
            action_steps=list(found.steps),
            confidence=draft.confidence,
            engine=engine,
            tone=draft.tone,
            arm_id=draft.arm_id,
            ms=ms,
        )
        new.ticket.record("draft.written", subject=new, by=by)
    return new
