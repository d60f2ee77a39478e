"""Twilio: published signature vectors, and what its three kinds of callback mean."""

from __future__ import annotations

import json
from typing import Any

import pytest

from assist.acd import twilio_signature
from assist.acd.base import FORM, Account, Ended, Forged, Incoming, NotUnderstood, Ringing, Said, Started
from assist.acd.twilio import Twilio

URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
FIELDS = "CallSid=CA1234567890ABCDE&Caller=%2B12349013030&Digits=1234&From=%2B12349013030&To=%2B18005551212"
ACCOUNT = Account(settings={"account_sid": "AC1"}, secrets={"auth_token": "12345"})
TWILIO = Twilio()


def form(signature: str, *urls: str, fields: str = FIELDS) -> Incoming:
    return Incoming(body=fields.encode(), content_type=FORM, urls=urls or (URL,), headers={"x-twilio-signature": signature})


def as_json(signature: str, body: bytes, digest: str) -> Incoming:
    url = f"{URL}&bodySHA256={digest}"
    return Incoming(body=body, content_type="application/json; charset=utf-8", urls=(url,), headers={"x-twilio-signature": signature})


def test_the_published_vector_of_a_form_is_accepted() -> None:
    assert twilio_signature.is_valid(form("0/KCTR6DLpKmkAf8muzZqo1nDgQ="), "12345")


def test_the_published_vector_of_a_json_body_is_accepted() -> None:
    digest = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
    body = b'{"property": "value", "boolean": true}'
    assert twilio_signature.is_valid(as_json("a9nBmqA0ju/hNViExpshrM61xv4=", body, digest), "12345")
    assert not twilio_signature.is_valid(as_json("a9nBmqA0ju/hNViExpshrM61xv4=", body + b" ", digest), "12345")


def test_a_json_body_that_no_hash_covers_is_refused() -> None:
    signature = twilio_signature.signature(URL, [], "12345")
    assert not twilio_signature.is_valid(Incoming(body=b"{}", urls=(URL,), headers={"x-twilio-signature": signature}), "12345")


@pytest.mark.parametrize("signed", ["https://mycompany.com:443/myapp.php?foo=1&bar=2", URL])
@pytest.mark.parametrize("known", ["https://mycompany.com:443/myapp.php?foo=1&bar=2", URL])
def test_the_address_counts_with_and_without_its_port(signed: str, known: str) -> None:
    signature = twilio_signature.signature(signed, form("").pairs, "12345")
    assert twilio_signature.is_valid(form(signature, "https://other.example/", known), "12345")


@pytest.mark.parametrize(
    "forged",
    [
        form("0/KCTR6DLpKmkAf8muzZqo1nDgQ=", fields=FIELDS.replace("1234&", "1235&")),
        form("0/KCTR6DLpKmkAf8muzZqo1nDgQ=", URL + "3"),
        form("0/KCTR6DLpKmkAf8muzZqo1nDgq="),
        form(""),
        form("é"),
    ],
)
def test_one_changed_byte_is_a_forgery(forged: Incoming) -> None:
    assert not twilio_signature.is_valid(forged, "12345")


def test_without_an_auth_token_nothing_is_believed() -> None:
    assert not twilio_signature.is_valid(form(twilio_signature.signature(URL, form("").pairs, "")), "")


def test_events_of_another_account_are_refused() -> None:
    fields = FIELDS + "&AccountSid=AC2"
    signature = twilio_signature.signature(URL, form("", fields=fields).pairs, "12345")
    with pytest.raises(Forged):
        TWILIO.verify(form(signature, fields=fields), ACCOUNT)


def test_the_sample_passes_its_own_check() -> None:
    sample = TWILIO.sample(ACCOUNT, ("https://desk.example/api/realtime/acd/twilio/key",))
    TWILIO.verify(sample, ACCOUNT)
    assert isinstance(TWILIO.understand(sample.payload(), ACCOUNT).happenings[0], Ringing)


def status(name: str, **fields: str) -> dict[str, Any]:
    common = {"CallSid": "CA1", "AccountSid": "AC1", "From": "+31852550117", "To": "+442079460186", "Direction": "inbound"}
    return {**common, "CallStatus": name, "SequenceNumber": "0", "Timestamp": "Wed, 25 Nov 2026 14:21:05 +0000", **fields}


def happenings(payload: dict[str, Any], account: Account = ACCOUNT) -> Any:
    return TWILIO.understand(payload, account).happenings


@pytest.mark.parametrize(
    ("name", "kind"), [("initiated", Ringing), ("ringing", Ringing), ("in-progress", Started), ("answered", Started), ("completed", Ended)]
)
def test_a_call_rings_starts_and_ends(name: str, kind: type) -> None:
    assert [type(one) for one in happenings(status(name))] == [kind]


@pytest.mark.parametrize("name", ["busy", "failed", "no-answer", "canceled"])
def test_a_call_that_nobody_took_is_abandoned(name: str) -> None:
    assert happenings(status(name)) == (Ended(call_id="CA1", status="abandoned"),)


def test_the_customer_is_at_the_other_end_of_an_outgoing_call() -> None:
    (rings,) = happenings(status("ringing", Direction="outbound-api"))
    assert (rings.opening.customer_phone, rings.opening.direction) == ("+442079460186", "outbound")
    (rings,) = happenings(status("ringing"))
    assert (rings.opening.customer_phone, rings.opening.direction) == ("+31852550117", "inbound")


