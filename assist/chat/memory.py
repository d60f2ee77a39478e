"""What a visitor said is known later: in this chat by its lines, across chats by the customer's facts, with their consent."""

from __future__ import annotations

import re
from collections.abc import Callable

from assist.models import ChatMessage, ChatSession
from assist.triage import entities
from customers import memory as long_term
from customers.access_log import note_read
from customers.memory.consent import RETRIEVAL
from customers.memory.facts import facts

from . import wording
from .patterns import pattern
from .words import say

MOST_FACTS, MOST_QUESTIONS = 8, 6
READ_BACK = 60  # lines
_NAME = r"(?P<name>[^\W\d_][\w'’-]*(?: (?-i:[A-ZÀ-Þ])[\w'’-]*){0,2})"
_TELLS_NAME = (
    re.compile(
        r"\b(?:my name is|my name['’]s|call me|mein name ist|ich heiße|je m['’]appelle|me llamo|mi nombre es|me chamo|meu nome é|اسمي) "
        + _NAME,
        re.IGNORECASE,
    ),
    re.compile(
        r"^(?:hi|hello|hey)?[ ,!.]*(?:i am|i'm|i’m|this is) (?P<name>(?-i:[A-ZÀ-Þ])[\w'’-]+(?: (?-i:[A-ZÀ-Þ])[\w'’-]+){0,2})[ .!]*$",
        re.IGNORECASE,
    ),
)
_GREETS = re.compile(r"\b(?:hi|hello|hey|and|there|hallo|guten tag|bonjour|hola|olá|مرحبا|und|et|y|e)\b", re.IGNORECASE)
_KINDS = {
    "order": "order",
    "invoice": "invoice",
    "error": "error_code",
    "e-mail": "email",
    "email": "email",
    "phone": "phone",
    "version": "version",
}
_NO_NAMES = frozenset("not still very so sorry having getting trying unable looking here back sure using on in at the a an".split())


def name_told(text: str) -> str:
    """The name that somebody gives themselves in this line; "" where none is given."""
    for form in _TELLS_NAME:
        found = form.search(text[:300])
        if found and found["name"].split()[0].casefold() not in _NO_NAMES:
            name = found["name"].strip(" .")[:60]
            return name if name[:1].isupper() else name.split()[0].capitalize()
    return ""


def name_of(session: ChatSession) -> str:
    """What to call them: what they said in this chat, or with their leave in one before; else the first name on record of a visitor
    who has proven who they are.

    A visitor's record is theirs alone: a stranger's holds what this browser said, and nobody else's words.
    """
    told = str(session.slots.get("name") or "") or _told_before(session)
    return told or (session.customer.first_name if session.identity == ChatSession.Identity.VERIFIED else "")


def _told_before(session: ChatSession) -> str:
    said = facts(session.customer).filter(attribute="name", source_kind__in=("chat", "message")).order_by("-learned_at")
    name = said.values_list("value", flat=True).first()
    return str(name) if name and long_term.allows(session.customer, RETRIEVAL, "Entity") else ""


def only_a_name(text: str) -> bool:
    """Nothing else is said in this line."""
    rest = text
    for form in _TELLS_NAME:
        rest = form.sub("", rest)
    return not re.search(r"\w", _GREETS.sub("", rest))


def recalled(session: ChatSession, text: str, *, before: int) -> str:
    """The answer to a question about what was said earlier; "" when it is no such question. `before` is this line's number."""
    questions: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
        (pattern("asks name"), lambda _found: wording.your_name(name_of(session))),
        (pattern("asks facts"), lambda _found: _facts(session)),
        (pattern("asks lines"), lambda _found: wording.what_you_asked(_said(session, before)[-MOST_QUESTIONS:])),
        (pattern("asks entity"), lambda found: _entity(session, found["what"], before)),
    )
    for form, answer in questions:
        if found := form.search(text[:300]):
            return answer(found)
    return ""


def _said(session: ChatSession, before: int) -> list[str]:
    rows = session.messages.filter(role=ChatMessage.Role.USER, n__lt=before).order_by("-n").values_list("content", flat=True)[:READ_BACK]
    return [" ".join(text.split())[:200] for text in reversed(rows)]


def _entity(session: ChatSession, what: str, before: int) -> str:
    kind = _KINDS[what.split(maxsplit=1)[0].lower()]
    for text in reversed(_said(session, before)):
        if values := entities.extract(text).of(kind):
            return say("you_said", what=what, value=values[-1])
    return say("you_did_not_say", what=what)


def _facts(session: ChatSession) -> str:
    """Only to a visitor who has proven who they are, and only with their leave."""
    known = [("name", name_of(session))] if name_of(session) else []
    proven = session.identity == ChatSession.Identity.VERIFIED
    if proven and long_term.allows(session.customer, RETRIEVAL, "Entity"):
        note_read(session.customer, session.customer_id, "facts", f"chat {session.pk}")
        held = facts(session.customer).values_list("attribute", "value")[:MOST_FACTS]
        known += [(attribute, value) for attribute, value in held if attribute != "name"]
    return wording.known_facts(known)
