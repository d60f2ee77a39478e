"""What a tool still needs is asked for, one thing at a time; nothing is written before the visitor has said so.

`session.slots["pending"]` = {"tool", "arguments", "needs": what is asked for now, "confirm": is yes or no awaited?}. Who asks for a
ticket and then says what it is about has said so twice; whoever is offered something answers yes or no.
"""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from assist.models import ChatMessage, ChatSession

from . import intents, tools, wording
from .patterns import pattern
from .thought import Thought
from .understanding import Understood
from .words import say

NUMBER = re.compile(r"\bTKT-\d{8}-\d{1,8}\b", re.IGNORECASE)
EMAIL = re.compile(r"[\w.+'-]{1,64}@[\w-]+(?:\.[\w-]+)+")
_CLOSES = re.compile(r"\b(?:close|resolve|solved|done with)\b", re.IGNORECASE)
FEWEST_LETTERS = 8  # of a description


def begin(session: ChatSession, read: Understood, thought: Thought, *, before: int) -> Thought:
    """A request: start its tool, with what the line says already."""
    act, text = read.intent.act, read.text
    if act == "create_ticket":
        what = _about(text) or _matter(session, text, before)
        return _create(session, {"description": what} if what else {}, thought, offered=bool(what))
    if act == "ticket_status":
        return _status(session, text, thought)
    if act == "my_tickets":
        return do(session, "get_user_tickets", {}, thought)
    if act == "update_ticket":
        return _update(session, text, thought)
    return do(session, "lookup_account", {}, thought)


def go_on(session: ChatSession, read: Understood, thought: Thought) -> Thought | None:
    """The line answers what was asked for. None: it does not, and is to be taken for itself."""
    pending: dict[str, Any] = session.slots["pending"]
    text = read.text
    if pattern("no").match(text) and len(text.split()) <= 6:  # noqa: PLR2004 - a longer one says what is wrong instead
        thought.slots.pop("pending", None)
        thought.text = say("dropped")
        return thought
    if pending.get("confirm"):
        return _confirmed(session, pending, text, read, thought)
    return _given(session, pending, read, thought)


def _given(session: ChatSession, pending: dict[str, Any], read: Understood, thought: Thought) -> Thought | None:
    tool, arguments, needs, text = str(pending["tool"]), dict(pending.get("arguments", {})), str(pending.get("needs")), read.text
    if needs == "email":
        return _with_email(session, arguments, text, thought)
    if needs == "description":
        if read.intent.act in ("greeting", "goodbye") or pattern("yes").match(text) or sum(map(str.isalpha, text)) < FEWEST_LETTERS:
            return _wait(thought, tool, arguments, needs, say("describe_it"))
        return _create(session, {**arguments, "description": text}, thought, offered=False)
    if needs == "comment":
        return _changed(session, {**arguments, "comment": text}, thought)
    if found := NUMBER.search(text):
        arguments["number"] = found[0].upper()
        return _changed(session, arguments, thought) if tool == "update_ticket" else do(session, tool, arguments, thought)
    return None


def do(session: ChatSession, name: str, arguments: dict[str, Any], thought: Thought) -> Thought:
    """Run the tool and take what comes of it into the thought."""
    thought.slots.pop("pending", None)
    thought.settled()
    done = tools.run(session, name, arguments)
    thought.used(name, done.refused)
    thought.text = done.text
    thought.escalate = done.escalate
    if name == "create_ticket" and done.ticket is not None:
        thought.ticket_created = done.ticket
    return thought


def propose(session: ChatSession, name: str, arguments: dict[str, Any], thought: Thought) -> Thought:
    """A tool that writes, at somebody else's idea: the visitor is asked, and what they agree to is what is done."""
    if name == "create_ticket":
        return _create(session, {"description": arguments.get("description") or arguments.get("subject") or ""}, thought, offered=True)
    if name == "update_ticket":
        return _changed(session, arguments, thought)
    return _wait(thought, name, arguments, "", say("shall_i", what=name.replace("_", " ")))


def _create(session: ChatSession, arguments: dict[str, Any], thought: Thought, *, offered: bool) -> Thought:
    """`offered`: the visitor has not heard yet what the ticket will say."""
    if not arguments.get("description"):
        return _wait(thought, "create_ticket", arguments, "description", say("describe_it"))
    arguments["subject"] = wording.subject_of(str(arguments["description"]))
    arguments["agreed"] = bool(arguments.get("agreed")) or not offered
    if session.identity == ChatSession.Identity.ANONYMOUS:
        return _wait(thought, "create_ticket", arguments, "email", say("your_email"))
    if not arguments.pop("agreed"):
        return _wait(thought, "create_ticket", arguments, "", say("shall_i_open", subject=arguments["subject"]))
    return do(session, "create_ticket", arguments, thought)


