"""A reply for an agent to check: composed of an acknowledgement and of what the articles say, every sentence with its source.

It says nothing about the matter that no source says. The team's best macro is its frame, if one fits: its words open and close the draft,
the article's steps stand between them. Where neither macro nor public article fits, it abstains and asks the question that would help most.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from knowledge.markdown import blocks, plain
from knowledge.models import Article

from .articles import Passage
from .case import Case
from .categorise import Categorised
from .framing import MOST_SURE, Frame, agrees, stems
from .learned import data
from .personal import OnRecord
from .sentiment import Sentiment
from .system_status import Link, SystemStatus

MOST_STEPS = 8
LEADSENTENCES = 2
REPEATED = 0.6  # of a sentence's words were said before
TEMPLATE_CONFIDENCE = 0.55  # a thank-you or a hand-over needs no article, and is still only a proposal
OTHER_LANGUAGE = 0.6  # of the confidence: the draft is in English, the customer is not
STANDS_ALONE = ("feedback", "feature_request", "privacy_legal", "security")  # answered by people or with thanks, not by an article
_NOT_PROSE = re.compile(r"^\s*(?:\||[-*+]\s|\d+[.)]\s|```|~~~|>|#|!\[)")
SENTENCE = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True)
class Source:
    n: int
    kind: str  # article | incident | macro | customer
    id: str
    title: str
    url: str
    passage: str


@dataclass(frozen=True)
class Reply:
    response_text: str = ""
    tone: str = "friendly"  # empathetic | reassuring | patient | warm | formal | friendly
    action_steps: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    confidence: float = 0.0
    engine: str = "local"
    abstained: bool = True


@dataclass
class _Page:
    """What is being written: paragraphs, and the sources they lean on."""

    paragraphs: list[str] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)

    def say(self, *sentences: str) -> None:
        if text := " ".join(sentence for sentence in sentences if sentence):
            self.paragraphs.append(text)

    def cite(self, kind: str, key: str, title: str, url: str, passage: str) -> str:
        """The mark of a source, `[1]`; the same source keeps its number."""
        known = next((source for source in self.sources if (source.kind, source.id) == (kind, key)), None)
        if known is None:
            known = Source(len(self.sources) + 1, kind, key, title, url, passage)
            self.sources.append(known)
        return f"[{known.n}]"


def compose(
    case: Case,
    *,
    category: Categorised,
    sentiment: Sentiment,
    passages: Sequence[Passage],
    status: SystemStatus,
    language: str,
    frames: Sequence[Frame] = (),
    on_record: Sequence[OnRecord] = (),
) -> Reply:
    """Write the draft. Only articles that the public may read are used, whatever the agent may see."""
    page = _Page()
    public = _public(passages)
    answering = [] if category.category in STANDS_ALONE else [passage for passage in public if passage.answers]
    incident = next((link for link in status.linked if link.kind == "incident"), None)
    frame = _fitting(frames, answering, public)
    if frame and frame.language and not language.startswith("en"):
        return _in_their_language(frame, sentiment, category)
    page.say(_greeting(case.customer.name))
    _acknowledge(frame, sentiment, category, page)
    if incident:
        _tell_of(incident, page)
    if frame:
        _open(frame, page, whole=not answering)
    said = " ".join(frame.opening[:1]) if frame else ""
    steps = _answer(answering[0], public[answering[0]], page, said) if answering else ()
    if frame and not steps:
        steps = _list(frame, page)
    _recall(on_record, page)
    abstained = not answering and not incident and not frame
    if abstained:
        page.say(_question(category, list(public)))
    elif len(answering) > 1:
        _point_to(answering[1], page)
    if frame and frame.closing:
        _close(frame, page, whole=not answering)
    else:
        page.say(_closing(category.category, abstained=abstained, incident=incident is not None))
    return Reply(
        response_text="\n\n".join(page.paragraphs),
        tone=tone_of(sentiment, category.category),
        action_steps=steps,
        sources=tuple(page.sources),
        confidence=_confidence(category, answering, incident, language, frame),
        abstained=abstained and category.category not in STANDS_ALONE,
    )


def _fitting(frames: Sequence[Frame], answering: Sequence[Passage], public: Mapping[Passage, str]) -> Frame | None:
    """The best macro; where an article answers, the best that speaks of the same."""
    if not answering:
        return next(iter(frames), None)
    best = answering[0]
    return next((one for one in frames if agrees(one, best.slug, f"{best.title} {public[best]}")), None)


def _acknowledge(frame: Frame | None, sentiment: Sentiment, category: Categorised, page: _Page) -> None:
    """Our own first words, unless the macro opens with its thanks; where it opens otherwise, without naming the matter."""
    opening = frame.opening if frame else ()
    if opening and opening[0].startswith("Thank"):
        return
    phrases = data("draft_phrases")
    said = phrases["acknowledge"].get(sentiment.sentiment, phrases["acknowledge"][sentiment.label])
    page.say(said, "" if opening else phrases["matter"].get(category.category, ""))


def _in_their_language(frame: Frame, sentiment: Sentiment, category: Categorised) -> Reply:
    """A macro written in the customer's language speaks alone: nothing of ours is in it."""
    page = _Page()
    page.say(frame.greeting)
    _open(frame, page, whole=True)
    steps = _list(frame, page)
    _close(frame, page, whole=True)
    return Reply(
        response_text="\n\n".join(page.paragraphs),
        tone=tone_of(sentiment, category.category),
        action_steps=steps,
        sources=tuple(page.sources),
        confidence=round(min(frame.score, MOST_SURE), 3),
        abstained=False,
    )


