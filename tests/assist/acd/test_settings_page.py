"""Settings, telephony: connect a system, prove that it works, see what arrived."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from assist.models import AcdConnection, AcdEvent, CallSession
from helpdesk.core.clock import iso_exact
from helpdesk.core.models import User
from tests.cast import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_priya(priya: User) -> Client:
    return signed_in(priya)


def connect(client: Client, provider: str) -> tuple[AcdConnection, str]:
    answer = client.post("/settings/telephony/", {"provider": provider})
    return AcdConnection.objects.get(), answer["Location"]


def test_a_secret_address_is_shown_once(as_priya: Client) -> None:
    row, page = connect(as_priya, "pbx")
    first, again = as_priya.get(page).content.decode(), as_priya.get(page).content.decode()
    assert "shown once" in first
    assert "shown once" not in again
    assert f"/api/realtime/acd/pbx/{row.key_start}…" in again


def test_an_address_that_is_no_secret_can_be_copied_any_time(as_priya: Client) -> None:
    row, page = connect(as_priya, "twilio")
    assert all(f"/api/realtime/acd/twilio/{row.pk}" in as_priya.get(page).content.decode() for _ in range(2))


def test_secrets_are_written_and_never_shown(as_priya: Client) -> None:
    row, page = connect(as_priya, "twilio")
    form = {"name": "Twilio", "account_sid": "AC1", "auth_token": "sesame-sesame", "is_active": "on"}
    assert as_priya.post(page, form).status_code == 302
    row.refresh_from_db()
    assert (row.secrets, row.settings["account_sid"]) == ({"auth_token": "sesame-sesame"}, "AC1")
    assert "sesame-sesame" not in as_priya.get(page).content.decode()
    assert as_priya.post(page, {**form, "auth_token": "", "name": "Main line"}).status_code == 302
    row.refresh_from_db()
    assert (row.name, row.secrets["auth_token"]) == ("Main line", "sesame-sesame")


def test_addresses_must_be_addresses(as_priya: Client) -> None:
    row, page = connect(as_priya, "pbx")
    answer = as_priya.post(page, {"name": "x", "addresses": "192.0.2.0/24\nnonsense"})
    assert answer.status_code == 400
    assert "“nonsense” is no IP address" in answer.content.decode()
    assert as_priya.post(page, {"name": "x", "addresses": "192.0.2.0/24\n"}).status_code == 302
    row.refresh_from_db()
    assert (row.settings["addresses"], row.is_active) == (["192.0.2.0/24"], False)


@pytest.mark.parametrize("provider", ["twilio", "genesys", "avaya", "pbx"])
def test_a_test_event_goes_through_the_same_door_and_opens_no_call(as_priya: Client, provider: str) -> None:
    row, page = connect(as_priya, provider)
    row.keep_secrets(auth_token="sesame-sesame")
    row.save()
    assert as_priya.post(f"{page}play/").status_code == 302
    assert (AcdEvent.objects.get().outcome, CallSession.objects.count()) == ("test", 0)
    assert "Test" in as_priya.get(page).content.decode()


def test_the_waiting_box_tells_when_an_event_arrived(as_priya: Client) -> None:
    row, page = connect(as_priya, "twilio")
    since = iso_exact(timezone.now())
    assert "Waiting for an event" in as_priya.get(f"{page}arrived/", {"since": since}).content.decode()
    row.note_refusal("The signature is not valid.")
    assert "was refused" in as_priya.get(f"{page}arrived/", {"since": since}).content.decode()
    AcdEvent.objects.create(connection=row, event_id="1", kind="call ringing", due_at=timezone.now())
    assert "call ringing" in as_priya.get(f"{page}arrived/", {"since": since}).content.decode()


def test_a_removed_system_is_gone_and_a_renewed_address_is_shown(as_priya: Client) -> None:
    row, page = connect(as_priya, "avaya")
    as_priya.get(page)
    as_priya.post(f"{page}address/")
    assert "shown once" in as_priya.get(page).content.decode()
    as_priya.post(f"{page}remove/")
    assert not AcdConnection.objects.filter(pk=row.pk).exists()
    assert as_priya.get("/settings/telephony/").status_code == 200


def test_the_page_tells_whether_the_channel_is_open_and_why_not(as_priya: Client) -> None:
    row, page = connect(as_priya, "genesys")
    assert "notification channel is" not in as_priya.get(page).content.decode()
    form = {"name": "Genesys", "is_active": "on", "region": "mypurecloud.de", "client_id": "c", "client_secret": "s", "queues": "q-1"}
    assert as_priya.post(page, form).status_code == 302
    assert "is not open yet" in as_priya.get(page).content.decode()
    row.note_listening(AcdConnection.Listening.WAITING, "Genesys Cloud does not know this OAuth client.")
    assert "does not know this OAuth client" in as_priya.get(page).content.decode()
    assert "Cannot listen" in as_priya.get("/settings/telephony/").content.decode()
    row.note_listening(AcdConnection.Listening.LISTENING)
    assert "channel is open" in as_priya.get(page).content.decode()
    assert "Listening" in as_priya.get("/settings/telephony/").content.decode()