def test_the_leg_to_the_agent_names_the_agent_and_its_end_ends_nothing() -> None:
    leg = {"ParentCallSid": "CA1", "CallSid": "CA2", "To": "client:maya@fernway.example", "Direction": "outbound-dial"}
    (started,) = happenings(status("in-progress", **leg))
    assert (started.opening.call_id, started.opening.agent_id) == ("CA1", "maya@fernway.example")
    assert happenings(status("completed", **leg)) == ()


def words(text: str = "I get error 401", **fields: str) -> dict[str, Any]:
    return {
        "TranscriptionEvent": "transcription-content",
        "TranscriptionSid": "GT1",
        "CallSid": "CA1",
        "AccountSid": "AC1",
        "Timestamp": "2026-11-25T14:21:09.120Z",
        "SequenceId": "3",
        "Track": "inbound_track",
        "LanguageCode": "en-GB",
        "Final": "true",
        "TranscriptionData": json.dumps({"transcript": text, "confidence": 0.96}),
        **fields,
    }


def test_a_final_is_said_by_the_caller_and_a_partial_is_passing() -> None:
    (final,) = happenings(words())
    assert isinstance(final, Said)
    assert (final.speaker, final.text, final.final, final.external_id, final.confidence) == (
        "caller",
        "I get error 401",
        True,
        "GT1:3",
        0.96,
    )
    (partial,) = happenings(words(Final="false", SequenceId="2", Stability="0.8", TranscriptionData='{"transcript":"I get"}'))
    assert (partial.final, partial.external_id, partial.confidence) == (False, "GT1:inbound_track", None)
    (agent,) = happenings(words(Track="outbound_track"))
    assert agent.speaker == "callee"


def test_who_speaks_on_a_track_can_be_set() -> None:
    swapped = Account(settings={"inbound_track": "agent"}, secrets=ACCOUNT.secrets)
    assert happenings(words(), swapped)[0].speaker == "agent"
    assert happenings(words(Track="outbound_track"), swapped)[0].speaker == "customer"


def test_a_transcription_that_starts_means_that_the_call_runs() -> None:
    begun = words(TranscriptionEvent="transcription-started", SequenceId="1")
    assert isinstance(happenings(begun)[0], Started)
    assert happenings(words(TranscriptionEvent="transcription-stopped", SequenceId="9")) == ()
    failed = words(TranscriptionEvent="transcription-error", TranscriptionError="engine away")
    assert TWILIO.understand(failed, ACCOUNT).kind == "transcription-error: engine away"


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ("participant-hold", (True, None, None)),
        ("participant-unhold", (False, None, None)),
        ("participant-mute", (None, True, None)),
        ("participant-unmute", (None, False, None)),
        ("participant-speech-start", (None, None, True)),
    ],
)
def test_a_conference_says_who_is_held_muted_or_speaks(event: str, said: tuple[bool | None, bool | None, bool | None]) -> None:
    payload = {"StatusCallbackEvent": event, "ConferenceSid": "CF1", "CallSid": "CA2", "SequenceNumber": "4", "AccountSid": "AC1"}
    (line,) = happenings(payload)
    assert (line.call_id, line.conference) == ("CA2", "CF1") and (line.on_hold, line.muted, line.speaks) == said
    assert happenings({**payload, "StatusCallbackEvent": "conference-end", "CallSid": ""}) == ()


@pytest.mark.parametrize("data", ["", "null", "[]", "{", '{"transcript": 7}', '{"transcript": "  "}', "[" * 5000])
def test_words_that_are_no_words_are_left_out(data: str) -> None:
    said = happenings(words(TranscriptionData=data))
    assert said == () or said[0].text == "7"


def task(event: str, **fields: str) -> dict[str, Any]:
    attributes = {"call_sid": "CA1", "from": "+31852550117", "direction": "inbound", "name": "+31852550117"}
    return {
        "EventType": event,
        "Sid": "EV1",
        "AccountSid": "AC1",
        "WorkspaceSid": "WS1",
        "TaskSid": "WT1",
        "TaskAttributes": json.dumps(attributes),
        "TaskQueueName": "Billing",
        "TaskAge": "45",
        "WorkerName": "maya",
        "WorkerAttributes": json.dumps({"email": "maya@fernway.example", "full_name": "Maya Lindqvist"}),
        "Timestamp": "1795616465",
        **fields,
    }


def test_taskrouter_says_which_agent_gets_which_call() -> None:
    (rings,) = happenings(task("reservation.created"))
    assert isinstance(rings, Ringing)
    opening = rings.opening
    assert (opening.call_id, opening.agent_id, opening.agent_name) == ("CA1", "maya@fernway.example", "Maya Lindqvist")
    assert (opening.queue, opening.customer_phone, opening.acd_metadata) == ("Billing", "+31852550117", {"wait_time": 45})
    assert isinstance(happenings(task("reservation.accepted"))[0], Started)
    assert happenings(task("reservation.rejected")) == ()
    assert happenings(task("task.canceled")) == (Ended(call_id="CA1", status="abandoned"),)
    assert happenings(status("completed"))[0].answered
    assert happenings(task("task.completed")) == (Ended(call_id="CA1"),)
    assert happenings(task("worker.activity.update", TaskAttributes="")) == ()


def test_what_is_no_event_of_twilio_is_not_understood() -> None:
    for payload in ({}, {"CallSid": "CA1"}, {"CallStatus": "ringing"}, {"TranscriptionEvent": "transcription-content"}):
        with pytest.raises(NotUnderstood):
            TWILIO.understand(payload, ACCOUNT)
