"""A key that is limited to teams sees and writes what is theirs; the rest does not exist for it, on any path."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from assist.models import CallSession
from customers.models import Customer
from helpdesk.core import keys
from helpdesk.core.models import ApiKey, User, Webhook, WebhookDelivery
from helpdesk.core.socket_access import is_still
from helpdesk.partners.webhooks import managing
from tests.cast import ago, make_agent, receive, run_events, signed_in
from tickets.models import Attachment, Macro, Queue, Ticket

pytestmark = pytest.mark.django_db
SECRET = "zanzibar"  # in what belongs to General support, and nowhere else


@pytest.fixture
def theirs(support: Queue, ingrid: Customer) -> Ticket:
    """A ticket of General support with a file, a call and a macro."""
    ticket = receive(ingrid, f"The {SECRET} invoice", f"Where is my {SECRET} invoice?").ticket
    Attachment.objects.create(message=ticket.messages.get(), name=f"{SECRET}.txt", size=2, file=ContentFile(b"hi", name="a.txt"))
    over = {"status": "completed", "started_at": ago(minutes=9), "answered_at": ago(minutes=8), "ended_at": ago(minutes=1)}
    CallSession.objects.create(call_id="c-1", queue=support, customer=ingrid, ticket=ticket, summary=f"About {SECRET}", **over)
    Macro.objects.create(title=SECRET, text="Hello", queue=support)
    return ticket


@pytest.fixture
def own(billing: Queue, ingrid: Customer) -> Ticket:
    """One of Billing: the same customer's."""
    ticket = receive(ingrid, "Invoice 7", "The sum is wrong").ticket
    Ticket.objects.filter(pk=ticket.pk).update(queue=billing)
    return Ticket.objects.get(pk=ticket.pk)


@pytest.fixture
def ruth(db: None) -> User:
    return make_agent("Ruth Abernathy", role=User.Role.ADMIN)


def limited(*queues: Queue, scopes: tuple[str, ...] = ("*",)) -> ApiKey:
    return ApiKey.issue("Billing's", scopes=list(scopes), queues=[queue.pk for queue in queues])[0]


@pytest.fixture
def narrow(billing: Queue) -> Client:
    return Client(headers={"Authorization": f"Bearer {ApiKey.issue('x', scopes=['*'], queues=[billing.pk])[1]}"})


def post(client: Client, path: str, body: dict[str, Any], method: str = "post") -> Any:
    return getattr(client, method)(f"/api/v1/{path}", body, content_type="application/json")


LISTS = ("tickets/", "tickets/?search=zanzibar", "calls/", "macros/", "queues/", "satisfaction/", "events/?limit=100", "search/?q=zanzibar")
OBJECTS = (
    "tickets/{number}/",
    "tickets/{number}/messages/",
    "tickets/{number}/events/",
    "calls/{call}/",
    "macros/{macro}/",
    "queues/support/",
    "attachments/{file}/",
    "attachments/{file}/content/",
)


def test_what_is_another_teams_does_not_exist_for_it(narrow: Client, api: Client, theirs: Ticket, own: Ticket) -> None:
    run_events()
    call, macro = CallSession.objects.get(), Macro.objects.get()
    names = {"number": theirs.number, "call": call.session_id, "macro": macro.pk, "file": Attachment.objects.get().pk}
    paths = [path.format(**names) for path in OBJECTS]
    assert {path for path in paths if narrow.get(f"/api/v1/{path}").status_code != 404} == set()
    assert {path for path in paths if api.get(f"/api/v1/{path}").status_code != 200} == set()
    said = {path: narrow.get(f"/api/v1/{path}").content.decode().replace("=zanzibar", "") for path in LISTS}
    assert {path for path, text in said.items() if SECRET in text or theirs.number in text or "General support" in text} == set()
    assert own.number in said["tickets/"] and own.number in said["events/?limit=100"] and "billing" in said["queues/"]
    assert narrow.get(f"/api/v1/tickets/{own.number}/").status_code == 200


