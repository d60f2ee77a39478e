"""Outgoing webhooks against a real server that fails in every way it can."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone

from customers.models import Customer
from helpdesk.core.errors import HelpdeskError
from helpdesk.core.models import ApiKey, Event, IdempotencyRecord, User, Webhook, WebhookDelivery
from helpdesk.partners.webhooks import announcing, health, managing, sending
from tests.cast import receive, run_events, signed_in
from tickets import replying
from tickets.models import Rule, RuleFiring, Ticket

pytestmark = pytest.mark.django_db


def due(webhook: Webhook) -> None:
    """The waits are over."""
    WebhookDelivery.objects.filter(webhook=webhook, state="waiting").update(due_at=timezone.now() - timedelta(seconds=1))
    Webhook.objects.filter(pk=webhook.pk).update(paused_until=None)


def tries(webhook: Webhook) -> list[dict[str, Any]]:
    return WebhookDelivery.objects.get(webhook=webhook).tries


def test_what_happens_is_told_once_with_a_signature_that_can_be_checked(receiver: Any, priya: User, ingrid: Customer, support: Any) -> None:
    webhook, secret = managing.create(name="Shop", url=receiver.url, kinds=["ticket.created", "message.received"], by=priya)
    ticket = receive(ingrid, "Late", "Where is order 7?").ticket
    run_events()
    for event in Event.objects.filter(kind="ticket.created"):
        announcing.announce(event)  # a subscriber may run twice
    sending.work_off(webhook.pk)
    told = {headers["X-Event-Kind"]: (headers, body) for _path, headers, body in receiver.got}
    assert sorted(told) == ["message.received", "ticket.created"] and len(receiver.got) == 2
    headers, body = told["message.received"]
    expected = hmac.new(secret.encode(), headers["X-Timestamp"].encode() + b"." + body, hashlib.sha256).hexdigest()
    assert headers["X-Signature"] == f"sha256={expected}"
    said = json.loads(body)
    assert said["ticket"] == ticket.number and said["ticket_now"]["subject"] == "Late"
    assert said["message"]["body_text"] == "Where is order 7?" and said["customer_id"] == str(ingrid.pk)
    assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {"delivered"}


def test_a_rule_calls_one_webhook_and_no_other_hears_of_it(webhook: Webhook, receiver: Any, priya: User, support: Any) -> None:
    called, _secret = managing.create(name="Crane", url=receiver.url, kinds=["alert.opened"], by=priya)
    off = Webhook.objects.create(name="Off", url=receiver.url, is_active=False)
    narrow = Webhook.objects.create(name="Narrow", url=receiver.url, scopes=["articles:read"], kinds=["alert.opened"])
    deeds = [{"do": "webhook", "value": str(one.pk), "text": ""} for one in (called, off, narrow)]
    Rule.objects.create(name="Lift it", kinds=["ticket.created"], actions=deeds, is_active=True)
    ticket = receive("ada@x.example", "A crate", "Too heavy").ticket
    run_events()
    run_events()
    for event in Event.objects.filter(kind="rule.called"):
        announcing.call(event)  # a subscriber may run twice
    delivery = WebhookDelivery.objects.get(kind="rule.called")
    assert (delivery.webhook, delivery.ticket_ref) == (called, ticket.pk)
    sending.work_off(called.pk)
    (body,) = [json.loads(body) for _path, headers, body in receiver.got if headers["X-Event-Kind"] == "rule.called"]
    assert (body["data"]["rule"], body["ticket_now"]["subject"], body["actor"]["kind"]) == ("Lift it", "A crate", "rule")
    assert RuleFiring.objects.get().remarks == ["Called Crane", "Left out: this webhook is off, or no more", "Called Narrow"]


def test_an_internal_note_is_told_without_its_words(webhook: Webhook, ticket: Ticket, maya: User, receiver: Any) -> None:
    run_events()
    WebhookDelivery.objects.all().delete()
    replying.note(ticket=ticket, by=maya, text="She is about to leave us.")
    run_events()
    bodies = " ".join(WebhookDelivery.objects.values_list("body", flat=True))
    assert "note.added" in bodies and "about to leave" not in bodies


def slow(handler: Any) -> None:
    handler.server.over.wait(30)


def dripping(handler: Any) -> None:
    """Never whole: a byte now and then keeps a time-out between bytes from ever striking."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    while not handler.server.over.wait(0.05):
        handler.wfile.write(b".")
        handler.wfile.flush()


