"""Settings, webhooks and API keys: what is shown once, what is shown always, and who may."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from helpdesk.core.models import ApiKey, Event, User, Webhook, WebhookDelivery
from helpdesk.partners.webhooks import announcing, managing, sending
from tests.cast import make_agent, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def ruth(db: None) -> User:
    return make_agent("Ruth Abernathy", role=User.Role.ADMIN)


def opens(secret: str) -> bool:
    return Client(headers={"Authorization": f"Bearer {secret}"}).get("/api/v1/tickets/").status_code == 200


def shown(page: Any) -> str:
    """The secret on a page, or ""."""
    found = re.search(r'value="((?:hd|whsec)_[\w-]{30,})"', page.content.decode())
    return found[1] if found else ""


def test_a_key_is_made_and_shown_once(ruth: User) -> None:
    client = signed_in(ruth)
    entered = {"name": "Web shop", "scope_tickets": "both", "scope_articles": "read", "per_minute": "600", "days": "90"}
    page = client.post("/settings/api-keys/", entered, follow=True)
    secret, key = shown(page), ApiKey.objects.get()
    assert opens(secret)
    assert key.scopes == ["tickets:read", "tickets:write", "articles:read"] and key.rate_limit_per_minute == 600
    assert key.expires_at is not None and 89 <= (key.expires_at - timezone.now()).days <= 90
    assert shown(client.get(f"/settings/api-keys/{key.pk}/")) == "" and secret not in client.get("/settings/api-keys/").content.decode()
    assert Event.objects.get(kind="key.issued").actor_name == "Ruth Abernathy"


def test_a_key_that_opens_nothing_is_not_made(ruth: User) -> None:
    page = signed_in(ruth).post("/settings/api-keys/", {"name": "x", "days": "365"})
    assert page.status_code == 400 and "Choose what the key opens." in page.content.decode()
    assert not ApiKey.objects.exists()


def test_a_renewed_key_opens_with_both_secrets_for_a_day(ruth: User, settings: Any) -> None:
    settings.API_KEY_TRUSTED_SECONDS = 0
    key, before = ApiKey.issue("x", scopes=["tickets:read"])
    after = shown(signed_in(ruth).post(f"/settings/api-keys/{key.pk}/renew/", {"days": "30"}, follow=True))
    assert opens(before) and opens(after)
    ApiKey.objects.update(previous_until=timezone.now())
    assert not opens(before) and opens(after)


def test_a_revoked_key_opens_nothing_and_its_webhooks_are_off(ruth: User, receiver: Any, settings: Any) -> None:
    settings.API_KEY_TRUSTED_SECONDS = 0
    key, secret = ApiKey.issue("x", scopes=["tickets:read", "webhooks:write"])
    managing.create(name="x", url=receiver.url, kinds=["ticket.created"], by=key)
    signed_in(ruth).post(f"/settings/api-keys/{key.pk}/revoke/")
    assert not opens(secret)
    assert not Webhook.objects.get().is_active


def test_supervisors_look_at_keys_and_make_none(priya: User) -> None:
    page = signed_in(priya).get("/settings/api-keys/")
    assert page.status_code == 200 and "Only admins" in page.content.decode()
    assert signed_in(priya).post("/settings/api-keys/", {"name": "x", "everything": "on", "days": "0"}).status_code == 403
    assert not ApiKey.objects.exists()


def test_a_webhook_is_made_tested_and_its_delivery_read_and_sent_again(priya: User, receiver: Any) -> None:
    client = signed_in(priya)
    page = client.post("/settings/webhooks/", {"name": "Shop", "url": receiver.url, "kinds": ["ticket.created"]}, follow=True)
    webhook = Webhook.objects.get()
    assert shown(page) == webhook.signing()[0] and webhook.created_by == priya
    assert shown(client.get(f"/settings/webhooks/{webhook.pk}/")) == ""
    receiver.does(lambda handler: handler.answer(500, b"<script>alert(1)</script>"), 200)
    page = client.post(f"/settings/webhooks/{webhook.pk}/test/", follow=True)
    assert "Not tried yet" in page.content.decode()
    sending.work_off(webhook.pk)
    delivery = WebhookDelivery.objects.get()
    page = client.get(f"/settings/webhooks/{webhook.pk}/deliveries/{delivery.pk}/")
    assert "HTTP 500" in page.content.decode() and "<script>alert" not in page.content.decode()
    client.post(f"/settings/webhooks/{webhook.pk}/deliveries/{delivery.pk}/replay/")
    sending.work_off(webhook.pk)
    assert "HTTP 200" in client.get(f"/settings/webhooks/{webhook.pk}/").content.decode()


def test_a_webhook_is_switched_off_and_on_and_removed(priya: User, webhook: Webhook) -> None:
    client, path = signed_in(priya), f"/settings/webhooks/{webhook.pk}/"
    client.post(path, {"name": "Other", "url": webhook.url})
    webhook.refresh_from_db()
    assert (webhook.name, webhook.is_active) == ("Other", False)
    client.post(path, {"name": "Other", "url": webhook.url, "is_active": "on"})
    webhook.refresh_from_db()
    assert webhook.is_active
    refused = client.post(path, {"name": "Other", "url": "http://10.0.0.1/", "is_active": "on"})
    assert refused.status_code == 400 and "may not be reached" in refused.content.decode()
    client.post(f"{path}remove/")
    assert not Webhook.objects.exists()


def test_the_log_costs_the_same_however_long_it_is(priya: User, webhook: Webhook, django_assert_max_num_queries: Any) -> None:
    for _n in range(60):
        announcing.ping(webhook, by=None)
    client = signed_in(priya)
    with django_assert_max_num_queries(14):
        page = client.get(f"/settings/webhooks/{webhook.pk}/?state=waiting&page=2")
    assert "Older" in page.content.decode() and "Newer" in page.content.decode()
