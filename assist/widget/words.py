"""The words of the widget's script, in the language that is active. The script itself holds none."""

from __future__ import annotations

from django.utils.translation import gettext as _


def words() -> dict[str, str]:
    """By the name under which the script asks for them; what stands in {braces} it fills in."""
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
        "left_note": _("Thank you. Your request is {number}. We will write to {email}."),
        "long": _("A message can have {n} characters at most."),
        "more_windows": _("This chat is open in too many windows. Close one of them."),
        "no": _("No"),
        "person_asked": _("A person was asked for."),
        "person_away": _("Nobody is here right now. We answer as soon as somebody is."),
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
    }
