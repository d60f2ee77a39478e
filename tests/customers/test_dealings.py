"""What shops and billing systems tell: signed, once, by the customer's leave; on the timeline, in the memory, and as facts since when."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from customers import memory
from customers.models import Customer, MemoryFact, MemoryNode
from helpdesk.core.models import Event
from tests.cast import signed_in
from tickets.api.inbound import sign
from tickets.models import InboundHook

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def shop(support: Any) -> InboundHook:
    return InboundHook.objects.create(name="Shop", queue=support)


def tell(hook: InboundHook, event: str, body: dict[str, Any], *, secret: str = "") -> Any:
    raw, stamp = json.dumps({"customer": {"email": "ingrid@nordhavn.example"}, **body}).encode(), str(int(time.time()))
    headers = {"X-Timestamp": stamp, "X-Event-Id": event, "X-Signature": sign(secret or hook.secret, stamp, raw)}
    return Client().post(f"/api/v1/inbound/{hook.pk}/dealings/", raw, content_type="application/json", headers=headers)


def days(number: int) -> str:
    return (NOW + timedelta(days=number)).isoformat()


def test_a_plan_is_known_since_it_was_bought_and_until_it_is_cancelled(shop: InboundHook, ingrid: Customer, priya: Any) -> None:
    memory.grant(ingrid)
    for _time in range(3):  # a shop posts again when our answer was lost
        assert tell(shop, "1", {"type": "subscription.started", "plan": "Growth", "occurred_at": days(-90)}).status_code == 200
    tell(shop, "2", {"type": "subscription.changed", "plan": "Enterprise", "occurred_at": days(-10)})
    tell(shop, "3", {"type": "purchase.made", "products": ["Label printer"], "amount": "249.00 EUR", "reference": "INV-7"})
    tell(shop, "4", {"type": "subscription.cancelled", "ends_at": days(20)})
    plan = memory.facts(ingrid).get(attribute="plan")
    assert plan.value == "Enterprise" and plan.ends_at == NOW + timedelta(days=20)
    assert memory.facts(ingrid, valid=False).filter(attribute="plan", value="Growth").get().starts_at == NOW - timedelta(days=90)
    assert memory.facts(ingrid).get(attribute="product").value == "Label printer"
    assert list(MemoryNode.objects.order_by("starts_at").values_list("kind", flat=True)).count("Subscription") == 3
    page = signed_in(priya).get(f"/customers/{ingrid.pk}/").content.decode()
    assert page.count("Subscribed to Growth") == 1 and "Bought Label printer" in page


def test_without_leave_nothing_is_stored_and_nobody_is_made_known(shop: InboundHook, ingrid: Customer) -> None:
    body = {"type": "purchase.made", "products": ["Label printer"]}
    unknown = tell(shop, "2", {**body, "customer": {"email": "nobody@example.org"}})
    assert (tell(shop, "1", body).json()["type"], unknown.json()["type"]) == ("/problems/consent-required",) * 2
    assert not MemoryNode.objects.exists() and not MemoryFact.objects.exists() and Customer.objects.count() == 1
    assert not Event.objects.filter(kind="customer.dealt").exists()


def test_what_is_forged_or_cannot_be_is_refused(shop: InboundHook, ingrid: Customer) -> None:
    memory.grant(ingrid)
    body = {"type": "subscription.started", "plan": "Growth"}
    assert tell(shop, "1", body, secret="guessed").status_code == 403
    assert tell(shop, "1", {**body, "type": "subscription.dreamt"}).json()["errors"].keys() == {"type"}
    assert tell(shop, "1", {**body, "occurred_at": days(2)}).status_code == 400
    assert tell(shop, "1", {**body, "occurred_at": days(-1), "ends_at": days(-2)}).json()["errors"].keys() == {"ends_at"}
    assert not MemoryNode.objects.exists()
