"""What people wrote leaves the house without their addresses and numbers, and comes back with them (security T45)."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.core.llm.redaction import Backwards, Redaction, is_card, is_iban

PERSONAL = [
    ("ada.lovelace+1@mail.example.co.uk", "EMAIL"),
    ("+44 20 7946 0958", "PHONE"),
    ("0044 20 7946 0958", "PHONE"),
    ("(020) 7946 0958", "PHONE"),
    ("030 / 901820-11", "PHONE"),
    ("DE89 3704 0044 0532 0130 00", "IBAN"),
    ("GB82WEST12345698765432", "IBAN"),
    ("4111 1111 1111 1111", "CARD"),
    ("5500-0000-0000-0004", "CARD"),
    ("sk-proj-abcdEFGH1234567890abcd", "SECRET"),
    ("ghp_abcdefghijklmnopqrstuvwxyz0123456789", "SECRET"),
    ("AKIAIOSFODNN7EXAMPLE", "SECRET"),
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "SECRET"),
]


@pytest.mark.parametrize(("value", "kind"), PERSONAL)
def test_a_personal_value_is_replaced_by_a_mark_and_put_back(value: str, kind: str) -> None:
    hidden, text = Redaction(), f"Please use {value}, thanks. Again: {value}."
    sent = hidden.out(text)
    assert sent == f"Please use [{kind}_1], thanks. Again: [{kind}_1]."
    assert hidden.back(sent) == text


def test_a_password_that_is_told_is_hidden_and_the_words_around_it_kept() -> None:
    sent = Redaction().out("My password is hunter2! and the API key: 9f8e7d6c")
    assert "hunter2" not in sent and "9f8e7d6c" not in sent and sent.startswith("My password is [SECRET_1]")


def test_names_are_hidden_whole_and_in_part_but_not_inside_words() -> None:
    hidden = Redaction(names=("Ann Marlowe",))
    sent = hidden.out("Ann Marlowe: Ann has an Annual plan. Marlowe signed.")
    assert sent == "[NAME_1]: [NAME_2] has an Annual plan. [NAME_3] signed."
    assert hidden.back("Dear [NAME_2],") == "Dear Ann,"


def test_ordinary_numbers_stay() -> None:
    chance, kept = random.Random(7), 0
    kinds = ("TKT-20261126-", "#", "ORD-", "order ", "INV", "v7.4.", "")
    numbers = [f"{kind}{chance.randrange(10**length)}" for kind in kinds for length in (4, 6, 8, 10) for _ in range(20)]
    for number in numbers:
        text = f"It is about {number} since 2026-11-26, 14:30, 1,299.00 EUR"
        kept += Redaction().out(text) == text
    assert kept / len(numbers) > 0.98


def test_a_mark_that_we_never_gave_out_is_left_alone() -> None:
    assert Redaction().back("[EMAIL_9] [NAME_1]") == "[EMAIL_9] [NAME_1]"


@given(st.text(max_size=300), st.lists(st.integers(1, 9), min_size=1, max_size=60))
def test_a_stream_cut_anywhere_reads_as_the_whole_does(text: str, cuts: list[int]) -> None:
    hidden = Redaction(names=("Ada",))
    whole = hidden.out("Ada a@b.example") + text + "[NAME_1] [EMAIL_1] ["
    back, shown, at = Backwards(hidden), "", 0
    for cut in cuts * 200:
        shown += back.piece(whole[at : at + cut])
        at += cut
    assert shown + back.rest() == hidden.back(whole)


@given(st.text(max_size=500))
def test_no_text_breaks_it(text: str) -> None:
    hidden = Redaction(names=(text[:20],))
    assert isinstance(hidden.back(hidden.out(text)), str)


def test_check_digits() -> None:
    assert is_iban("DE89370400440532013000") and not is_iban("DE89370400440532013001")
    assert is_card("4111111111111111") and not is_card("4111111111111112")
