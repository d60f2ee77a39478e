"""A long conversation in short: what the visitor asked and told, and which articles they were shown. Every word of it was said."""

from __future__ import annotations

from django.utils.translation import gettext as _

from assist.models import ChatMessage, ChatSession

from . import wording

LONG, EVERY = 30, 10  # lines from which there is a summary, and after how many it is made anew
MOST_ASKED, MOST_SHOWN = 8, 5
READ = 200  # lines
TELLING = ("question", "problem", "complaint")


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
