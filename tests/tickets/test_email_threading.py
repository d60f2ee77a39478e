"""The signed marks in our mails: full length, bound to ticket and recipient, never guessed."""

from __future__ import annotations

import uuid

import pytest

from tickets.channels.threading import (
    TOKEN_LENGTH,
    message_id,
    read_message_id,
    read_reply_token,
    reply_address,
    reply_token,
    token_matches,
)

TICKET = uuid.UUID(int=7)
INGRID = "ingrid@nordhavn.example"


def test_the_reply_address_fits_a_local_part_and_carries_the_whole_signature():
    local = reply_address(TICKET, INGRID).partition("@")[0]
    assert len(local) <= 64
    assert len(read_reply_token(reply_address(TICKET, INGRID))) == TOKEN_LENGTH == 52


def test_mail_programs_may_change_the_case_of_an_address():
    token = read_reply_token(reply_address(TICKET, INGRID).upper())
    assert token_matches(token, TICKET, INGRID.upper())


def test_a_token_is_good_for_one_ticket_and_one_sender_only():
    token = reply_token(TICKET, INGRID)
    assert token_matches(token, TICKET, INGRID)
    assert not token_matches(token, uuid.UUID(int=8), INGRID)
    assert not token_matches(token, TICKET, "mallory@evil.example")


@pytest.mark.parametrize("length", [0, 1, 8, 51, 53])
def test_a_token_of_any_other_length_matches_nothing(length: int):
    token = (reply_token(TICKET, INGRID) * 2)[:length]
    assert not token_matches(token, TICKET, INGRID)
    assert read_reply_token(f"reply+{token}@{reply_address(TICKET, INGRID).partition('@')[2]}") == ""


def test_a_token_survives_a_change_of_the_secret_key(settings):
    token, ours = reply_token(TICKET, INGRID), message_id(TICKET)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another key"
    assert token_matches(token, TICKET, INGRID)
    assert read_message_id(ours) == TICKET
    settings.SECRET_KEY_FALLBACKS = []
    assert not token_matches(token, TICKET, INGRID)


def test_only_message_ids_that_we_signed_are_ours():
    ours = message_id(TICKET)
    assert read_message_id(f"<{ours}>") == TICKET
    for forged in ("", "x", "@", ours[1:], f"{uuid.UUID(int=9).hex}{ours[32:]}", f"{TICKET.hex}.@x", "plain@x.example", "\udcff" * 85):
        assert read_message_id(forged) is None