def _open(frame: Frame, page: _Page, *, whole: bool) -> None:
    """All that the macro says before its list; only its first paragraph where an article answers."""
    mark = page.cite("macro", frame.macro, frame.title, frame.url, frame.passage)
    for paragraph in frame.opening if whole else frame.opening[:1]:
        page.say(*(f"{sentence} {mark}" for sentence in SENTENCE.split(paragraph)))


def _list(frame: Frame, page: _Page) -> tuple[str, ...]:
    if frame.steps:
        mark = page.cite("macro", frame.macro, frame.title, frame.url, frame.passage)
        page.paragraphs.append("\n".join(f"{n}. {step} {mark}" for n, step in enumerate(frame.steps, 1)))
    return frame.steps


def _close(frame: Frame, page: _Page, *, whole: bool) -> None:
    """All that the macro says after its list; only its last paragraph where an article has answered."""
    mark = page.cite("macro", frame.macro, frame.title, frame.url, frame.passage)
    for paragraph in frame.closing if whole else frame.closing[-1:]:
        page.say(*(f"{sentence} {mark}" for sentence in SENTENCE.split(paragraph)))


def _recall(on_record: Sequence[OnRecord], page: _Page) -> None:
    """What we have on record and the answer rests on: the customer can say that it has changed."""
    if not on_record:
        return
    said = "; ".join(f"{one.attribute}: {one.value}" for one in on_record)
    key = on_record[0].customer
    mark = page.cite("customer", key, "What we know of the customer", f"/customers/{key}/", said)
    page.say(f"On record I have for you: {said}. {mark}", "If that has changed, just tell me.")


def _public(passages: Sequence[Passage]) -> dict[Passage, str]:
    """Passages whose article is public, each with the article's text."""
    bodies = {str(pk): body for pk, body in Article.objects.public().filter(pk__in=[one.id for one in passages]).values_list("pk", "body")}
    return {one: bodies[one.id] for one in passages if one.id in bodies}


def _greeting(name: str) -> str:
    first = name.split(maxsplit=1)[0].strip(",") if name.split() else ""
    return f"Hello {first}," if first and "@" not in first else "Hello,"


