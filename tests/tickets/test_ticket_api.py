"""The partners' door: create, read, change, list; keys, scopes, idempotency, bad input (contract sections 0 and 8)."""

from __future__ import annotations

import json
import time
import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from helpdesk.core.api import throttling
from helpdesk.core.models import ApiKey, IdempotencyRecord
from tests.cast import receive, signed_in
from tickets.api.inbound import sign
from tickets.models import InboundHook, Message, Ticket

pytestmark = pytest.mark.django_db

NEW = {"subject": "Export fails", "body": "It stops at 80 %", "customer": {"email": "li@sakura.example", "name": "Li"}}


def post(client: Client, path: str, data: object, **headers: str):
    return client.post(
        path, json.dumps(data) if not isinstance(data, str | bytes) else data, content_type="application/json", headers=headers
    )


def test_a_ticket_is_created_and_read_back(api, support):
    response = post(api, "/api/v1/tickets/", NEW | {"tags": ["Export"], "priority": "high"})
    assert response.status_code == 201, response.content
    body = response.json()
    assert body["id"] == body["number"]
    assert (body["channel"], body["priority"], body["tags"], body["status"]) == ("api", "high", ["export"], "new")
    again = api.get(f"/api/v1/tickets/{body['number']}/")
    assert again.json() == body
    assert again["ETag"] == response["ETag"]


@pytest.mark.parametrize("path", ["/api/v1/tickets", "/api/v1/tickets/"])
def test_paths_answer_with_and_without_their_slash(api, support, path):
    assert post(api, path, NEW).status_code == 201
    assert api.get(path).status_code == 200


def test_the_same_idempotency_key_and_body_is_one_ticket_and_the_same_answer(api, support):
    first = post(api, "/api/v1/tickets/", NEW, **{"Idempotency-Key": "k1"})
    second = post(api, "/api/v1/tickets", NEW, **{"Idempotency-Key": "k1"})
    assert (second.status_code, second.content, second["Idempotent-Replayed"]) == (201, first.content, "true")
    assert Ticket.objects.count() == 1


def test_the_same_idempotency_key_with_another_body_is_refused(api, support):
    post(api, "/api/v1/tickets/", NEW, **{"Idempotency-Key": "k1"})
    response = post(api, "/api/v1/tickets/", NEW | {"subject": "Other"}, **{"Idempotency-Key": "k1"})
    assert response.status_code == 422
    assert response["Content-Type"] == "application/problem+json"


def test_an_answer_lost_by_a_crash_is_found_again_by_the_retry(api, support):
    first = post(api, "/api/v1/tickets/", NEW, **{"Idempotency-Key": "k1"})
    IdempotencyRecord.objects.all().delete()
    second = post(api, "/api/v1/tickets/", NEW, **{"Idempotency-Key": "k1"})
    assert second.json()["number"] == first.json()["number"]
    assert Ticket.objects.count() == 1


@pytest.mark.parametrize(
    "body, field",
    [
        ({}, "body"),
        (NEW | {"is_staff": True}, "is_staff"),
        (NEW | {"created_at": "2020-01-01T00:00:00Z"}, "created_at"),
        (NEW | {"priority": "extreme"}, "priority"),
        (NEW | {"queue": "nowhere"}, "queue"),
        (NEW | {"customer": {"email": "not an address"}}, "customer.email"),
        (NEW | {"customer": {}}, "customer.non_field_errors"),
        (NEW | {"body": "nul \x00 byte"}, "body"),
        (NEW | {"customer_id": "x"}, "customer"),
    ],
)
def test_bad_input_names_the_field_and_changes_nothing(api, support, body, field):
    response = post(api, "/api/v1/tickets/", body)
    assert response.status_code == 400
    assert field in response.json()["errors"]
    assert not Ticket.objects.exists()


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'"x"', b"\xff\xfe", b"null"])
def test_what_is_not_json_is_a_clear_400(api, support, raw):
    response = post(api, "/api/v1/tickets/", raw)
    assert response.status_code == 400
    assert response.json()["status"] == 400


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer nonsense", "Basic eDp5", "Bearer \udcff"])
def test_without_a_good_key_the_answer_is_401(support, header):
    client = Client(headers={"Authorization": header.encode("utf-8", "replace").decode("latin-1")} if header else {})
    response = client.get("/api/v1/tickets/")
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"