def closed(handler: Any) -> None:
    handler.connection.close()


def huge(handler: Any) -> None:
    handler.answer(200, b"x" * 1_200_000)


def moved(handler: Any) -> None:
    handler.answer(302, Location=f"http://127.0.0.1:{handler.server.server_address[1]}/inside")


@pytest.mark.parametrize(
    ("behaviour", "noted"),
    [
        (500, (500, "")),
        (404, (404, "")),
        (moved, (302, "")),
        (slow, (None, "did not answer")),
        (dripping, (None, "did not answer")),
        (closed, (None, "cannot be reached")),
        (huge, (None, "larger than")),
    ],
)
def test_a_failure_is_written_down_and_comes_again(behaviour: Any, noted: tuple[int | None, str], webhook: Webhook, receiver: Any) -> None:
    status, said = noted
    announcing.ping(webhook, by=None)
    receiver.does(behaviour, 200)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sending, "SECONDS", 0.5 if behaviour in (slow, dripping) else sending.SECONDS)
        sending.work_off(webhook.pk)
    (first,) = tries(webhook)
    assert first["status"] == status and said in first["error"]
    assert [path for path, *_ in receiver.got] == ["/hook"], "a redirect leads nowhere"
    assert WebhookDelivery.objects.get().due_at > timezone.now()
    due(webhook)
    sending.work_off(webhook.pk)
    assert [one["status"] for one in tries(webhook)] == [status, 200]
    assert WebhookDelivery.objects.get().state == "delivered"
    assert receiver.got[0][1]["X-Delivery-Id"] == receiver.got[1][1]["X-Delivery-Id"]
    assert receiver.got[1][1]["X-Attempt"] == "2"


def test_after_a_day_of_tries_it_is_given_up_and_can_be_sent_again(webhook: Webhook, receiver: Any, api: Client) -> None:
    announcing.ping(webhook, by=None)
    receiver.does(503)
    for _attempt in range(len(sending.WAITS) + 1):
        due(webhook)
        sending.work_off(webhook.pk)
    delivery = WebhookDelivery.objects.get()
    assert delivery.state == "failed" and delivery.attempts == len(sending.WAITS) + 1
    receiver.does(200)
    answer = api.post(f"/api/v1/webhooks/{webhook.pk}/deliveries/{delivery.pk}/replay/")
    assert answer.status_code == 202 and answer.json()["replay_of"] == str(delivery.pk)
    due(webhook)
    sending.work_off(webhook.pk)
    again = WebhookDelivery.objects.get(replay_of=delivery)
    assert again.state == "delivered" and again.body == delivery.body and receiver.got[-1][2] == delivery.body.encode()


def test_a_receiver_that_asks_for_time_gets_it(webhook: Webhook, receiver: Any) -> None:
    receiver.does(lambda handler: handler.answer(429, Retry_After="900"))
    announcing.ping(webhook, by=None)
    sending.work_off(webhook.pk)
    in_ten_minutes = timezone.now() + timedelta(minutes=10)
    assert WebhookDelivery.objects.get().due_at > in_ten_minutes
    assert Webhook.objects.get().paused_until > in_ten_minutes  # type: ignore[operator]


def test_an_address_that_keeps_failing_is_left_alone_whatever_waits_for_it(webhook: Webhook, receiver: Any) -> None:
    receiver.does(500)
    for _n in range(20):
        announcing.ping(webhook, by=None)
    sending.work_off(webhook.pk)
    assert len(receiver.got) < 10, "it rests after five failures"
    assert sending.waiting() == [], "the rest waits with it"
    assert WebhookDelivery.objects.filter(attempts=0).count() > 10


