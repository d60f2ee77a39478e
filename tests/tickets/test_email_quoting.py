"""What the sender wrote, apart from what was copied below it."""

from __future__ import annotations

import pytest

from tickets.channels.quoting import split

OLD = "> the old text\n> in two lines"
INTRODUCTIONS = (
    "On Mon, 3 Nov 2026 at 10:00, Maya <maya@fernway.example> wrote:",
    "On Mon, 3 Nov 2026 at 10:00, Maya Lindqvist (Fernway Support)\n<support@fernway.example> wrote:",
    "Am 03.11.2026 um 10:00 schrieb Maya Lindqvist <maya@fernway.example>:",
    "Am Di., 3. Nov. 2026 um 10:00 Uhr schrieb Maya:",
    "Le 3 nov. 2026 à 10:00, Maya <maya@fernway.example> a écrit :",
    "El mar, 3 nov 2026 a las 10:00, Maya (<maya@fernway.example>) escribió:",
    "Il giorno mar 3 nov 2026 alle ore 10:00 Maya <maya@fernway.example> ha scritto:",
    "Op di 3 nov. 2026 om 10:00 schreef Maya <maya@fernway.example>:",
    "Em ter., 3 de nov. de 2026 às 10:00, Maya <maya@fernway.example> escreveu:",
    "W dniu 3.11.2026 o 10:00, Maya pisze:",
    "Den tis 3 nov. 2026 kl 10:00 skrev Maya <maya@fernway.example>:",
    "3 ноября 2026 г., Maya пишет:",
    "ti 3. marrask. 2026 klo 10.00 Maya kirjoitti:",
    "2026年11月3日(火) 10:00 Maya <maya@fernway.example> のメール:",
    "Maya <maya@fernway.example> 于2026年11月3日周二 10:00写道：",
)
BLOCKS = (
    "-----Original Message-----\nFrom: Maya\nSent: Monday\nTo: Ingrid\nSubject: x\n\nthe old text",
    "________________________________\nFrom: Maya <maya@fernway.example>\nSent: Monday\nTo: Ingrid\nSubject: x\n\nthe old text",
    "Von: Maya\nGesendet: Montag\nAn: Ingrid\nBetreff: x\n\nthe old text",
    "De : Maya\nEnvoyé : lundi\nÀ : Ingrid\nObjet : x\n\nthe old text",
    "*From:* Maya\n*Sent:* Monday\n*To:* Ingrid\n*Subject:* x\n\nthe old text",
    "-------- Ursprüngliche Nachricht --------\nthe old text",
)


@pytest.mark.parametrize("introduction", INTRODUCTIONS)
def test_a_quotation_is_found_in_many_languages(introduction: str):
    found = split(f"My answer.\n\n{introduction}\n{OLD}")
    assert found.reply == "My answer."
    assert "the old text" in found.quoted and introduction.splitlines()[0] in found.quoted


@pytest.mark.parametrize("block", BLOCKS)
def test_a_copied_header_block_starts_the_quotation(block: str):
    found = split(f"My answer.\n\n{block}")
    assert found.reply == "My answer."
    assert "the old text" in found.quoted


def test_an_answer_below_the_quotation_is_the_reply():
    found = split(f"On 3 Nov 2026, Maya wrote:\n{OLD}\n\nMy answer.")
    assert (found.reply, "the old text" in found.quoted) == ("My answer.", True)


def test_answers_between_the_quoted_lines_stay_together():
    text = "On 3 Nov 2026, Maya wrote:\n> first question\nYes.\n> second question\nNo."
    assert split(text).reply == text


def test_a_mail_of_nothing_but_quotation_is_shown_whole():
    assert split(OLD).reply == OLD


@pytest.mark.parametrize(
    "prose",
    [
        "She wrote: nothing.",
        "From: the start it was slow.\nWe waited.",
        "I told you on Monday.\nOn Tuesday I wrote: nothing happened.",
        "a > b",
    ],
)
def test_prose_that_looks_like_an_introduction_stays(prose: str):
    assert split(prose).reply == prose


@pytest.mark.parametrize("signature", ["-- \nIngrid\nNordhavn", "--\nIngrid", "Sent from my iPhone", "Von meinem iPhone gesendet"])
def test_a_signature_is_trimmed_and_kept(signature: str):
    found = split(f"My answer.\n\n{signature}")
    assert (found.reply, found.signature) == ("My answer.", signature.strip())


@pytest.mark.parametrize(
    "text",
    [
        "On " + "a " * 30_000,
        "On 1 a\n" * 30_000,
        ">" * 500_000,
        "on 1:\n" * 50_000,
        "From: x\n" * 50_000,
        "> a\nb\n" * 50_000,
        "-- \n" * 100_000,
    ],
)
def test_hostile_text_loses_nothing(text: str):
    found = split(text)
    assert len("".join((found.reply + found.quoted + found.signature).split())) == len("".join(text.split()))