def test_it_writes_to_its_own_tickets_and_puts_none_elsewhere(narrow: Client, theirs: Ticket, own: Ticket) -> None:
    ticket = {"subject": "From the shop", "body": "Hello", "customer": {"email": "new@shop.example"}}
    made = post(narrow, "tickets/", ticket)
    assert (made.status_code, made.json()["queue"]["slug"]) == (201, "billing"), "without a queue it is its first"
    assert post(narrow, "tickets/", {**ticket, "queue": "support"}).status_code == 400
    assert post(narrow, f"tickets/{own.number}/", {"queue": "support"}, "patch").status_code == 400
    assert post(narrow, f"tickets/{own.number}/", {"priority": "high"}, "patch").json()["priority"] == "high"
    assert post(narrow, f"tickets/{theirs.number}/", {"priority": "high"}, "patch").status_code == 404
    assert post(narrow, f"tickets/{theirs.number}/messages/", {"body": "Hi", "visibility": "internal"}).status_code == 404
    assert post(narrow, f"tickets/{own.number}/merge/", {"into": theirs.number}).status_code == 400
    assert post(narrow, "macros/", {"title": "x", "text": "y"}).status_code == 403, "shared with everybody"
    assert post(narrow, "macros/", {"title": "x", "text": "y", "queue": "billing"}).status_code == 201
    call = narrow.post("/api/realtime/call/start", {"call_id": "new"}, content_type="application/json")
    assert call.status_code == 201 and CallSession.objects.get(call_id="new").queue.slug == "billing"  # type: ignore[union-attr]
    elsewhere = {"call_id": "other", "acd_metadata": {"queue": "support"}}
    assert narrow.post("/api/realtime/call/start", elsewhere, content_type="application/json").status_code == 400


def test_what_belongs_to_no_team_it_never_opens(narrow: Client, support: Queue) -> None:
    assert narrow.get("/api/v1/metrics/summary/").status_code == 403
    assert post(narrow, "memory/recall/", {"query": "x"}).status_code == 403
    key = limited(support)
    assert key.allows("tickets:write") and not key.allows("chat:write")
    assert not limited(support, scopes=("tickets:read",)).allows("calls:read")


def test_its_webhooks_hear_of_its_teams_alone_also_when_it_is_narrowed_later(
    receiver: Any, support: Queue, billing: Queue, ruth: User, ingrid: Customer
) -> None:
    key = limited(billing)
    hook, _secret = managing.create(name="x", url=receiver.url, kinds=["ticket.created"], by=key)
    free, _secret = managing.create(name="y", url=receiver.url, kinds=["ticket.created"], by=limited())

    def heard(webhook: Webhook) -> int:
        receive(ingrid, "Hello", "A question")
        run_events()
        return WebhookDelivery.objects.filter(webhook=webhook).count()

    assert (heard(hook), WebhookDelivery.objects.filter(webhook=free).count()) == (0, 1)
    keys.change(key, name="x", scopes=["*"], per_minute=None, queues=[billing.pk, support.pk], by=ruth)
    assert heard(hook) == 1
    assert not Webhook.objects.visible_to(key).filter(pk=free.pk).exists()


def test_the_call_of_a_stranger_to_another_team_is_none_of_its_events(narrow: Client, api: Client, support: Queue, billing: Queue) -> None:
    hook = Webhook.objects.create(name="x", url="https://partner.example/", queues=[billing.pk])
    call = {"call_id": "stranger", "acd_metadata": {"queue": "support"}}
    assert api.post("/api/realtime/call/start", call, content_type="application/json").status_code == 201
    run_events()
    kinds = [event["kind"] for event in api.get("/api/v1/events/?limit=100").json()["results"]]
    assert any(kind.startswith("call.") for kind in kinds)
    assert "call." not in narrow.get("/api/v1/events/?limit=100").content.decode()
    assert not WebhookDelivery.objects.filter(webhook=hook, kind__startswith="call.").exists()


def test_admins_choose_the_teams_of_a_key_on_its_page(ruth: User, support: Queue, billing: Queue) -> None:
    client = signed_in(ruth)
    form = {"name": "Shop", "scope_tickets": "both", "days": "30", "queues": [str(billing.pk)]}
    page = client.post("/settings/api-keys/", form, follow=True).content.decode()
    key = ApiKey.objects.get()
    assert key.queues == [billing.pk] and '<dd dir="auto">Billing</dd>' in page
    assert "only Billing" in client.get("/settings/api-keys/").content.decode()
    useless = client.post("/settings/api-keys/", {**form, "scope_tickets": "", "scope_chat": "read"})
    assert useless.status_code == 400 and "opens none of them" in useless.content.decode()
    watching = ApiKey.objects.get()
    client.post(f"/settings/api-keys/{key.pk}/", {"name": "Shop", "scope_tickets": "read"})
    assert ApiKey.objects.get().queues == [] and not is_still(watching, None), "open sockets end where the teams change"


def test_a_team_that_is_gone_opens_nothing(own: Ticket, billing: Queue) -> None:
    spare = Queue.objects.create(name="Spare", slug="spare")
    key = limited(spare)
    spare.delete()
    assert not Ticket.objects.visible_to(key).exists() and not Queue.objects.visible_to(key).exists()