def _with_email(session: ChatSession, arguments: dict[str, Any], text: str, thought: Thought) -> Thought:
    address = email_in(text)
    if not address:
        return _wait(thought, "create_ticket", arguments, "email", say("no_email"))
    reachable(session, address)
    return _create(session, arguments, thought, offered=not arguments.get("agreed"))


def _confirmed(session: ChatSession, pending: dict[str, Any], text: str, read: Understood, thought: Thought) -> Thought | None:
    if pattern("yes").match(text):
        return do(session, str(pending["tool"]), dict(pending["arguments"]), thought)
    if read.intent.name in ("question", "request") and len(text.split()) > 3:  # noqa: PLR2004 - they speak of something else
        thought.slots.pop("pending", None)
        return None
    thought.text = say("yes_or_no")
    return thought


def _status(session: ChatSession, text: str, thought: Thought) -> Thought:
    found = NUMBER.search(text)
    return do(session, "get_ticket_status", {"number": found[0].upper()} if found else {}, thought)


def _update(session: ChatSession, text: str, thought: Thought) -> Thought:
    found, said = NUMBER.search(text), pattern("comment").search(text)
    arguments: dict[str, Any] = {}
    if _CLOSES.search(text) and not said:
        arguments["solved"] = True
    elif said:
        arguments["comment"] = said["what"].strip()
    if found:
        return _changed(session, {**arguments, "number": found[0].upper()}, thought)
    theirs = list(tools.tickets_of(session).active().values_list("number", flat=True)[:2])
    if len(theirs) == 1:
        arguments["number"] = theirs[0]
    return _changed(session, arguments, thought, theirs=True)


def _changed(session: ChatSession, arguments: dict[str, Any], thought: Thought, *, theirs: bool = False) -> Thought:
    """`theirs`: the number was read from their own tickets a moment ago."""
    number = str(arguments.get("number", ""))
    if not number:
        return _wait(thought, "update_ticket", arguments, "number", say("which_ticket"))
    if not theirs and not tools.tickets_of(session).filter(number=number).exists():
        thought.slots.pop("pending", None)
        thought.used("update_ticket", "refused")
        thought.text = wording.no_such_ticket(number, verified=session.identity == ChatSession.Identity.VERIFIED)
        return thought
    if arguments.get("solved"):
        return _wait(thought, "update_ticket", arguments, "", say("shall_i_close", number=number))
    if not arguments.get("comment"):
        return _wait(thought, "update_ticket", arguments, "comment", say("what_to_add", number=number))
    return _wait(thought, "update_ticket", arguments, "", say("shall_i_add", number=number, text=str(arguments["comment"])[:200]))


def _wait(thought: Thought, tool: str, arguments: dict[str, Any], needs: str, question: str) -> Thought:
    thought.slots["pending"] = {"tool": tool, "arguments": arguments, "needs": needs, "confirm": not needs}
    thought.text = question
    return thought


def _about(text: str) -> str:
    found = pattern("ticket about").search(text)
    return found["what"].strip(" .") if found else ""


def _matter(session: ChatSession, text: str, before: int) -> str:
    """What the visitor told just before they asked for a ticket: "open one for this"."""
    if not session.lines or before <= 1:
        return ""
    rows = session.messages.filter(role=ChatMessage.Role.USER, n__lt=before).order_by("-n")[:3]
    for line in rows:
        if intents.INTENTS.get(str(line.metadata.get("act")), "") in ("question", "complaint"):
            return " ".join(line.content.split())[:2000]
    return ""


def email_in(text: str) -> str:
    """The first good e-mail address in a text; "" where there is none."""
    for found in EMAIL.finditer(text[:2000]):
        try:
            validate_email(found[0])
        except ValidationError:
            continue
        return found[0].lower()
    return ""


def reachable(session: ChatSession, address: str) -> None:
    """An address was given. It is where we answer, and proves nothing."""
    session.email = address
    if session.identity == ChatSession.Identity.ANONYMOUS:
        session.identity = ChatSession.Identity.GIVEN
    session.save(update_fields=["email", "identity"])
