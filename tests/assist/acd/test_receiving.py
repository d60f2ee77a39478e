"""Webhooks of telephony systems: proven, kept, done once, in whatever order they come."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.utils import timezone

from assist.acd import receiving, twilio_signature
from assist.acd.base import FORM
from assist.models import AcdConnection, AcdEvent, CallSession, TranscriptionSegment
from helpdesk.core.clock import iso_exact
from helpdesk.core.models import User
from tickets.models import Queue

pytestmark = pytest.mark.django_db
TOKEN = "12345"
ELSEWHERE = {"REMOTE_ADDR": "198.51.100.7"}


@pytest.fixture
def twilio(support: Queue) -> tuple[AcdConnection, str]:
    row, key = AcdConnection.create(provider="twilio", name="Twilio", queue=support)
    row.keep_secrets(auth_token=TOKEN)
    row.save()
    return row, key


@pytest.fixture
def pbx(support: Queue) -> tuple[AcdConnection, str]:
    return AcdConnection.create(provider="pbx", name="Asterisk", queue=support)


def post_form(key: str, fields: dict[str, str], *, token: str = TOKEN, signature: str = "", **extra: Any) -> Any:
    from urllib.parse import urlencode

    from django.conf import settings as django_settings

    path = f"/api/realtime/acd/twilio/{key}"
    signed = signature or twilio_signature.signature(f"{django_settings.SITE_URL}{path}", list(fields.items()), token)
    return Client(headers={"X-Twilio-Signature": signed}).post(path, urlencode(fields), content_type=FORM, **extra)


def post_json(provider: str, key: str, event: Any, **extra: Any) -> Any:
    body = event if isinstance(event, str | bytes) else json.dumps(event)
    return Client().post(f"/api/realtime/acd/{provider}/{key}", body, content_type="application/json", **extra)


def rings(call: str = "CA1", **fields: str) -> dict[str, str]:
    now = iso_exact(timezone.now())
    common = {"CallSid": call, "AccountSid": "AC1", "From": "+31852550117", "To": "+442079460186", "Direction": "inbound", "Timestamp": now}
    return {**common, "CallStatus": "ringing", "SequenceNumber": "0", **fields}


def words(sequence: int, text: str = "Hello", *, second: float = 0, **fields: str) -> dict[str, str]:
    spoken = timezone.now() - timedelta(seconds=60) + timedelta(seconds=second)
    data = json.dumps({"transcript": text, "confidence": 0.9})
    common = {"TranscriptionEvent": "transcription-content", "TranscriptionSid": "GT1", "CallSid": "CA1", "AccountSid": "AC1"}
    place = {"SequenceId": str(sequence), "Track": "inbound_track", "Final": "true", "Timestamp": iso_exact(spoken)}
    return {**common, **place, "TranscriptionData": data, **fields}


def new_call(call: str = "c-1", **fields: Any) -> dict[str, Any]:
    return {"event": "newCall", "callId": call, "from": "+233244550190", "to": "+442079460186", "direction": "in", **fields}


def test_a_call_through_twilio_is_a_session_with_its_words(twilio: tuple[AcdConnection, str], maya: User) -> None:
    row, key = twilio
    leg = {"ParentCallSid": "CA1", "CallSid": "CA2", "To": f"client:{maya.email}", "Direction": "outbound-dial"}
    for event in (rings(), rings(CallStatus="in-progress", **leg), words(2, "I get error 401", second=50), rings(CallStatus="completed")):
        assert post_form(key, event).status_code == 204
    session = CallSession.objects.get()
    assert (session.provider, session.call_id, session.status, session.agent) == ("twilio", "CA1", "completed", maya)
    assert session.customer is not None
    assert session.queue == row.queue
    segment = session.segments.get()
    assert (segment.speaker, segment.text, segment.external_id) == ("customer", "I get error 401", "GT1:2")
    assert set(AcdEvent.objects.values_list("outcome", flat=True)) == {"done"}


@pytest.mark.parametrize("changed", [{"signature": "AAAA"}, {"token": "other"}])
def test_a_forged_event_is_refused_and_leaves_only_a_count(twilio: tuple[AcdConnection, str], changed: dict[str, str]) -> None:
    row, key = twilio
    answer = post_form(key, rings(), **changed)
    assert (answer.status_code, answer["Content-Type"]) == (403, "application/problem+json")
    row.refresh_from_db()
    assert (row.refused, AcdEvent.objects.count(), CallSession.objects.count()) == (1, 0, 0)


def test_an_event_that_is_six_minutes_old_is_a_replay(twilio: tuple[AcdConnection, str]) -> None:
    old = iso_exact(timezone.now() - timedelta(minutes=6))
    assert post_form(twilio[1], rings(Timestamp=old)).status_code == 403


def test_the_host_header_decides_nothing(twilio: tuple[AcdConnection, str]) -> None:
    path = f"/api/realtime/acd/twilio/{twilio[1]}"
    signed = twilio_signature.signature(f"http://evil.example{path}", list(rings().items()), TOKEN)
    assert post_form(twilio[1], rings(), signature=signed, HTTP_HOST="127.0.0.1").status_code == 403


def test_the_address_behind_a_tunnel_can_be_named(twilio: tuple[AcdConnection, str]) -> None:
    row, key = twilio
    row.settings = {"public_url": "https://tunnel.example"}
    row.save()
    fields = rings()
    signed = twilio_signature.signature(f"https://tunnel.example/api/realtime/acd/twilio/{key}", list(fields.items()), TOKEN)
    assert post_form(key, fields, signature=signed).status_code == 204


def test_a_wrong_address_a_switched_off_connection_and_another_provider_look_the_same(pbx: tuple[AcdConnection, str]) -> None:
    row, key = pbx
    assert post_json("pbx", key, new_call()).status_code == 200
    answers = [post_json("pbx", "x" * 43, new_call("2")), post_json("avaya", key, new_call("3")), post_json("nothing", key, new_call("4"))]
    row.is_active = False
    row.save()
    answers.append(post_json("pbx", key, new_call("5")))
    assert {answer.status_code for answer in answers} == {404}
    assert CallSession.objects.count() == 1


def test_a_renewed_address_shuts_the_old_one(pbx: tuple[AcdConnection, str]) -> None:
    row, key = pbx
    new = row.renew_key()
    assert (post_json("pbx", key, new_call()).status_code, post_json("pbx", new, new_call()).status_code) == (404, 200)
    assert len(new) >= 32


def test_only_listed_senders_find_a_secret_address(pbx: tuple[AcdConnection, str]) -> None:
    row, key = pbx
    row.settings = {"addresses": ["192.0.2.0/24", "2001:db8::1"]}
    row.save()
    assert post_json("pbx", key, new_call(), **ELSEWHERE).status_code == 404
    assert post_json("pbx", key, new_call(), REMOTE_ADDR="192.0.2.9").status_code == 200
    assert post_json("pbx", key, new_call("2"), HTTP_X_FORWARDED_FOR="192.0.2.9", **ELSEWHERE).status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("{", 400),
        ("[]", 400),
        ("{}", 400),
        ('{"event":"newCall"}', 400),
        ('{"a":' * 60 + "1" + "}" * 60, 400),
        (b"\xff\xfe", 400),
        ("x" * 300_000, 413),
    ],
)
def test_bad_bodies_are_named_and_not_kept(pbx: tuple[AcdConnection, str], body: str | bytes, status: int) -> None:
    answer = post_json("pbx", pbx[1], body)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert not AcdEvent.objects.exists()


def test_another_content_type_is_refused(pbx: tuple[AcdConnection, str]) -> None:
    path = f"/api/realtime/acd/pbx/{pbx[1]}"
    assert Client().post(path, {"event": "newCall", "callId": "1"}).status_code == 415  # multipart
    assert Client().post(path, "x", content_type="text/plain").status_code == 415


def test_names_that_would_turn_the_screen_around_are_made_harmless(pbx: tuple[AcdConnection, str]) -> None:
    assert post_json("pbx", pbx[1], new_call("c\u202e\x00-1", queue="\ud800")).status_code == 200
    assert CallSession.objects.get().call_id == "c -1"


def test_secrets_are_not_readable_in_the_table(twilio: tuple[AcdConnection, str], pbx: tuple[AcdConnection, str]) -> None:
    with database.cursor() as cursor:
        cursor.execute("SELECT json_agg(c)::text FROM assist_acdconnection c")
        stored = cursor.fetchone()[0]
    assert TOKEN not in stored
    assert pbx[1] not in stored


def test_without_the_key_of_its_secret_nothing_is_believed(twilio: tuple[AcdConnection, str], settings: Any) -> None:
    settings.SECRET_KEY = "another"
    assert post_form(twilio[1], rings()).status_code == 403
    settings.SECRET_KEY_FALLBACKS = ["only-for-tests"]
    assert post_form(twilio[1], rings()).status_code == 204


def test_the_telephone_systems_answer_is_its_own(pbx: tuple[AcdConnection, str]) -> None:
    row, key = pbx
    row.settings = {"refused": ["+233244550190"]}
    row.save()
    assert post_json("pbx", key, new_call()).json() == {"action": "reject", "reason": "busy"}
    assert (AcdEvent.objects.get().outcome, CallSession.objects.count()) == ("ignored", 0)


def test_words_that_overtake_the_start_open_the_call_and_are_known_later(twilio: tuple[AcdConnection, str]) -> None:
    post_form(twilio[1], words(2, "Hello", second=55))
    session = CallSession.objects.get()
    assert (session.customer, session.status) == (None, "active")
    post_form(twilio[1], rings())
    session.refresh_from_db()
    assert session.customer is not None
    assert CallSession.objects.count() == 1


def test_an_end_that_overtakes_the_start_waits_for_it(twilio: tuple[AcdConnection, str]) -> None:
    post_form(twilio[1], rings(CallStatus="completed", SequenceNumber="3"))
    assert AcdEvent.objects.get().outcome == "waiting"
    post_form(twilio[1], rings(CallStatus="in-progress", SequenceNumber="2"))
    assert CallSession.objects.get().status == "completed"
    assert set(AcdEvent.objects.values_list("outcome", flat=True)) == {"done"}


def test_what_overtook_the_end_opens_nothing_anew(twilio: tuple[AcdConnection, str]) -> None:
    for status in ("in-progress", "completed", "ringing", "initiated"):
        post_form(twilio[1], rings(CallStatus=status))
    assert CallSession.objects.get().status == "completed"


def test_late_finals_are_taken_for_ten_minutes(twilio: tuple[AcdConnection, str]) -> None:
    post_form(twilio[1], rings(CallStatus="in-progress"))
    post_form(twilio[1], rings(CallStatus="completed"))
    post_form(twilio[1], words(5, "one more thing", second=59))
    assert TranscriptionSegment.objects.get().text == "one more thing"
    CallSession.objects.update(ended_at=timezone.now() - timedelta(minutes=11))
    assert post_form(twilio[1], words(6, "too late", second=59)).status_code == 204
    assert TranscriptionSegment.objects.count() == 1
    assert AcdEvent.objects.first().outcome == "ignored"  # type: ignore[union-attr]


def test_a_partial_is_shown_and_not_stored(twilio: tuple[AcdConnection, str]) -> None:
    post_form(twilio[1], rings(CallStatus="in-progress"))
    assert post_form(twilio[1], words(2, "I get", Final="false")).status_code == 204
    assert not TranscriptionSegment.objects.exists()


def test_two_telephone_systems_that_count_alike_have_calls_of_their_own(pbx: tuple[AcdConnection, str], support: Queue) -> None:
    _other, key = AcdConnection.create(provider="pbx", name="Second", queue=support)
    post_json("pbx", pbx[1], new_call("1"))
    post_json("pbx", key, new_call("1", **{"from": "+31852550117"}))
    assert CallSession.objects.count() == 2
    post_json("pbx", key, {"event": "hangup", "callId": "1", "direction": "in"})
    assert set(CallSession.objects.values_list("call_id", "status").order_by("id")) >= {("1", "ringing")}
    assert CallSession.objects.running().count() == 1


def test_an_agent_who_takes_over_has_the_call(pbx: tuple[AcdConnection, str], maya: User, tomasz: User) -> None:
    post_json("pbx", pbx[1], new_call(user=maya.email))
    assert CallSession.objects.get().agent == maya
    post_json("pbx", pbx[1], {**new_call(user=maya.email), "event": "answer"})
    post_json("pbx", pbx[1], {**new_call(user=tomasz.email), "event": "answer"})
    assert CallSession.objects.get().agent == tomasz


def test_an_event_that_failed_is_taken_up_again(twilio: tuple[AcdConnection, str], monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("assist.acd.applying.apply", _breaks)
        assert post_form(twilio[1], rings()).status_code == 204
    event = AcdEvent.objects.get()
    assert (event.outcome, event.attempts) == ("received", 1)
    assert receiving.sweep() == 0  # its time has not come
    AcdEvent.objects.update(due_at=timezone.now())
    assert receiving.sweep() == 1
    assert CallSession.objects.count() == 1


def _breaks(*_args: Any) -> None:
    raise RuntimeError("the database went away")


def test_raw_events_are_forgotten_after_a_week(twilio: tuple[AcdConnection, str]) -> None:
    post_form(twilio[1], rings())
    AcdEvent.objects.update(received_at=timezone.now() - timedelta(days=8))
    receiving.forget()
    assert not AcdEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_fifty_copies_at_once_have_one_effect(twilio: tuple[AcdConnection, str]) -> None:
    event, codes = rings(), []
    copies = [threading.Thread(target=lambda: codes.append(_in_thread(lambda: post_form(twilio[1], event).status_code))) for _ in range(50)]
    for one in copies:
        one.start()
    for one in copies:
        one.join()
    assert codes == [204] * 50
    assert (AcdEvent.objects.count(), CallSession.objects.count()) == (1, 1)


def _in_thread(work: Callable[[], int]) -> int:
    try:
        return work()
    finally:
        database.close()


@pytest.mark.parametrize("seed", range(6))
def test_whatever_the_order_the_call_is_the_same(twilio: tuple[AcdConnection, str], seed: int) -> None:
    """Shuffled, a fifth of it twice: one session, ended, and the transcript as it was spoken."""
    chance, call = random.Random(seed), f"CA{seed}"
    said = [words(n, f"sentence {n}", second=40 + n, CallSid=call, TranscriptionSid=f"GT{seed}") for n in range(1, 9)]
    events = [rings(call), rings(call, CallStatus="in-progress"), *said, rings(call, CallStatus="completed")]
    events += chance.sample(events, 3)
    chance.shuffle(events)
    for event in events:
        assert post_form(twilio[1], event).status_code == 204
    session = CallSession.objects.get(call_id=call)
    assert session.status == "completed"
    assert [segment.text for segment in session.segments.in_order()] == [f"sentence {n}" for n in range(1, 9)]  # type: ignore[attr-defined]
