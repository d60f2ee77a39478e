"""Genesys Cloud, Avaya and the generic telephone system: what their published events mean."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assist.acd.avaya import Avaya
from assist.acd.base import FORM, Account, Ended, Incoming, NotUnderstood, Ringing, Said, Started, moment_of
from assist.acd.genesys import Genesys
from assist.acd.pbx import Pbx
from assist.acd.registry import PROVIDERS
from assist.models import AcdConnection

NOTHING = Account(secrets={"auth_token": "12345"})
CONVERSATION = "5f3a1c9e-1111-4222-8333-944455556666"
TOPIC = f"v2.conversations.{CONVERSATION}.transcription"


def test_every_provider_can_be_chosen_and_plays_a_sample_that_it_understands() -> None:
    assert set(PROVIDERS) == set(AcdConnection.Provider.values)
    for provider in PROVIDERS.values():
        sample = provider.sample(NOTHING, ("https://desk.example/x",))
        provider.verify(sample, NOTHING)
        understood = provider.understand(sample.payload(), NOTHING)
        assert understood.happenings
        assert understood.event_id
        again = provider.sample(NOTHING, ("https://desk.example/x",))
        assert provider.understand(again.payload(), NOTHING).event_id != understood.event_id


# ---- Genesys Cloud ----


def utterance(text: str = "my drivers vanish from the map", **fields: Any) -> dict[str, Any]:
    best = {"confidence": 0.91, "offsetMs": 20600, "durationMs": 8400, "transcript": text, "words": [], "decoratedTranscript": text}
    return {"utteranceId": "u-1", "isFinal": True, "channel": "EXTERNAL", "alternatives": [best], "engineProvider": "GENESYS", **fields}


def frame(topic: str = TOPIC, **body: Any) -> dict[str, Any]:
    return {"topicName": topic, "version": "2", "eventBody": body, "metadata": {"CorrelationId": "c-1"}}


def transcription(*utterances: dict[str, Any], **body: Any) -> dict[str, Any]:
    return frame(
        conversationId=CONVERSATION, communicationId="k-1", eventTime="2026-11-25T14:21:09.120Z", transcripts=list(utterances), **body
    )


def genesys(payload: dict[str, Any]) -> Any:
    return Genesys().understand(payload, NOTHING).happenings


def test_an_utterance_of_genesys_keeps_its_place_and_its_id() -> None:
    said, agent = genesys(transcription(utterance(), utterance("Okay.", utteranceId="u-2", channel="INTERNAL", isFinal=False)))
    assert isinstance(said, Said)
    assert (said.call_id, said.speaker, said.external_id, said.final) == (CONVERSATION, "customer", "u-1", True)
    assert (said.start_time, said.duration, said.confidence) == (20.6, 8.4, 0.91)
    assert (agent.speaker, agent.final) == ("agent", False)


def test_offsets_of_a_later_leg_count_from_its_own_start() -> None:
    (said,) = genesys(transcription(utterance(), sessionStartTimeMs=1795616465000, transcriptionStartTimeMs=1795616465000))
    assert said.start_time is None
    assert said.at == moment_of(1795616485600)


def test_eventbridge_carries_the_same_frame() -> None:
    wrapped = {"id": "eb-1", "source": "aws.partner/genesys.com/cloud/org/x", "detail-type": TOPIC, "detail": transcription(utterance())}
    understood = Genesys().understand(wrapped, NOTHING)
    assert understood.event_id == "eb-1"
    assert understood.happenings == genesys(transcription(utterance()))


def conversation(*participants: dict[str, Any]) -> dict[str, Any]:
    return frame("v2.routing.queues.9d0a.conversations.calls", id=CONVERSATION, participants=list(participants))


CUSTOMER = {"purpose": "customer", "state": "connected", "address": "tel:+233244550190", "name": "Kwabena", "direction": "inbound"}
AGENT = {"purpose": "agent", "state": "alerting", "name": "Maya Lindqvist", "user": {"id": "u-7"}, "queue": {"id": "q", "name": "Support"}}


def test_a_conversation_rings_is_answered_and_ends() -> None:
    (rings,) = genesys(conversation(CUSTOMER, AGENT))
    assert isinstance(rings, Ringing)
    assert (rings.opening.customer_phone, rings.opening.agent_id, rings.opening.queue) == ("+233244550190", "u-7", "Support")
    answered = {**AGENT, "state": "connected", "connectedTime": "2026-11-25T14:21:00Z"}
    assert isinstance(genesys(conversation(CUSTOMER, answered))[0], Started)
    gone = {**CUSTOMER, "state": "terminated"}
    assert genesys(conversation(gone, answered)) == (Ended(call_id=CONVERSATION),)
    assert genesys(conversation(gone, AGENT)) == (Ended(call_id=CONVERSATION, status="abandoned"),)
    assert genesys(conversation({**gone, "disconnectType": "transfer"}, answered)) == (Ended(call_id=CONVERSATION, status="transferred"),)


def test_a_participant_of_genesys_says_that_the_caller_is_held_or_the_agent_muted() -> None:
    since = "2026-11-25T14:23:00Z"
    answered = {**AGENT, "state": "connected", "held": True, "muted": False, "startHoldTime": since}
    line = genesys(conversation(CUSTOMER, answered))[1]
    assert (line.on_hold, line.muted, line.since) == (True, False, moment_of(since))
    assert genesys(conversation(CUSTOMER, {**answered, "held": False, "muted": True}))[1].muted is True
    assert len(genesys(conversation(CUSTOMER, {**AGENT, "state": "connected"}))) == 1, "nothing is said of the line"


def test_detail_events_of_genesys_open_and_end() -> None:
    base = f"v2.detail.events.conversation.{CONVERSATION}"
    (rings,) = genesys(frame(f"{base}.acd.start", ani="tel:+233244550190", queueName="Support", direction="INBOUND"))
    assert (rings.opening.call_id, rings.opening.customer_phone) == (CONVERSATION, "+233244550190")
    assert isinstance(genesys(frame(f"{base}.user.start", userId="u-7"))[0], Started)
    assert genesys(frame(f"{base}.customer.end", disconnectType="PEER")) == (Ended(call_id=CONVERSATION),)
    assert genesys(frame("channel.metadata", message="WebSocket Heartbeat")) == ()


def test_what_is_no_frame_is_not_understood() -> None:
    for payload in ({}, {"topicName": TOPIC}, {"detail": []}, {"topicName": TOPIC, "eventBody": "x"}):
        with pytest.raises(NotUnderstood):
            Genesys().understand(payload, NOTHING)


# ---- Avaya ----


def avaya(kind: str, **fields: Any) -> Any:
    event = {"eventType": kind, "correlationId": "c-1", "eventDate": "2026-11-25T14:21:05Z", "engagementId": "e-1", **fields}
    return Avaya().understand(event, NOTHING)


def test_an_engagement_of_avaya_is_a_call() -> None:
    (rings,) = avaya(
        "ENGAGEMENT_CREATED", customerIdentifiers={"phoneNumbers": ["+31852550117"], "emailAddresses": ["r@pelican.example"]}
    ).happenings
    assert (rings.opening.call_id, rings.opening.customer_phone, rings.opening.customer_email) == (
        "e-1",
        "+31852550117",
        "r@pelican.example",
    )
    (started,) = avaya(
        "PARTICIPANT_ADDED", senderParticipantType="AGENT", senderParticipantId="a-9", senderParticipantName="Aiko"
    ).happenings
    assert (started.opening.agent_id, started.opening.agent_name) == ("a-9", "Aiko")
    assert avaya("PARTICIPANT_ADDED", senderParticipantType="BOT").happenings == ()
    assert avaya("PARTICIPANT_DISCONNECTED", senderParticipantType="AGENT").happenings == ()
    assert avaya("PARTICIPANT_DISCONNECTED", senderParticipantType="CUSTOMER").happenings == (Ended(call_id="e-1"),)
    assert avaya("ENGAGEMENT_ERROR").happenings == (Ended(call_id="e-1", status="abandoned"),)
    assert avaya("TYPING").happenings == ()


@pytest.mark.parametrize("body", ["Charged twice", {"elementText": {"text": "Charged twice"}}, {"text": "Charged twice"}])
def test_a_message_of_avaya_is_said_once(body: Any) -> None:
    message = avaya("MESSAGES", body=body, messageId="m-1", senderParticipantType="CUSTOMER")
    assert message.event_id == "MESSAGES:m-1"
    (said,) = message.happenings
    assert (said.speaker, said.text, said.external_id) == ("customer", "Charged twice", "m-1")


def test_what_is_no_event_of_avaya_is_not_understood() -> None:
    for event in ({}, {"eventType": "OTHER", "engagementId": "e"}, {"eventType": "MESSAGES"}):
        with pytest.raises(NotUnderstood):
            Avaya().understand(event, NOTHING)


# ---- any telephone system ----


def pbx(event: str, **fields: Any) -> Any:
    payload = {"event": event, "from": "+233244550190", "to": "+442079460186", "direction": "in", "callId": "c-7", **fields}
    return Pbx().understand(payload, NOTHING).happenings[0]


def test_a_new_call_rings_at_the_one_whose_telephone_rings() -> None:
    rings = pbx("newCall", user=["maya@fernway.example"], queue="Support")
    assert isinstance(rings, Ringing)
    assert (rings.opening.agent_id, rings.opening.customer_phone, rings.opening.queue) == (
        "maya@fernway.example",
        "+233244550190",
        "Support",
    )
    assert pbx("newCall", user=["maya", "tomasz"]).opening.agent_id == ""
    assert pbx("answer", user="maya").opening.agent_id == "maya"
    assert pbx("answer", answeringNumber="117").opening.agent_id == "117"
    assert pbx("newCall", direction="out").opening.customer_phone == "+442079460186"


@pytest.mark.parametrize(("cause", "status"), [("normalClearing", "completed"), ("noAnswer", "abandoned"), ("forwarded", "transferred")])
def test_the_cause_says_how_a_call_ended(cause: str, status: str) -> None:
    assert pbx("hangup", cause=cause) == Ended(call_id="c-7", status=status)


def test_a_form_says_the_same_as_json() -> None:
    form = Incoming(body=b"event=newCall&from=1&to=2&direction=in&callId=c-7&user[]=maya&user[]=tomasz", content_type=FORM)
    data = Incoming(
        body=json.dumps(
            {"event": "newCall", "from": "1", "to": "2", "direction": "in", "callId": "c-7", "user": ["maya", "tomasz"]}
        ).encode()
    )
    assert form.payload() == data.payload()


def test_replies_to_a_new_call() -> None:
    account = Account(settings={"refused": ["+233 24 455 0190"], "caller_id": "+442079460186"})
    incoming = {"event": "newCall", "from": "00233244550190", "to": "1", "direction": "in", "callId": "1"}
    assert Pbx().reply(incoming, account).body == {"action": "reject", "reason": "busy"}
    assert Pbx().understand(incoming, account).happenings == ()
    outgoing = {"event": "newCall", "from": "117", "to": "+31852550117", "direction": "out", "callId": "2"}
    assert Pbx().reply(outgoing, account).body == {"action": "dial", "callerId": "+442079460186", "number": "+31852550117"}
    assert Pbx().reply({**incoming, "from": "anonymous"}, account).body == {}
    assert Pbx().reply({**outgoing, "event": "hangup"}, account).body == {}


def test_a_call_without_an_id_is_not_understood() -> None:
    for event in ({"event": "newCall"}, {"callId": "1"}, {"event": "other", "callId": "1"}):
        with pytest.raises(NotUnderstood):
            Pbx().understand(event, NOTHING)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
NAMES = (
    "event callId from user direction eventType engagementId body customerIdentifiers topicName eventBody detail transcripts participants "
    "TranscriptionEvent TranscriptionData CallSid CallStatus EventType TaskAttributes Timestamp id"
).split()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(NAMES), json_values, max_size=8), st.sampled_from(sorted(PROVIDERS)))
def test_no_payload_is_worse_than_not_understood(payload: dict[str, Any], provider: str) -> None:
    try:
        understood = PROVIDERS[provider].understand(payload, NOTHING)
    except NotUnderstood:
        return
    assert understood.event_id
