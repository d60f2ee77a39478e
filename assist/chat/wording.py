"""What the assistant says of its own: short, friendly, and never a promise. What it tells of the matter comes from articles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tickets.models import Ticket

LONGEST_SUBJECT = 120


def subject_of(text: str) -> str:
    """A ticket's subject: the first sentence of what was said."""
    line = " ".join(text.split())
    for mark in (". ", "! ", "? "):
        if 0 < (end := line.find(mark)) < LONGEST_SUBJECT:
            line = line[: end + 1]
    line = line.rstrip(". ")
    return line if len(line) <= LONGEST_SUBJECT else f"{line[: LONGEST_SUBJECT - 1].rsplit(' ', 1)[0]}…"


def hello(name: str) -> str:
    if name:
        return _("Hello %(name)s, good to see you. What can I help you with?") % {"name": name}
    return _("Hello! I am the automatic assistant. What can I help you with?")


def glad() -> str:
    return _("You are welcome. Is there anything else I can do for you?")


def sorry_it_did_not_help() -> str:
    return _(
        "I am sorry that this did not help. Tell me a little more about what you need, or say “talk to a person” and I will pass you on."
    )


def noted() -> str:
    return _("Thank you for telling us. I have written it down for the team.")


def bye(name: str) -> str:
    return _("Goodbye, %(name)s. Come back any time.") % {"name": name} if name else _("Goodbye. Come back any time.")


def nice_to_meet(name: str) -> str:
    return _("Nice to meet you, %(name)s. How can I help you?") % {"name": name}


def your_name(name: str) -> str:
    return _("Your name is %(name)s.") % {"name": name} if name else _("You have not told me your name yet.")


def you_said(what: str, value: str) -> str:
    return _("You told me this %(what)s: %(value)s.") % {"what": what, "value": value}


def you_did_not_say(what: str) -> str:
    return _("I have no %(what)s from you in this chat.") % {"what": what}


def known_facts(facts: Sequence[tuple[str, str]]) -> str:
    if not facts:
        return _("Beyond this chat I remember nothing about you.")
    told = "\n".join(f"- {attribute}: {value}" for attribute, value in facts)
    return _("This is what I remember about you:\n%(facts)s") % {"facts": told}


def what_you_asked(questions: Sequence[str]) -> str:
    if not questions:
        return _("You have not asked me anything before this.")
    told = "\n".join(f"- {question}" for question in questions)
    return _("So far you said:\n%(lines)s") % {"lines": told}


def what_i_can() -> str:
    return _("I can answer questions about our product, open a ticket for you, or pass you to a person. What do you need?")


def empathy(mood: str) -> str:
    """One sentence where it is due."""
    said = {
        "angry": _("I am sorry for the trouble this has caused you."),
        "frustrated": _("I am sorry that this is costing you time and patience."),
        "anxious": _("I understand that this is worrying."),
        "very_negative": _("I am very sorry about this."),
        "negative": _("I am sorry about the trouble."),
    }
    return said.get(mood, "")


def tell_me_more() -> str:
    return _("I would like to get this right. What exactly happens, and do you see an error message or a code?")


def tell_me_what() -> str:
    return _("I would like to help. Which part of the product is it about, and what are you trying to do?")


def which_of(titles: Sequence[str]) -> str:
    if len(titles) > 1:
        return _("So that I answer the right question: is it about “%(one)s” or rather “%(other)s”?") % {
            "one": titles[0],
            "other": titles[1],
        }
    return _("Do you mean “%(one)s”? If not, tell me a little more.") % {"one": titles[0]}


def the_rest(title: str) -> str:
    return _("The remaining steps are in the article “%(title)s”.") % {"title": title}


def did_it_help() -> str:
    return _("Does that help? If not, I can pass you to a person.")


def pass_on(number: str, *, why: str, mood: str) -> str:
    """A person takes over. `why` is one of `briefing.REASONS`."""
    begin = {
        "failure": _("I do not know the answer to that, so I will pass you to a person."),
        "asked": _("Of course, I will pass you to a person."),
        "risk": _("This is a matter for a person, so I will pass you on."),
    }.get(why, _("I will pass you to a person who can help."))
    told = _("Your request is %(number)s and our whole conversation is in it.") % {"number": number}
    return " ".join(filter(None, (empathy(mood), begin, told)))


