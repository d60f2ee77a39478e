"""What the assistant says of its own: short, friendly, and never a promise (`words.py` has the words, in the visitor's language). What it
tells of the matter comes from articles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tickets.models import Ticket

from .words import say

LONGEST_SUBJECT = 120
LONGEST_NUMBER = 24  # of a ticket that is named and not there
MOODS = ("angry", "frustrated", "anxious", "very_negative", "negative")
REASONS = ("failure", "asked", "risk")  # of `briefing.REASONS`, those that are told in words of their own


def subject_of(text: str) -> str:
    """A ticket's subject: the first sentence of what was said."""
    line = " ".join(text.split())
    for mark in (". ", "! ", "? "):
        if 0 < (end := line.find(mark)) < LONGEST_SUBJECT:
            line = line[: end + 1]
    line = line.rstrip(". ")
    return line if len(line) <= LONGEST_SUBJECT else f"{line[: LONGEST_SUBJECT - 1].rsplit(' ', 1)[0]}…"


def hello(name: str) -> str:
    return say("hello_name", name=name) if name else say("hello")


def bye(name: str) -> str:
    return say("bye_name", name=name) if name else say("bye")


def your_name(name: str) -> str:
    return say("your_name", name=name) if name else say("no_name")


def known_facts(facts: Sequence[tuple[str, str]]) -> str:
    told = "\n".join(f"- {attribute}: {value}" for attribute, value in facts)
    return say("known_facts", facts=told) if facts else say("no_facts")


def what_you_asked(questions: Sequence[str]) -> str:
    told = "\n".join(f"- {question}" for question in questions)
    return say("so_far", lines=told) if questions else say("nothing_asked")


def empathy(mood: str) -> str:
    """One sentence where it is due."""
    return say(f"mood_{mood}") if mood in MOODS else ""


def which_of(titles: Sequence[str]) -> str:
    if len(titles) > 2:  # noqa: PLR2004
        return say("which_of_many", titles="\n".join(f"{n}. {title}" for n, title in enumerate(titles, 1)))
    return say("which_of_two", one=titles[0], other=titles[1]) if len(titles) > 1 else say("which_of_one", one=titles[0])


def pass_on(number: str, *, why: str, mood: str) -> str:
    """A person takes over. `why` is one of `briefing.REASONS`."""
    begin = say(f"pass_on_{why}") if why in REASONS else say("pass_on")
    return " ".join(filter(None, (empathy(mood), begin, say("your_request", number=number))))


def ticket_changed(number: str, *, solved: bool) -> str:
    return say("ticket_solved" if solved else "ticket_added", number=number)


def status_of(ticket: Ticket) -> str:
    said = say(
        "ticket_status", number=ticket.number, subject=ticket.subject, status=_status(ticket), day=f"{ticket.updated_at:%Y-%m-%d %H:%M}"
    )
    return f"{said} {say('being_worked_on')}" if ticket.is_active and ticket.assignee_id else said


def no_such_ticket(number: str, *, verified: bool) -> str:
    """The same words whether it does not exist or is somebody else's."""
    if verified:
        return say("not_among_yours", number=number[:LONGEST_NUMBER])
    return f"{say('none_to_show', number=number[:LONGEST_NUMBER])} {say('sign_in_for_all')}"


def list_of(tickets: Sequence[Ticket], *, verified: bool) -> str:
    if not tickets:
        return say("no_tickets" if verified else "no_tickets_of_chat")
    told = "\n".join(f"- {ticket.number}: {ticket.subject} ({_status(ticket)})" for ticket in tickets)
    return f"{say('latest_ticket' if len(tickets) == 1 else 'latest_tickets')}\n{told}"


def account(data: dict[str, Any]) -> str:
    """Each thing that is known, by its name in `data`."""
    return say("account", rows="\n".join(f"- {say(f'account_{name}')}: {value}" for name, value in data.items() if value != ""))


def _status(ticket: Ticket) -> str:
    return say(f"status_{ticket.status}")