def test_a_key_in_the_query_string_is_no_credential(support, api_key):
    assert Client().get(f"/api/v1/tickets/?api_key={api_key}").status_code == 401


def test_expired_and_revoked_keys_open_nothing(support):
    from tests.cast import ago

    for fields in ({"expires_at": ago(days=1)}, {"revoked_at": ago(days=1)}):
        _key, secret = ApiKey.issue("Old", scopes=["*"], **fields)
        assert Client(headers={"Authorization": f"Bearer {secret}"}).get("/api/v1/tickets/").status_code == 401


def test_a_key_is_read_once_for_a_burst_and_a_revoked_one_is_out_soon(client, support, settings, monkeypatch, django_assert_num_queries):
    settings.API_KEY_TRUSTED_SECONDS = 1
    now = 1000.0
    monkeypatch.setattr("helpdesk.core.api.authentication.monotonic", lambda: now)
    key, secret = ApiKey.issue("Burst", scopes=["tickets:read"])
    bearer = {"Authorization": f"Bearer {secret}"}
    assert client.get("/api/v1/tickets/", headers=bearer).status_code == 200
    ApiKey.objects.filter(pk=key.pk).update(revoked_at=key.created_at)
    now = 1000.9
    with django_assert_num_queries(1):
        assert client.get("/api/v1/tickets/?limit=1&fields=number", headers=bearer).status_code == 200
    now = 1001.1
    assert client.get("/api/v1/tickets/", headers=bearer).status_code == 401


def test_a_key_without_the_scope_is_refused(support):
    _key, secret = ApiKey.issue("Reader", scopes=["tickets:read"])
    reader = Client(headers={"Authorization": f"Bearer {secret}"})
    assert reader.get("/api/v1/tickets/").status_code == 200
    assert post(reader, "/api/v1/tickets/", NEW).status_code == 403


def test_a_key_over_its_limit_waits(support, clean_cache, monkeypatch):
    monkeypatch.setattr("helpdesk.core.api.throttling.time.time", lambda: 1_800_000_030.0)  # in the middle of a window
    _key, secret = ApiKey.issue("Slow", scopes=["*"], rate_limit_per_minute=3)
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    answers = [client.get("/api/v1/tickets/") for _n in range(5)]
    assert [a.status_code for a in answers] == [200, 200, 200, 429, 429]
    assert int(answers[-1]["Retry-After"]) >= 1


def test_a_large_limit_is_counted_in_advance_and_ends_where_it_should(maya, clean_cache):
    key, _secret = ApiKey.issue("Quick", scopes=["*"], rate_limit_per_minute=1000)
    asked = [throttling._from_lease(str(key.pk), 5) or throttling._taken(str(key.pk), 5, 1000) for _n in range(1200)]
    assert sum(asked) == 1000


def test_of_two_threads_that_count_in_advance_at_once_neither_takes_the_others_requests_away(maya, clean_cache, monkeypatch):
    key, _secret = ApiKey.issue("Two threads", scopes=["*"], rate_limit_per_minute=1000)
    count, began = throttling.cache.count, []

    def slowly(*args, **more):
        began.append(True)
        if len(began) % 2:  # while one thread waits for Redis, another one asks and is answered
            assert throttling._taken(str(key.pk), 5, 1000)
        return count(*args, **more)

    monkeypatch.setattr(throttling.cache, "count", slowly)
    assert throttling._taken(str(key.pk), 5, 1000)
    monkeypatch.undo()
    asked = [throttling._from_lease(str(key.pk), 5) or throttling._taken(str(key.pk), 5, 1000) for _n in range(1200)]
    assert sum(asked) == 998


