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


ABROAD = [
    ("Mein Name ist Ingrid Sørensen.", {"name": "Ingrid Sørensen"}),
    ("Ich heiße Jörg Weiß.", {"name": "Jörg Weiß"}),
    ("Wir sind im Premium-Tarif.", {"plan": "premium"}),
    ("Unser Tarif ist Standard.", {"plan": "standard"}),
    ("Wir nutzen derzeit Version 4.2.", {"version": "4.2"}),
    ("Ich verwende Windows 11.", {"operating system": "Windows 11"}),
    ("Wir nutzen Firefox.", {"browser": "Firefox"}),
    ("Wir nutzen die Driver app.", {"product": "Driver app"}),
    ("Bitte antworten Sie auf Deutsch.", {"language": "German"}),
    ("Bitte rufen Sie mich an.", {"contact preference": "phone"}),
    ("Je m'appelle Chloé Martin.", {"name": "Chloé Martin"}),
    ("Nous sommes sur le forfait Premium.", {"plan": "premium"}),
    ("Notre abonnement est Enterprise.", {"plan": "enterprise"}),
    ("Nous utilisons la version 4.2.", {"version": "4.2"}),
    ("J'utilise Firefox.", {"browser": "Firefox"}),
    ("Nous utilisons Print Bridge.", {"product": "Print Bridge"}),
    ("Merci de répondre en français.", {"language": "French"}),
    ("Merci de nous rappeler.", {"contact preference": "phone"}),
    ("Me llamo Lucía Fernández.", {"name": "Lucía Fernández"}),
    ("Estamos en el plan Premium.", {"plan": "premium"}),
    ("Usamos la versión 4.2.", {"version": "4.2"}),
    ("Utilizamos Print Bridge.", {"product": "Print Bridge"}),
    ("Uso Windows 11.", {"operating system": "Windows 11"}),
    ("Por favor, respondan en español.", {"language": "Spanish"}),
    ("Por favor, llámeme.", {"contact preference": "phone"}),
    ("Jeg hedder Ingrid Sørensen-Dahl.", {"name": "Ingrid Sørensen-Dahl"}),
    ("Vi er på premium-planen.", {"plan": "premium"}),
    ("Vi bruger version 4.2.", {"version": "4.2"}),
    ("Vi bruger Print Bridge.", {"product": "Print Bridge"}),
    ("Svar venligst på dansk.", {"language": "Danish"}),
    ("Ring venligst til mig.", {"contact preference": "phone"}),
    ("Bitte schreiben Sie mir auf Niederländisch.", {"language": "Dutch"}),
    ("Veuillez répondre en suédois.", {"language": "Swedish"}),
]


@pytest.mark.parametrize(("text", "facts"), ABROAD)
def test_what_customers_say_in_their_own_language(text: str, facts: dict[str, str]) -> None:
    assert {one.attribute: one.value for one in draw(text, PRODUCTS)} == facts


@pytest.mark.parametrize(
    "text",
    [
        "Wir nutzen Version 4.2 nicht mehr.",
        "Nutzen wir Version 4.2?",
        "Unser Kunde sagt, wir nutzen Firefox.",
        "Wenn wir im Premium-Tarif sind, geht es.",
        "Nous n'utilisons pas Firefox.",
        "Nous n'utilisons plus la version 4.2.",
        "Si nous utilisons Firefox, tout va bien.",
        "No usamos Firefox.",
        "Usamos Firefox antes.",
        "Su cliente dice: usamos Firefox.",
        "Vi bruger ikke Firefox.",
        "Hvis vi bruger Firefox, virker det.",
        "Vi var på premium-planen.",
    ],
)
def test_doubt_in_another_language_says_nothing(text: str) -> None:
    assert draw(text, PRODUCTS) == []


@pytest.mark.parametrize(
    "text",
    [
        "Bitte antworten Sie auf diese Mail.",
        "Merci de répondre en urgence.",
        "Por favor, responda en breve.",
        "Svar venligst på denne mail.",
    ],
)
def test_only_languages_are_languages(text: str) -> None:
    assert draw(text, PRODUCTS) == []