def test_after_three_days_it_is_switched_off_and_its_maker_told(webhook: Webhook, receiver: Any, settings: Any, priya: User) -> None:
    settings.EMAIL_URL = "smtp://mail.example"
    receiver.does(500)
    Webhook.objects.update(failing_since=timezone.now() - health.PATIENCE, failures=40)
    announcing.ping(webhook, by=None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.db.transaction.on_commit", lambda act, **_: act())
        sending.work_off(webhook.pk)
    webhook.refresh_from_db()
    assert not webhook.is_active and "three days" in webhook.switched_off_because
    assert Event.objects.filter(kind="webhook.switched_off", subject_id=str(webhook.pk)).exists()
    assert [one.to for one in mail.outbox] == [[priya.email]]
    managing.change(webhook, by=priya, is_active=True)
    receiver.does(200)
    due(webhook)
    sending.work_off(webhook.pk)
    assert WebhookDelivery.objects.get(kind="webhook.test").state == "delivered", "what waited goes out"


def test_an_address_that_says_it_is_gone_is_switched_off_at_once(webhook: Webhook, receiver: Any) -> None:
    receiver.does(410)
    announcing.ping(webhook, by=None)
    sending.work_off(webhook.pk)
    assert Webhook.objects.get().switched_off_because == "It answered “410 Gone”."


def test_two_workers_do_not_send_the_same(webhook: Webhook, receiver: Any) -> None:
    announcing.ping(webhook, by=None)
    Webhook.objects.update(busy_until=timezone.now() + timedelta(minutes=1))
    assert sending.work_off(webhook.pk) == [] and receiver.got == []
    Webhook.objects.update(busy_until=timezone.now() - timedelta(seconds=1))  # that worker died
    sending.work_off(webhook.pk)
    assert len(receiver.got) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "https://2130706433/", "https://0x7f.1/", "https://[::ffff:127.0.0.1]/", "https://169.254.169.254/latest",
        "https://localhost/", "https://user@127.0.0.1/", "file:///etc/passwd", "gopher://127.0.0.1/", "nonsense",
    ],
)  # fmt: skip
def test_nothing_inside_can_be_named(url: str, api: Client) -> None:
    answer = api.post("/api/v1/webhooks/", {"name": "x", "url": url}, content_type="application/json")
    assert answer.status_code == 400 and "url" in answer.json()["errors"]
    assert not Webhook.objects.exists()


def test_a_name_that_leads_inside_later_is_not_followed(webhook: Webhook, receiver: Any, settings: Any) -> None:
    """The address is checked at each delivery, not only when it was typed."""
    settings.OUTBOUND_ALLOW = []
    announcing.ping(webhook, by=None)
    sending.work_off(webhook.pk)
    assert receiver.got == [] and tries(webhook)[0]["error"] == "This address may not be reached from here."


def test_the_secret_is_shown_once_and_kept_sealed(receiver: Any, api: Client) -> None:
    made = api.post(
        "/api/v1/webhooks/",
        {"name": "x", "url": receiver.url, "kinds": ["ticket.created"]},
        content_type="application/json",
        headers={"Idempotency-Key": "one"},
    )
    assert made.status_code == 201, made.content
    secret, pk = made.json()["secret"], made.json()["id"]
    again = api.post(
        "/api/v1/webhooks/",
        {"name": "x", "url": receiver.url, "kinds": ["ticket.created"]},
        content_type="application/json",
        headers={"Idempotency-Key": "one"},
    )
    assert again.json()["secret"] == secret and again["Idempotent-Replayed"] == "true" and Webhook.objects.count() == 1
    assert secret.encode() not in bytes(IdempotencyRecord.objects.get().body)
    with connection.cursor() as cursor:
        cursor.execute("SELECT secrets FROM core_webhook")
        assert secret not in cursor.fetchone()[0]
    for path in ("/api/v1/webhooks/", f"/api/v1/webhooks/{pk}/"):
        assert secret not in api.get(path).content.decode()


def test_for_a_day_the_old_secret_signs_too(webhook: Webhook, receiver: Any, api: Client) -> None:
    before = webhook.signing()[0]
    answer = api.post(f"/api/v1/webhooks/{webhook.pk}/secret/")
    after = answer.json()["secret"]
    announcing.ping(webhook, by=None)
    sending.work_off(webhook.pk)
    _path, headers, body = receiver.got[0]
    stamped = headers["X-Timestamp"].encode() + b"." + body
    signatures = ["sha256=" + hmac.new(one.encode(), stamped, hashlib.sha256).hexdigest() for one in (after, before)]
    assert headers["X-Signature"].split(",") == signatures
    webhook.refresh_from_db()
    webhook.secrets |= {"until": (timezone.now() - timedelta(seconds=1)).isoformat()}
    assert webhook.signing() == [after]


