"""What is drawn from what customers say of themselves, and what is not."""

from __future__ import annotations

import pytest

from customers.memory.drawing import draw

PRODUCTS = ("Driver app", "Print Bridge", "Order Sync API")

SAID = [
    ("My name is Ingrid Sørensen-Dahl.", {"name": "Ingrid Sørensen-Dahl"}),
    ("We are on the premium plan.", {"plan": "premium"}),
    ("Hello, we're on your Enterprise tier and the sync fails.", {"plan": "enterprise"}),
    ("We upgraded to the Professional plan.", {"plan": "professional"}),
    ("We recently switched to the standard plan.", {"plan": "standard"}),
    ("Our plan is Professional.", {"plan": "professional"}),
    ("I use version 7.4.1 here.", {"version": "7.4.1"}),
    ("We run v7.2 everywhere.", {"version": "7.2"}),
    ("We updated to version 3.2 yesterday.", {"version": "3.2"}),
    ("Our version is 3.2.", {"version": "3.2"}),
    ("We are running Windows 11 on all desks.", {"operating system": "Windows 11"}),
    ("I'm on macOS Sonoma.", {"operating system": "macOS Sonoma"}),
    ("We run Ubuntu 24.04.", {"operating system": "Ubuntu 24.04"}),
    ("I use Firefox.", {"browser": "Firefox"}),
    ("My browser is Edge.", {"browser": "Edge"}),
    ("We use Zebra TC52 for scanning.", {"device": "Zebra TC52"}),
    ("Our drivers carry Pixel 8 phones.", {"device": "Pixel 8"}),
    ("Please answer in German.", {"language": "German"}),
    ("I speak Danish.", {"language": "Danish"}),
    ("Please call me.", {"contact preference": "phone"}),
    ("I prefer to be reached by e-mail.", {"contact preference": "e-mail"}),
    ("Text is best for us.", {"contact preference": "text message"}),
    ("We use the Driver app in Tema.", {"product": "Driver app"}),
    ("We are on the free plan. Sorry: we are on the standard plan.", {"plan": "standard"}),
]

NOT_SAID = [
    "We are not on the premium plan.",
    "We aren't on the premium plan.",
    "We are no longer on the premium plan.",
    "I never use Firefox.",
    "Are we on the premium plan?",
    "If we are on the premium plan, it should work.",
    "We would be on the Enterprise plan by now.",
    "We used to be on the free plan.",
    "They are on the premium plan.",
    "She said I use Firefox.",
    "Our customer says we are on the premium plan.",
    "My colleague told me we use version 7.2.",
    "> We are on the premium plan.",
    "| We run Windows 11.",
    "The page says “we are on the free plan”.",
    'It shows "I use Chrome" at the top.',
    "We want to switch to the Enterprise plan, but we are on the fence about your plan.",
    "The premium plan is expensive.",
    "Version 7.4.1 is broken.",
    "Windows 11 came out years ago.",
    "Please do not call me.",
    "Please don't text us.",
    "When we are on version 8.0, this goes away.",
    "Maybe we use version 7.2.",
    "The Driver app is nice.",
    "We cannot use the Driver app without a licence.",
    "My name is on the invoice.",
]


@pytest.mark.parametrize(("sentence", "facts"), SAID)
def test_plain_words_about_themselves_are_facts_with_their_sentence(sentence: str, facts: dict[str, str]) -> None:
    drawn = draw(sentence, PRODUCTS)
    assert {fact.attribute: fact.value for fact in drawn} == facts
    assert all(fact.quote in sentence for fact in drawn)


@pytest.mark.parametrize("sentence", NOT_SAID)
def test_doubt_other_people_and_quotations_say_nothing(sentence: str) -> None:
    assert draw(sentence, PRODUCTS) == []


def test_each_product_in_use_stands_for_itself() -> None:
    drawn = draw("We use the Driver app. We use Print Bridge.", PRODUCTS)
    assert [fact.value for fact in drawn] == ["Driver app", "Print Bridge"]
