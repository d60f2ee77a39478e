"""With a language model: the card on top says what fits this caller, worded from its article. It follows; nothing waits for it.

The excerpt is on screen at once, and the model's words take its place in the same card. They stand only as far as the article carries
them (copilot/grounding); whatever fails, the excerpt stays. A call is asked about every two seconds at most, however much is said.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from uuid import UUID

from celery import shared_task
from django.core.cache import cache
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, Field

from assist.copilot.grounding import Sentence, Source, Written, grounded, plain
from assist.models import AgentAction, CallSession, Suggestion
from helpdesk.core.llm import LlmUnavailable, Question, complete, prompts, provider
from helpdesk.core.tasks import send_quietly
from knowledge.fusion import SHOW
from knowledge.models import Article

from . import consent, transcript, updates, window
from .representation import offered
from .retrieve import LONGEST_CONTENT, Scope
from .window import Window

PACE = 2  # seconds between two questions about one call
LOST = 30  # seconds after which a task that never ran is asked for again
AFRESH = 5.0  # seconds: whether a model is set up is asked so often, not for every sentence
LONGEST_TALK, LONGEST_ARTICLE = 2_000, 3_000  # characters
A_DAY = 300  # questions about one call
ENGINE = "model"

PROMPT = prompts.declare(
    "call",
    _("Suggestion in a call"),
    """You help a support agent who is on the telephone. The data hold what was said so far and one article.
Say what the agent can tell the caller next, in one to three short sentences that are easily spoken, in the language of the article.
Use only what the source says, and leave out what the caller has tried already. Every sentence of the kinds "answer" and "step" names
the number of the source. If the source does not help this caller, set can_answer to false.
Promise nothing: no refund, no date, no price, unless the source says it in so many words. No greetings, no lists, no links.""",
)


class Said(BaseModel):
    """What a model answers."""

    can_answer: bool
    sentences: list[Sentence] = Field(default_factory=list, max_length=6)


@dataclass(frozen=True)
class Matter:
    """What is to be worded: a card, its article, and the call so far."""

    session: CallSession
    card: Suggestion
    article: Article
    said: Window

    @property
    def mark(self) -> str:
        """Changes when there is something else to say."""
        told = f"{self.card.pk} {self.article.updated_at.isoformat()} {self.said.question}"
        return hashlib.blake2b(told.encode(), digest_size=8).hexdigest()

    @property
    def is_worded(self) -> bool:
        return bool(self.card.details.get("worded", {}).get("mark") == self.mark)

    @property
    def source(self) -> Source:
        article = self.article
        return Source(1, "article", str(article.pk), article.title, "", article.body[:LONGEST_ARTICLE], "", article.language)


def wanted(session: CallSession) -> None:
    """There is something new to word, once this transaction is through. Costs nothing where no model is set up."""
    if _is_asked():
        transaction.on_commit(lambda: _ask(session.session_id))


def _ask(session_id: UUID, seconds: int = 0) -> None:
    """One task a call is on its way at a time; it reads what there is when it runs."""
    if cache.add(f"call-wording-comes:{session_id}", True, LOST):
        send_quietly(word_the_best, str(session_id), countdown=seconds)


@shared_task
def word_the_best(session_id: str) -> None:
    """Ask the model now, or when two seconds have passed since it was asked about this call."""
    cache.delete(f"call-wording-comes:{session_id}")
    if cache.add(f"call-wording:{session_id}", True, PACE):
        word(UUID(session_id))
    else:
        _ask(UUID(session_id), PACE)


def word(session_id: UUID) -> bool:
    """Ask a model about the best card of this call. Blocks while it thinks; no transaction may be open. Whether its words stand now."""
    matter = _matter(session_id)
    if matter is None or matter.is_worded:
        return False
    began = time.perf_counter()
    try:
        said = complete(_question(matter), Said)
    except LlmUnavailable:  # on the ledger, with the reason
        return False
    stands = grounded(Written(can_answer=said.can_answer, sentences=said.sentences), [matter.source], matter.said.customer_text, "en")
    text = " ".join(filter(None, map(plain, stands.text.split("\n")))) if stands else ""
    return bool(text) and _put(matter, text[:LONGEST_CONTENT], (time.perf_counter() - began) * 1000)


def _matter(session_id: UUID) -> Matter | None:
    """None where nothing sure is on offer, or nobody may read along."""
    session = CallSession.objects.running().select_related("agent", "customer").filter(session_id=session_id).first()
    if session is None or not consent.may_read(session):
        return None
    cards = Suggestion.objects.filter(session=session, retired_at=None, source_kind="article", raw_score__gte=SHOW)
    card = cards.order_by("-raw_score", "position").first()
    if card is None or card.agent_feedback in (Suggestion.Feedback.NOT_HELPFUL, Suggestion.Feedback.IRRELEVANT):
        return None
    usable = Article.objects.published().visible_to(Scope.of(session).viewer).filter(assist_may_use=True)
    article = usable.filter(pk=card.source_id).first()
    return Matter(session, card, article, window.read(session)) if article else None


def _question(matter: Matter) -> Question:
    used, customer = PROMPT.current(), matter.session.customer
    talk = "\n".join(f"{turn.speaker}: {turn.text}" for turn in matter.said.turns)[-LONGEST_TALK:]
    return Question(
        task=PROMPT.name,
        instructions=used.text,
        prompt=used.version,
        data={"call": talk, "source 1": f"{matter.source.title}\n{matter.source.text}"},
        about=f"call:{matter.session.session_id}",
        a_day=A_DAY,
        customer_ref=customer.pk if customer else None,
        names=(customer.name,) if customer and customer.name else (),
    )


def _put(matter: Matter, text: str, ms: float) -> bool:
    """Into the card as it stands now, and onto the screens. False: it has left meanwhile."""
    with transaction.atomic():
        session = transcript.locked(matter.session)
        card = Suggestion.objects.filter(pk=matter.card.pk, retired_at=None).first()
        if card is None or not session.is_running:
            return False
        card.content, card.details = text, {**card.details, "worded": {"text": text, "mark": matter.mark}}
        card.save(update_fields=["content", "details"])
        AgentAction.objects.create(
            session=session,
            agent_name="answer_wording",
            action_type="word_answer",
            processing_time_ms=round(ms, 2),
            confidence=card.confidence_score,
            engine=ENGINE,
            output={"suggestion": card.pk},
        )
        # no segment: what the local engine took for it is what the page tells the speed by
        updates.tell(session, {"type": "suggestions", **offered(session), "segment_id": None, "processing_time_ms": round(ms)})
        session.save(update_fields=["updates"])
    return True


_known: tuple[float, bool] = (-AFRESH, False)


def _is_asked() -> bool:
    global _known  # noqa: PLW0603 - one value per process, replaced whole
    if time.monotonic() - _known[0] > AFRESH:
        _known = (time.monotonic(), provider().asks(PROMPT.name))
    return _known[1]


def forget_provider() -> None:
    """Ask anew at the next sentence."""
    global _known  # noqa: PLW0603
    _known = (-AFRESH, False)
