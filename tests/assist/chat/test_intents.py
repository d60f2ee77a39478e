"""What visitors want, in words that are in none of our examples and patterns."""

from __future__ import annotations

import pytest

from assist.chat import intents
from helpdesk.core.embeddings import get_embedder

PHRASES = {
    "question": [
        "Hello, could you tell me where my receipts are kept?",
        "Is it possible to use the app on two phones?",
        "what's the maximum number of drivers",
        "How do I talk to the API from Python?",
        "How would a new colleague get access?",
        "any idea why my reports come out empty?",
        "Our barcode scanner stopped responding after the update",
        "the depot filter shows the wrong vehicles",
    ],
    "request": [
        "Please open a ticket about the missing invoices",
        "could you raise a case with engineering",
        "I'd like to file a support request",
        "what's happening with TKT-20260102-0007?",
        "TKT-20260102-0007",
        "how is my ticket coming along, any progress?",
        "can you show me all my open tickets please",
        "add to my ticket: the serial number is 4711",
        "please close my case, it is sorted",
        "which plan am I on?",
        "let me talk to a human being please",
        "can I speak with someone from your support team",
        "this bot is useless, get me a real person",
        "Ich möchte mit einem Mitarbeiter sprechen",
        "je voudrais parler à un conseiller",
    ],
    "complaint": [
        "your support is the worst I have ever seen",
        "I am really disappointed, third day without a reply from you",
        "Honestly, this is a terrible experience with your company",
    ],
    "greeting": ["hey there!", "Good afternoon", "hi everyone", "Hello?", "hi 👋", "Guten Morgen", "Bonjour!", "hola"],
    "feedback": ["thank you so much!", "ok great, that worked", "Cheers, very kind", "perfect!", "merci beaucoup", "danke schön"],
    "goodbye": ["bye for now", "ok, have a nice evening", "no thanks, that's everything", "bye bye!", "Tschüss"],
    "other": ["???", "12345", "hm", "😀", "qwertz"],
}
ROWS = [(intent, phrase) for intent, phrases in PHRASES.items() for phrase in phrases]


@pytest.mark.parametrize(("intent", "phrase"), ROWS)
def test_what_is_wanted(intent: str, phrase: str) -> None:
    vector = get_embedder().embed([intents.without_greeting(phrase)])[0]
    assert intents.read(phrase, vector).name == intent


@pytest.mark.parametrize(
    ("phrase", "act"),
    [
        ("connect me with an agent", "human"),
        ("How do I add an agent to my team?", "question"),
        ("How do I change my plan?", "question"),
        ("what's my current plan?", "account"),
        ("I need a ticket", "create_ticket"),
        ("do I have any open requests?", "my_tickets"),
        ("is there any update on my request?", "ticket_status"),
        ("put a note on my ticket that Ana called", "update_ticket"),
    ],
)
def test_which_act_it_is(phrase: str, act: str) -> None:
    vector = get_embedder().embed([intents.without_greeting(phrase)])[0]
    assert intents.read(phrase, vector).act in ({act, "problem"} if act == "question" else {act})


def test_no_example_is_among_the_phrases_tested() -> None:
    known = {text.casefold() for texts in intents.examples().values() for text in texts}
    assert not known & {phrase.casefold() for _intent, phrase in ROWS}


def test_without_an_embedder_the_form_of_the_sentence_decides() -> None:
    assert intents.read("Where do I find the invoice").name == "question"
    assert intents.read("My scanner is dead since yesterday").name == "question"
    assert intents.read("hmm well").name == "other"
