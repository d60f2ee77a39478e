"""A long conversation in short: what the visitor asked and told, and which articles they were shown. Every word of it was said.

At the end a model may word it; of that stands what lines of the conversation carry (summaries/wording).
"""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assist.models import ChatMessage, ChatSession
from assist.summaries import PARTS, Said, wording_of
from helpdesk.core.llm import LlmUnavailable, Question, prompts, provider
from tickets.models import Message

from . import wording

LONG, EVERY = 30, 10  # lines from which there is a summary, and after how many it is made anew
MOST_ASKED, MOST_SHOWN = 8, 5
READ = 200  # lines
TELLING = ("question", "problem", "complaint")

CHAT = prompts.declare(
    "chat-summary",
    gettext_lazy("Summary of a chat"),
    """You sum up a chat with a company's support for a colleague who meets this visitor next. The sources are its lines, in order.
Write short plain sentences in English. Put each into one part: "asked" (what the visitor wanted), "tried" (what was done or advised),
"promised" (what we said we would do), "open" (what was not answered). Leave a part out when there is nothing for it.
Every sentence names the numbers of the lines it rests on. Say only what they say: no guesses, no advice, no names of people.""",
)


def is_due(session: ChatSession) -> bool:
    """An answer is every other line, so one of two neighbouring numbers meets it."""
    return session.lines >= LONG and session.lines % EVERY in (0, 1)


def sum_up(session: ChatSession, *, after: int = 0) -> str:
    """What was said from a line on; "" where nothing was asked. One query. The first and the latest of what was asked count most."""
    said = list(session.messages.filter(n__gt=after).order_by("-n").values_list("role", "content", "metadata", "sources")[:READ])[::-1]
    asked = list(
        dict.fromkeys(
            wording.subject_of(content)
            for role, content, metadata, _sources in said
            if role == ChatMessage.Role.USER and metadata.get("act") in TELLING
        )
    )
    if len(asked) > MOST_ASKED:
        asked = [*asked[: MOST_ASKED // 2], *asked[-MOST_ASKED // 2 :]]
    shown = list(dict.fromkeys(str(one.get("title", "")) for _role, _content, _metadata, sources in said for one in sources))
    parts = [
        _("Asked: %(what)s.") % {"what": "; ".join(asked)} if asked else "",
        _("Shown: %(what)s.") % {"what": "; ".join(shown[-MOST_SHOWN:])} if shown else "",
    ]
    return " ".join(filter(None, parts))


def word(session: ChatSession, *, after: int = 0) -> str:
    """What was said from a line on, in a model's words as far as the lines carry them; "" where none may stand. Blocks while it thinks."""
    if not provider().asks(CHAT.name):
        return ""
    rows = session.messages.filter(n__gt=after).order_by("-n").values_list("id", "role", "content")[:READ]
    said = [Said(pk, _author(role), Message.Visibility.PUBLIC, content) for pk, role, content in reversed(rows)]
    wording_used = CHAT.current()
    about = Question(
        task=CHAT.name,
        instructions=wording_used.text,
        prompt=wording_used.version,
        names=(session.customer.name,) if session.customer.name else (),
        about=f"chat:{session.pk}",
        customer_ref=session.customer_id,
    )
    try:
        quotes = wording_of(about, said, language=session.language)
    except LlmUnavailable:  # on the ledger, with the reason; our own stands
        return ""
    parts = {title: [one.text for one in quotes if one.part == key] for key, title in PARTS.items()}
    return " ".join(f"{title}: {' '.join(texts)}" for title, texts in parts.items() if texts)


def _author(role: str) -> str:
    return Message.AuthorKind.CUSTOMER if role == ChatMessage.Role.USER else Message.AuthorKind.AGENT
