"""Draft an article from a ticket: what was asked, and what solved it, without saying who asked.

article = draft_article(ticket, by=maya)       # a draft of Maya's; she reads it, names the problem well, sends it to review
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from django.db import transaction
from django.utils.translation import gettext as _

from helpdesk.core.errors import Conflict
from helpdesk.core.models import Event, User
from knowledge import editing
from knowledge.models import Article
from tickets.models import Message, Ticket

from .triage.entities import extract

LONGEST_PART = 6_000  # characters of the problem and of each answer
SUBSTANTIAL = 120  # characters from which an answer says something
MOST_ANSWERS = 2  # the last ones of substance: earlier ones were tried and did not help, or ask for more
SHORTEST_NAME = 3  # letters; "Al" would be taken out of "Also"
_HIDDEN = {
    "email": "[e-mail address]",
    "phone": "[phone number]",
    "ticket": "[ticket number]",
    "invoice": "[invoice number]",
    "order": "[order number]",
    "request_id": "[request ID]",
}
_LONG_NUMBER = re.compile(r"\b(?:[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,4})?|\d(?:[ -]?\d){9,})\b")  # IBANs, cards, accounts
_ADDRESS = re.compile(r"\bhttps?://[^\s<>\"')\]]+")
_PREFIX = re.compile(r"^\s*(?:(?:re|fwd?|aw|wg|sv|tr|antw)\s*:\s*|\[[^\]]*\]\s*)+", re.IGNORECASE)
_GREETING = re.compile(
    r"^(?:hello|hi|hey|dear|good (?:morning|afternoon|evening|day)|hallo|guten (?:tag|morgen)|bonjour|hola|ciao|hej)\b[^\n]{0,60}$",
    re.IGNORECASE,
)
_PARTING = re.compile(
    r"^(?:(?:kind|best|warm|many)?\s*(?:regards|wishes)|thanks?(?: you)?(?: (?:very|so) much| in advance| again)?|cheers|sincerely|yours"
    r"|mit freundlichen|viele grüße|cordialement|saludos|best|br)\b[^\n]{0,40}$",
    re.IGNORECASE,
)
_PARTING_LINES = 6  # from the end, in which a parting may stand


def draft_article(ticket: Ticket, *, by: User) -> Article:
    """A draft with problem and solution of the thread, in the ticket's category and language.

    Pressed twice it is the same draft. Raises Conflict when no agent has answered yet.
    """
    with transaction.atomic():
        Ticket.objects.select_for_update().only("pk").get(pk=ticket.pk)
        if earlier := _drafted(ticket):
            return earlier
        messages = list(Message.objects.filter(ticket=ticket, automatic=False).public().in_order().select_related("customer", "user"))
        problem, answers = _asked(messages), _answers(messages)
        if not answers:
            raise Conflict(_("Nobody has answered this ticket yet, so there is no solution to write down."))
        hide = _Hiding(_names(ticket, messages))
        return editing.start(
            title=hide(_PREFIX.sub("", ticket.subject))[: editing.LONGEST_TITLE].strip(" .:-") or _("Untitled"),
            body=_body(hide(problem), [_unsigned(hide(answer)) for answer in answers]),
            by=by,
            about=ticket,
            category=ticket.category,
            language=ticket.language or "en",
        )


def without_names(ticket: Ticket) -> str:
    """The subject of a ticket as a title: without its prefixes, and without what names anybody."""
    hide = _Hiding(_names(ticket, ()))
    return hide(_PREFIX.sub("", ticket.subject))[: editing.LONGEST_TITLE].strip(" .:-") or _("Untitled")


def _drafted(ticket: Ticket) -> Article | None:
    made = Event.objects.filter(kind="article.created", ticket_ref=ticket.pk).values_list("subject_id", flat=True)
    return Article.objects.filter(pk__in=list(made), status=Article.Status.DRAFT).first()


def _asked(messages: Iterable[Message]) -> str:
    first = next((one for one in messages if one.author_kind == Message.AuthorKind.CUSTOMER), None)
    return bare(first.body_text)[:LONGEST_PART] if first else ""


def _answers(messages: Iterable[Message]) -> list[str]:
    """The last answers that say something; when none is long, the last one."""
    said = [bare(one.body_text)[:LONGEST_PART] for one in messages if one.author_kind == Message.AuthorKind.AGENT]
    said = [text for text in said if text]
    return [text for text in said if len(text) >= SUBSTANTIAL][-MOST_ANSWERS:] or said[-1:]


def bare(text: str) -> str:
    """Without the greeting it begins with and the parting it ends with."""
    lines = text.strip().splitlines()
    while lines and (not lines[0].strip() or _GREETING.match(lines[0].strip())):
        lines.pop(0)
    tail = max(0, len(lines) - _PARTING_LINES)
    end = next((at for at in range(tail, len(lines)) if _PARTING.match(lines[at].strip(" ,."))), len(lines))
    return "\n".join(lines[:end]).strip()


def _body(problem: str, answers: list[str]) -> str:
    parts = [problem, _("## What helps"), *answers]
    return "\n\n".join(part for part in parts if part)[: editing.MOST_CHARACTERS]


def _unsigned(text: str) -> str:
    """Without the name that it was signed with, of which only the place is left."""
    return re.sub(rf"(?:\s*{re.escape(_('[name]'))}[ ,.]*)+$", "", text)


def _names(ticket: Ticket, messages: Iterable[Message]) -> dict[str, str]:
    """Every name in the ticket, and the neutral words that stand for it."""
    people = {ticket.customer.name, *(one.author_name for one in messages), *(one.customer.name for one in messages if one.customer)}
    names = {str(name): "" for name in filter(None, people)}
    names |= {part: "" for name in list(names) for part in re.findall(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*", name)}
    if ticket.organisation:
        names[ticket.organisation.name] = _("the company")
    return {name: words for name, words in names.items() if len(name) >= SHORTEST_NAME}


class _Hiding:
    """Takes personal data out of texts: names, addresses, numbers that belong to somebody."""

    def __init__(self, names: dict[str, str]) -> None:
        longest_first = sorted(names, key=len, reverse=True)
        self.words = {name.casefold(): words for name, words in names.items()}
        self.pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)") if names else None

    def __call__(self, text: str) -> str:
        text = _ADDRESS.sub(_without_query, text)
        for entity in extract(text).all:
            if entity.type in _HIDDEN:
                text = text.replace(entity.value, _HIDDEN[entity.type])
        text = _LONG_NUMBER.sub(_("[number]"), text)
        if self.pattern:
            text = self.pattern.sub(lambda found: self.words.get(found[0].casefold(), "") or _("[name]"), text)
        return re.sub(r"(?:\[name\][ ]?){2,}", "[name] ", text)


def _without_query(found: re.Match[str]) -> str:
    """An address without what may name somebody: sign-in, query, fragment."""
    try:
        parts = urlsplit(found[0])
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return _("[address]")
    return f"{parts.scheme}://{host}{parts.path}"