def describe_it() -> str:
    return _("Gladly. Tell me in a sentence or two what happened, and I will open the ticket with your words.")


def shall_i_open(subject: str) -> str:
    return _("Shall I open a ticket “%(subject)s”? Answer yes or no.") % {"subject": subject}


def your_email() -> str:
    return _("Which e-mail address should we answer to?")


def that_is_no_email() -> str:
    return _("This does not look like an e-mail address. Which address should we answer to? (Or say “cancel”.)")


def which_ticket() -> str:
    return _("Which ticket is it about? Its number looks like TKT-20250131-0001.")


def what_to_add(number: str) -> str:
    return _("What should I add to %(number)s?") % {"number": number}


def shall_i_add(number: str, text: str) -> str:
    return _("Shall I add this to %(number)s: “%(text)s”? Answer yes or no.") % {"number": number, "text": text}


def shall_i_close(number: str) -> str:
    return _("Shall I mark %(number)s as solved? Answer yes or no.") % {"number": number}


def shall_i(tool: str) -> str:
    return _("Shall I do this for you (%(what)s)? Answer yes or no.") % {"what": tool.replace("_", " ")}


def yes_or_no() -> str:
    return _("Please answer yes or no.")


def dropped() -> str:
    return _("All right, I leave it. What else can I do for you?")


def ticket_made(number: str) -> str:
    return _("Done: your ticket is %(number)s. A person will look into it and answer. Whatever you add here goes into it too.") % {
        "number": number
    }


def ticket_changed(number: str, *, solved: bool) -> str:
    return (_("%(number)s is marked as solved.") if solved else _("I have added it to %(number)s.")) % {"number": number}


def status_of(ticket: Ticket) -> str:
    said = _("%(number)s “%(subject)s” is: %(status)s. Last change on %(day)s (UTC).") % {
        "number": ticket.number,
        "subject": ticket.subject,
        "status": str(ticket.get_status_display()).lower(),
        "day": f"{ticket.updated_at:%Y-%m-%d %H:%M}",
    }
    return f"{said} {_('A colleague is working on it.')}" if ticket.is_active and ticket.assignee_id else said


def no_such_ticket(number: str, *, verified: bool) -> str:
    """The same words whether it does not exist or is somebody else's."""
    if verified:
        return _("I find no ticket %(number)s among yours. Please check the number.") % {"number": number[:24]}
    told = _("I find no ticket %(number)s that I may show here.") % {"number": number[:24]}
    return f"{told} {_('Sign in, or follow the link in our e-mail, to see all of yours.')}"


def list_of(tickets: Sequence[Ticket], *, verified: bool) -> str:
    if not tickets:
        return _("You have no tickets.") if verified else _("I see no tickets of this chat. Sign in, and I can show you all of yours.")
    told = "\n".join(f"- {ticket.number}: {ticket.subject} ({str(ticket.get_status_display()).lower()})" for ticket in tickets)
    head = ngettext("Your latest ticket:", "Your latest tickets:", len(tickets))
    return f"{head}\n{told}"


def account(data: dict[str, Any]) -> str:
    rows = (
        (_("Name"), data["name"]),
        (_("Plan"), data["plan"]),
        (_("Organisation"), data["organisation"]),
        (_("E-mail"), data["email"]),
        (_("Customer since"), data["customer_since"]),
        (_("Open tickets"), data["open_tickets"]),
    )
    told = "\n".join(f"- {label}: {value}" for label, value in rows if value != "")
    return _("This is your account:\n%(rows)s") % {"rows": told}


def prove_who_you_are() -> str:
    return _("I can show account data only to somebody who is signed in. Please sign in on the website and ask me again.")


def cannot() -> str:
    return _("That is something I cannot do here.")


def passed_on_to_team() -> str:
    return _("Your message is with our team. A person will answer here.")
