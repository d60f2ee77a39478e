"""What the assistant says of its own, in the visitor's language: `data/words.json`, else as the company's own translations have it.

    with spoken(session.language):
        say("hello_name", name="Ana")

What stands in {braces} is filled in. The language is the one that is active: `spoken` makes it the visitor's, colleagues keep theirs.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

from django.conf import settings
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from .patterns import data


def spoken(language: str) -> AbstractContextManager[None]:
    """In this block our own phrases are in this language, where we have them in it."""
    code = language.split("-", maxsplit=1)[0].lower()
    return override(code if code in data("words") or code in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE)


def say(name: str, /, **given: str) -> str:
    """The phrase of this name. What is filled in stands as it is: braces in it mean nothing."""
    code = (get_language() or "").split("-", maxsplit=1)[0]
    return (data("words").get(code, {}).get(name) or own()[name]).format(**given)


def own() -> dict[str, str]:
    """All of them, by their names."""
    return {**_greetings(), **_moods(), **_asking(), **_passing_on(), **_memories(), **_tickets(), **_states(), **_account()}


def _greetings() -> dict[str, str]:
    return {
        "hello": _("Hello! I am the automatic assistant. What can I help you with?"),
        "hello_name": _("Hello {name}, good to see you. What can I help you with?"),
        "glad": _("You are welcome. Is there anything else I can do for you?"),
        "noted": _("Thank you for telling us. I have written it down for the team."),
        "bye": _("Goodbye. Come back any time."),
        "bye_name": _("Goodbye, {name}. Come back any time."),
        "nice_to_meet": _("Nice to meet you, {name}. How can I help you?"),
        "what_i_can": _("I can answer questions about our product, open a ticket for you, or pass you to a person. What do you need?"),
    }


def _moods() -> dict[str, str]:
    return {
        "mood_angry": _("I am sorry for the trouble this has caused you."),
        "mood_frustrated": _("I am sorry that this is costing you time and patience."),
        "mood_anxious": _("I understand that this is worrying."),
        "mood_very_negative": _("I am very sorry about this."),
        "mood_negative": _("I am sorry about the trouble."),
    }


def _asking() -> dict[str, str]:
    return {
        "tell_me_more": _("I would like to get this right. What exactly happens, and do you see an error message or a code?"),
        "tell_me_what": _("I would like to help. Which part of the product is it about, and what are you trying to do?"),
        "which_of_two": _("So that I answer the right question: is it about “{one}” or rather “{other}”?"),
        "which_of_many": _("I am not sure which of these you mean:\n{titles}\nTell me the number, or say it in other words."),
        "which_of_one": _("Do you mean “{one}”? If not, tell me a little more."),
        "the_rest": _("The remaining steps are in the article “{title}”."),
        "or_rather": _("If it is rather about “{title}”, tell me."),
        "did_it_help": _("Does that help? If not, I can pass you to a person."),
        "did_not_help": _("I am sorry that this did not help. Tell me a little more, or say “talk to a person” and I will pass you on."),
        "yes_or_no": _("Please answer yes or no."),
        "dropped": _("All right, I leave it. What else can I do for you?"),
        "cannot": _("That is something I cannot do here."),
    }


def _passing_on() -> dict[str, str]:
    return {
        "pass_on": _("I will pass you to a person who can help."),
        "pass_on_failure": _("I do not know the answer to that, so I will pass you to a person."),
        "pass_on_asked": _("Of course, I will pass you to a person."),
        "pass_on_risk": _("This is a matter for a person, so I will pass you on."),
        "your_request": _("Your request is {number} and our whole conversation is in it."),
        "with_our_team": _("Your message is with our team. A person will answer here."),
        "wants_person": _("I would like to talk to a person."),
        "nobody_here": _("Nobody of our team is here right now."),
        "back_on": _("We are back on {when}."),
        "answer_by_mail": _("We will answer by e-mail to {address}."),
        "leave_address": _("Leave your e-mail address here and we will answer there."),
        "address_taken": _("Thank you. We will answer to {address} if you have left by then."),
    }


def _memories() -> dict[str, str]:
    return {
        "your_name": _("Your name is {name}."),
        "no_name": _("You have not told me your name yet."),
        "you_said": _("You told me this {what}: {value}."),
        "you_did_not_say": _("I have no {what} from you in this chat."),
        "no_facts": _("Beyond this chat I remember nothing about you."),
        "known_facts": _("This is what I remember about you:\n{facts}"),
        "nothing_asked": _("You have not asked me anything before this."),
        "so_far": _("So far you said:\n{lines}"),
    }


def _tickets() -> dict[str, str]:
    return {
        "describe_it": _("Gladly. Tell me in a sentence or two what happened, and I will open the ticket with your words."),
        "shall_i_open": _("Shall I open a ticket “{subject}”? Answer yes or no."),
        "your_email": _("Which e-mail address should we answer to?"),
        "no_email": _("This does not look like an e-mail address. Which address should we answer to? (Or say “cancel”.)"),
        "which_ticket": _("Which ticket is it about? Its number looks like TKT-20250131-0001."),
        "what_to_add": _("What should I add to {number}?"),
        "shall_i_add": _("Shall I add this to {number}: “{text}”? Answer yes or no."),
        "shall_i_close": _("Shall I mark {number} as solved? Answer yes or no."),
        "shall_i": _("Shall I do this for you ({what})? Answer yes or no."),
        "ticket_made": _("Done: your ticket is {number}. A person will look into it and answer. Whatever you add here goes into it too."),
        "ticket_solved": _("{number} is marked as solved."),
        "ticket_added": _("I have added it to {number}."),
        "ticket_status": _("{number} “{subject}” is: {status}. Last change on {day} (UTC)."),
        "being_worked_on": _("A colleague is working on it."),
        "not_among_yours": _("I find no ticket {number} among yours. Please check the number."),
        "none_to_show": _("I find no ticket {number} that I may show here."),
        "sign_in_for_all": _("Sign in, or follow the link in our e-mail, to see all of yours."),
        "no_tickets": _("You have no tickets."),
        "no_tickets_of_chat": _("I see no tickets of this chat. Sign in, and I can show you all of yours."),
        "latest_ticket": _("Your latest ticket:"),
        "latest_tickets": _("Your latest tickets:"),
    }


def _states() -> dict[str, str]:
    """Of a ticket, as its customer sees them."""
    return {
        "status_new": _("new"),
        "status_open": _("open"),
        "status_pending": _("waiting for your answer"),
        "status_on_hold": _("on hold"),
        "status_resolved": _("solved"),
        "status_closed": _("closed"),
    }


def _account() -> dict[str, str]:
    return {
        "account": _("This is your account:\n{rows}"),
        "account_name": _("Name"),
        "account_plan": _("Plan"),
        "account_organisation": _("Organisation"),
        "account_email": _("E-mail"),
        "account_customer_since": _("Customer since"),
        "account_open_tickets": _("Open tickets"),
        "prove": _("I can show account data only to somebody who is signed in. Please sign in on the website and ask me again."),
    }
