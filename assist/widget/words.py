"""The words of the widget, in the visitor's language: `data/words.json`, else as the company's own translations have them.

Script and page hold none themselves. What stands in {braces} is filled in by whoever shows it.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from django.utils.translation import gettext as _

SOURCE = "en"


@cache
def _translated() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads((Path(__file__).parent / "data" / "words.json").read_text(encoding="utf-8"))
    return found


def languages() -> tuple[str, ...]:
    """Those that it speaks."""
    return (SOURCE, *_translated())


def words(language: str = SOURCE) -> dict[str, str]:
    """By the name under which they are asked for."""
    return _own() | _translated().get(language.split("-", maxsplit=1)[0].lower(), {})


def _own() -> dict[str, str]:
    return {
        "assistant": _("Assistant"),
        "assistant_types": _("The assistant is writing"),
        "agent_types": _("{name} is writing"),
        "away": _("No connection. What you write is kept and sent when it is back."),
        "blocked": _("This website may not show our chat."),
        "busy": _("Too much at once. Wait a moment, then send again."),
        "ended": _("This chat has ended."),
        "failed": _("Not sent."),
        "file_empty": _("This file is empty."),
        "file_kind": _("Files of this kind cannot be sent: {name}. Pictures, PDF, text and office documents can."),
        "file_large": _("{name} is too large. A file can be {size} MB at most."),
        "file_wait": _("Sending {name}"),
        "handed_back": _("{name} has handed over to the assistant."),
        "joined": _("{name} joined and has read this chat"),
        "long": _("A message can have {n} characters at most."),
        "more_windows": _("This chat is open in too many windows. Close one of them."),
        "no": _("No"),
        "person_asked": _("A person was asked for."),
        "person_away": _("Nobody is here right now. We answer as soon as somebody is."),
        "person_back": _("Nobody is here right now. We are back on {when}."),
        "person_next": _("You are next. A person will be with you in a moment."),
        "person_place": _("You are number {n} in line for a person."),
        "person_soon": _("A person has been asked to join. You can go on writing."),
        "rate_thanks": _("Thank you for telling us."),
        "right": _("Was this right?"),
        "send_again": _("Send again"),
        "someone": _("A colleague"),
        "unread": _("{n} unread"),
        "wrong": _("Something broke on our side. Your words are kept here."),
        "yes": _("Yes"),
        "you": _("You"),
        "chat_with": _("Chat with {name}"),
        "answers_at_once": _("The assistant answers at once"),
        "assistant_only": _("Assistant only, no person is here now"),
        "end_chat": _("End chat"),
        "close_chat": _("Close chat"),
        "messages": _("Messages"),
        "greeting": _("Hello. Ask me anything: I answer from our articles, and pass you to a person whenever you like."),
        "before_start": _("Before we start"),
        "your_name": _("Your name"),
        "your_email": _("Your email"),
        "email_needed": _("Enter an e-mail address, like name@example.com."),
        "start_chat": _("Start chat"),
        "nobody_here": _("Nobody is here right now"),
        "leave_address": _("Leave your e-mail address, and we answer there."),
        "message": _("Message"),
        "both_needed": _("An e-mail address and a message are needed."),
        "send": _("Send"),
        "back_to_chat": _("Back to the chat"),
        "how_did_we": _("How did we do?"),
        "bad": _("Bad"),
        "great": _("Great"),
        "anything_to_add": _("Anything to add? (optional)"),
        "choose": _("Choose 1 to 5."),
        "new_chat": _("New chat"),
        "quick": _("Quick replies"),
        "talk_to_person": _("Talk to a person"),
        "attach": _("Attach a file"),
        "write_message": _("Write a message"),
        "may_answer_first": _("An assistant may answer first."),
        "privacy": _("Privacy"),
    }