def test_an_unknown_ticket_and_one_of_another_queue_look_alike(ticket, tomasz):
    theirs = signed_in(tomasz).get(f"/api/v1/tickets/{ticket.number}/")
    nobodys = signed_in(tomasz).get("/api/v1/tickets/TKT-20200101-0001/")
    assert (theirs.status_code, nobodys.status_code) == (404, 404)
    assert theirs.json()["detail"] == nobodys.json()["detail"]


def test_a_change_with_a_stale_etag_is_refused(api, ticket):
    path = f"/api/v1/tickets/{ticket.number}/"
    stale = api.get(path)["ETag"]
    assert api.patch(path, {"priority": "urgent"}, content_type="application/json", headers={"If-Match": stale}).status_code == 200
    refused = api.patch(path, {"priority": "low"}, content_type="application/json", headers={"If-Match": stale})
    assert refused.status_code == 412
    assert api.get(path).json()["priority"] == "urgent"


def test_a_change_of_nothing_allowed_changes_nothing(api, ticket):
    response = api.patch(f"/api/v1/tickets/{ticket.number}/", {"priority": "urgent", "status": "exploded"}, content_type="application/json")
    assert response.status_code == 400
    ticket.refresh_from_db()
    assert ticket.priority == "normal"


def test_a_partner_writes_as_the_customer_and_as_the_team(api, ticket):
    path = f"/api/v1/tickets/{ticket.number}/messages/"
    customer = post(api, path, {"body": "Any news?", "external_id": "42"})
    assert customer.json()["author"]["kind"] == "customer"
    assert post(api, path, {"body": "Any news?", "external_id": "42"}).json()["id"] == customer.json()["id"]
    assert post(api, path, {"body": "Soon", "author": "agent"}).json()["delivery"] == "queued"
    assert post(api, path, {"body": "hm", "author": "agent", "visibility": "internal"}).json()["visibility"] == "internal"
    assert len(api.get(path).json()["results"]) == 4


def test_a_partners_reply_of_one_id_is_written_once(api, ticket):
    path = f"/api/v1/tickets/{ticket.number}/messages/"
    reply = {"body": "It is mended", "author": "agent", "external_id": "r1"}
    assert post(api, path, reply).json()["id"] == post(api, path, reply).json()["id"]
    note = {"body": "Seen", "author": "agent", "visibility": "internal", "external_id": "n1"}
    assert post(api, path, note).json()["id"] == post(api, path, note).json()["id"]
    assert ticket.messages.count() == 3


def test_the_same_id_in_another_ticket_is_another_message(api, ticket, support):
    other = receive("li@sakura.example").ticket
    for number in (ticket.number, other.number):
        post(api, f"/api/v1/tickets/{number}/messages/", {"body": "Any news?", "external_id": "1"})
    assert (ticket.messages.count(), other.messages.count()) == (2, 2)


def test_a_key_used_anew_after_a_day_loses_no_message(api, support):
    post(api, "/api/v1/tickets/", NEW, **{"Idempotency-Key": "daily"})
    IdempotencyRecord.objects.update(created_at=timezone.now() - timedelta(hours=25))
    second = post(api, "/api/v1/tickets/", NEW | {"body": "Today it is something else"}, **{"Idempotency-Key": "daily"})
    assert (second.status_code, Ticket.objects.count()) == (201, 2)


def test_a_key_given_back_this_moment_asks_to_try_again(api, support, monkeypatch):
    monkeypatch.setattr("helpdesk.core.api.idempotency._claim", lambda *_args: None)
    answer = post(api, "/api/v1/tickets/", NEW, **{"Idempotency-Key": "k1"})
    assert (answer.status_code, answer["Retry-After"]) == (409, "1")


def test_an_agent_who_opens_a_ticket_for_another_team_is_told_its_number(support, billing, tomasz):
    answer = post(signed_in(tomasz), "/api/v1/tickets/", NEW | {"queue": "support"})
    assert (answer.status_code, answer.json()["number"]) == (201, Ticket.objects.get().number)


def test_an_agent_who_hands_a_ticket_to_another_team_is_told_that_it_worked(ticket, billing, maya):
    answer = signed_in(maya).patch(f"/api/v1/tickets/{ticket.number}/", {"queue": "billing"}, content_type="application/json")
    assert (answer.status_code, answer.json()["queue"]["slug"]) == (200, "billing")