def _tell_of(incident: Link, page: _Page) -> None:
    mark = page.cite("incident", incident.reference, incident.title, "", incident.title)
    page.say(f"What you describe looks like an incident that we know about: {incident.title} ({incident.reference}). {mark}")


def _answer(passage: Passage, body: str, page: _Page, said: str = "") -> tuple[str, ...]:
    """The article's own opening, as far as it was not `said`, then its steps; without steps, its passage that fits best."""
    lead = opening(body)
    mark = page.cite("article", passage.slug, passage.title, passage.url, lead or passage.excerpt)
    fresh = [sentence for sentence in SENTENCE.split(lead) if sentence and not _repeats(sentence, said)]
    page.say(*(f"{sentence} {mark}" for sentence in fresh[:LEADSENTENCES]))
    steps = passage.steps[:MOST_STEPS]
    if steps:
        page.paragraphs.append("\n".join(f"{n}. {step} {mark}" for n, step in enumerate(steps, 1)))
    elif more := beyond(lead, passage.excerpt):
        page.say(*(f"{sentence} {mark}" for sentence in more))
    return steps


def _repeats(sentence: str, said: str) -> bool:
    words, before = stems(sentence), stems(said)
    return bool(words) and len(words & before) >= REPEATED * len(words)


def opening(body: str) -> str:
    """The first paragraph of prose: our articles begin with the answer."""
    return next(
        (plain(block.text).replace("\n", " ") for block in blocks(body[:8000]) if not block.level and not _NOT_PROSE.match(block.text)), ""
    )


def beyond(lead: str, excerpt: str) -> list[str]:
    """Whole sentences of the excerpt that the opening has not said."""
    whole = [sentence for sentence in SENTENCE.split(excerpt) if sentence.endswith((".", "!", "?")) and sentence[:1].isupper()]
    return [sentence for sentence in whole if sentence not in lead][:LEADSENTENCES]


def _point_to(passage: Passage, page: _Page) -> None:
    mark = page.cite("article", passage.slug, passage.title, passage.url, passage.excerpt)
    page.say(f"This may help as well: “{passage.title}” {mark}")


def _question(category: Categorised, possible: Iterable[Passage]) -> str:
    """What separates the articles that might be meant, else what is most often missing in this category."""
    titles = [passage.title for passage in possible][:2]
    if len(titles) == 2 and category.category not in STANDS_ALONE:  # noqa: PLR2004
        return f"So that I answer the right question: is it about “{titles[0]}” or rather “{titles[1]}”? {_ask(category)}"
    return _ask(category)


def _ask(category: Categorised) -> str:
    questions = data("draft_phrases")["question"]
    return str(questions.get(category.category, questions["general"]))


def _closing(category: str, *, abstained: bool, incident: bool) -> str:
    closing = data("draft_phrases")["closing"]
    if category in ("feedback", "feature_request"):
        return str(closing["warm"])
    return str(closing["wait"] if incident or abstained else closing["help"])


def tone_of(sentiment: Sentiment, category: str) -> str:
    if category == "privacy_legal":
        return "formal"
    if sentiment.sentiment in ("anxious", "confused"):
        return "reassuring" if sentiment.sentiment == "anxious" else "patient"
    if sentiment.label in ("negative", "very_negative"):
        return "empathetic"
    return "warm" if sentiment.label in ("positive", "very_positive") else "friendly"


def _confidence(category: Categorised, answering: Sequence[Passage], incident: Link | None, language: str, frame: Frame | None) -> float:
    sure = answering[0].relevance_score if answering else min(frame.score, MOST_SURE) if frame else 0.0
    if category.category in STANDS_ALONE:
        sure = max(sure, TEMPLATE_CONFIDENCE * category.confidence)
    if incident:
        sure = max(sure, incident.score)
    return round(sure * (1.0 if language == "en" else OTHER_LANGUAGE), 3)