def test_a_key_hears_of_no_more_than_it_may_read(receiver: Any, ticket: Ticket) -> None:
    key, secret = ApiKey.issue("Narrow", scopes=["webhooks:write", "webhooks:read", "articles:read"])
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    refused = client.post(
        "/api/v1/webhooks/", {"name": "x", "url": receiver.url, "kinds": ["ticket.created"]}, content_type="application/json"
    )
    assert refused.status_code == 400 and "kinds" in refused.json()["errors"]
    made = client.post("/api/v1/webhooks/", {"name": "x", "url": receiver.url}, content_type="application/json")
    assert made.status_code == 201
    run_events()
    heard = set(WebhookDelivery.objects.filter(webhook=made.json()["id"]).values_list("kind", flat=True))
    assert heard <= {"webhook.created"} and Event.objects.filter(kind="ticket.created").exists()
    assert Webhook.objects.get().key == key


def test_keys_see_the_webhooks_that_they_made(webhook: Webhook) -> None:
    client = Client(headers={"Authorization": f"Bearer {ApiKey.issue('x', scopes=['webhooks:read', 'webhooks:write'])[1]}"})
    assert client.get("/api/v1/webhooks/").json()["results"] == []
    assert client.get(f"/api/v1/webhooks/{webhook.pk}/").status_code == 404
    assert client.delete(f"/api/v1/webhooks/{webhook.pk}/").status_code == 404


def test_a_webhook_is_changed_only_by_who_read_it_last(webhook: Webhook, api: Client) -> None:
    path = f"/api/v1/webhooks/{webhook.pk}/"
    tag = api.get(path)["ETag"]
    assert api.patch(path, {"active": False}, content_type="application/json", headers={"If-Match": tag}).status_code == 200
    stale = api.patch(path, {"name": "y"}, content_type="application/json", headers={"If-Match": tag})
    assert stale.status_code == 412
    unknown = api.patch(path, {"secret": "mine"}, content_type="application/json")
    assert unknown.status_code == 400 and "secret" in unknown.json()["errors"]
    assert api.delete(path).status_code == 204 and not WebhookDelivery.objects.exists()


def test_a_webhook_that_is_off_hears_nothing(webhook: Webhook, ingrid: Customer, support: Any, priya: User) -> None:
    run_events()
    managing.change(webhook, by=priya, is_active=False)
    before = WebhookDelivery.objects.count()
    receive(ingrid)
    run_events()
    assert WebhookDelivery.objects.count() == before


def test_only_those_who_oversee_set_up_webhooks(maya: User, receiver: Any) -> None:
    client = signed_in(maya)
    body = {"name": "x", "url": receiver.url}
    assert client.post("/api/v1/webhooks/", body, content_type="application/json").status_code == 403
    with pytest.raises(HelpdeskError):
        managing.create(name="x", url=receiver.url, kinds=[], by=maya)


def test_the_log_shows_what_was_sent_and_answered(webhook: Webhook, receiver: Any, api: Client) -> None:
    receiver.does(lambda handler: handler.answer(200, "gut ✓ \x00".encode() + b"\xff" + b"x" * 5000))
    tested = api.post(f"/api/v1/webhooks/{webhook.pk}/test/")
    assert tested.status_code == 202 and tested.json()["state"] == "waiting"
    sending.work_off(webhook.pk)
    found = api.get(f"/api/v1/webhooks/{webhook.pk}/deliveries/?state=delivered&kind=webhook.test").json()["results"]
    whole = api.get(f"/api/v1/webhooks/{webhook.pk}/deliveries/{found[0]['id']}/").json()
    assert whole["status"] == 200 and json.loads(whole["body"])["kind"] == "webhook.test"
    assert whole["tries"][0]["answer"].startswith("gut ✓") and len(whole["tries"][0]["answer"]) == sending.KEPT_OF_ANSWER


def test_the_log_goes_back_thirty_days(webhook: Webhook) -> None:
    announcing.ping(webhook, by=None)
    WebhookDelivery.objects.update(created_at=timezone.now() - sending.KEPT - timedelta(hours=1))
    announcing.ping(webhook, by=None)
    assert sending.forget_old() == 1 and WebhookDelivery.objects.count() == 1


def test_announcing_costs_the_same_for_many_webhooks(
    webhook: Webhook, priya: User, receiver: Any, ticket: Ticket, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    for n in range(10):
        managing.create(name=str(n), url=receiver.url, kinds=[], by=priya)
    event = Event.objects.get(kind="ticket.created")
    with django_assert_max_num_queries(8):
        announcing.announce(event)