def test_pages_follow_each_other_without_gap_or_repeat(api, support):
    numbers = [receive(f"p{n}@x.example", external_id=f"{n}@x").ticket.number for n in range(7)]
    seen, url = [], "/api/v1/tickets/?limit=3&ordering=created_at"
    while url:
        page = api.get(url).json()
        seen += [t["number"] for t in page["results"]]
        url = page["next"]
    assert seen == numbers


def test_a_page_costs_the_same_queries_whatever_its_length(api, support, django_assert_max_num_queries):
    for n in range(30):
        receive(f"p{n}@x.example", external_id=f"{n}@x").ticket.tag("a", by=None)
    with django_assert_max_num_queries(7):
        assert len(api.get("/api/v1/tickets/?limit=30").json()["results"]) == 30


def test_search_finds_words_of_a_message(api, ticket, drain):
    drain()
    assert [t["number"] for t in api.get("/api/v1/tickets/?search=13:52 call").json()["results"]] == [ticket.number]
    assert api.get("/api/v1/tickets/?search=zebra").json()["results"] == []


@pytest.mark.parametrize("words", ["'", '"', "a & | b", "!!!", "(((", "x" * 300, "\\", "%", "SELECT 1; --", ":*", "日本語", "a " * 100])
def test_no_search_is_an_error(api, ticket, words):
    assert api.get("/api/v1/tickets/", {"search": words}).status_code in (200, 400)


@pytest.mark.parametrize(
    "query", ["_connector=OR&is_staff=True", "password__startswith=p", "ordering=a;b", "limit=-1", "cursor=%%%", "status=x"]
)
def test_filters_that_do_not_exist_open_nothing(api, ticket, query):
    assert api.get(f"/api/v1/tickets/?{query}").status_code in (200, 400, 404)


class TestSignedWebhook:
    BODY = {"subject": "From the shop", "body": "Order 7 is late", "customer": {"email": "li@sakura.example"}}

    def send(self, hook, body=None, *, event="e1", at=None, signature=None):
        raw = json.dumps(body or self.BODY).encode()
        stamp = str(int(at or time.time()))
        headers = {"X-Timestamp": stamp, "X-Event-Id": event, "X-Signature": signature or sign(hook.secret, stamp, raw)}
        return Client().post(
            f"/api/v1/inbound/{hook.pk}/", raw, content_type="application/json", headers={k: v for k, v in headers.items() if v}
        )

    @pytest.fixture
    def hook(self, billing, support):
        return InboundHook.objects.create(name="Shop", queue=billing)

    def test_a_signed_event_becomes_one_ticket_however_often_it_is_sent(self, hook, billing):
        answers = [self.send(hook) for _n in range(5)]
        assert {a.status_code for a in answers} == {200}
        assert Message.objects.count() == 1
        assert Ticket.objects.get().queue == billing

    def test_what_the_partner_keeps_with_it_is_kept(self, hook):
        self.send(hook, self.BODY | {"metadata": {"order": 7, "escalation": {"level": "legal"}}})
        assert Ticket.objects.get().metadata == {"order": 7}

    def test_a_forged_or_old_event_is_refused(self, hook):
        assert self.send(hook, signature="sha256=" + "0" * 64).status_code == 403
        assert self.send(hook, at=time.time() - 360).status_code == 403
        assert self.send(hook, at=time.time() + 360).status_code == 403
        assert not Ticket.objects.exists()

    def test_an_event_without_id_is_refused(self, hook):
        assert self.send(hook, event="").status_code == 400

    def test_a_disabled_hook_is_not_there(self, hook):
        hook.is_active = False
        hook.save()
        assert self.send(hook).status_code == 404
        assert Client().post(f"/api/v1/inbound/{uuid.uuid4()}/", b"{}", content_type="application/json").status_code == 404


def test_the_schema_is_a_valid_openapi_document(db):
    response = Client().get("/api/schema/?format=json")
    assert response.status_code == 200
    assert response.json()["openapi"].startswith("3.1")
