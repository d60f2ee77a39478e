"""The OpenAPI document holds for every operation: a property-based tester finds no 500, no undeclared status and no other shape.

The sample of every run is small; `make test-long` tries much more. tests/tickets/test_api_fuzz.py looks closer at tickets.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core import signals
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from assist.models import CallSession, Experiment, Suggestion
from helpdesk.core.models import Webhook, WebhookDelivery
from knowledge.models import Component, Incident
from tests.cast import make_category
from tickets.models import Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings("ignore")]

PARTS, SAMPLE, MANY = 4, 4, 150  # tests that share the operations; examples an operation
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(autouse=True)
def _one_connection(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A request of the WSGI door closes its connection; here it is the test's own, with the test's transaction in it. No name is known."""

    def nobody(*_args: Any, **_kwargs: Any) -> Any:
        raise socket.gaierror("no names here")

    monkeypatch.setattr("helpdesk.core.http.socket.getaddrinfo", nobody)
    signals.request_started.disconnect(close_old_connections)
    signals.request_finished.disconnect(close_old_connections)
    yield
    signals.request_started.connect(close_old_connections)
    signals.request_finished.connect(close_old_connections)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    GENERATOR_STATS.reset()
    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return found


def _experiment() -> Experiment:
    experiment = Experiment.objects.create(name="x", guards={"cost": 0.1})
    experiment.arms.create(name="In use")
    return experiment


@pytest.fixture
def there(ticket: Ticket) -> dict[str, str]:
    """By path and parameter: an object that is there."""
    webhook = Webhook.objects.create(name="x", url="https://partner.example/")
    delivery = WebhookDelivery.objects.create(webhook=webhook, kind="ticket.created", body="{}")
    Component.objects.create(slug="api", name="API")
    call = CallSession.objects.create(call_id="c-1", customer=ticket.customer, queue=ticket.queue)
    make_category("billing")
    return {
        "webhooks/{pk}": str(webhook.pk),
        "deliveries/{delivery}": str(delivery.pk),
        "tickets/{number}": ticket.number,
        "messages/{pk}": str(ticket.messages.get().pk),
        "customers/{reference}": str(ticket.customer_id),
        "organizations/{pk}": str(ticket.customer.organisation_id),
        "queues/{slug}": ticket.queue.slug,
        "components/{slug}": "api",
        "incidents/{reference}": Incident.objects.create(reference="INC-1", title="x").reference,
        "calls/{session_id}": str(call.session_id),
        "suggestions/{session_id}": str(call.session_id),
        "experiments/{experiment_id}": str(_experiment().pk),
        "actions/{action}": str(Suggestion.objects.create(ticket=ticket, suggestion_type="action", source_kind="tag", content="x").pk),
    }


def operations(document: dict[str, Any]) -> list[Any]:
    schema = schemathesis.openapi.from_dict(document)
    schema.app = get_wsgi_application()
    found = [one.ok() for one in schema.get_all_operations()]
    return sorted(found, key=lambda one: one.definition.raw["operationId"])


def broken(found: Any, examples: int, key: str, there: dict[str, str]) -> str:
    """What is wrong with an operation; "" for nothing."""
    known = {place.partition("{")[2].rstrip("}"): value for place, value in there.items() if place in found.path}

    @seed(20261126)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )
    @given(data=st.data())
    def each(data: st.DataObject) -> None:
        case = data.draw(found.as_strategy())
        if known and data.draw(st.integers(0, 3)):
            case.path_parameters = {**(case.path_parameters or {}), **known}  # mostly one that is there
        before = transaction.savepoint()
        try:
            case.call_and_validate(headers={"Authorization": f"Bearer {key}"}, checks=CHECKS)
        finally:
            transaction.savepoint_rollback(before)  # each request alone: a failed query would spoil the transaction for the next

    try:
        each()
    except (Exception, BaseExceptionGroup) as error:  # each operation is looked at, and all that is wrong is said at once
        whole = error.exceptions if isinstance(error, BaseExceptionGroup) else [error]
        return f"{found.definition.raw['operationId']}: " + " ".join(f"{one} {getattr(one, 'message', '')}" for one in whole)
    return ""


@pytest.mark.parametrize("part", range(PARTS))
def test_every_operation_holds_for_a_sample_of_odd_requests(
    part: int, document: dict[str, Any], api_key: str, there: dict[str, str]
) -> None:
    wrong = [one for found in operations(document)[part::PARTS] if (one := broken(found, SAMPLE, api_key, there))]
    assert not wrong, "\n\n".join(wrong)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(PARTS))
def test_every_operation_holds_for_many_odd_requests(part: int, document: dict[str, Any], api_key: str, there: dict[str, str]) -> None:
    wrong = [one for found in operations(document)[part::PARTS] if (one := broken(found, MANY, api_key, there))]
    assert not wrong, "\n\n".join(wrong)


def test_the_document_is_made_without_a_warning(document: dict[str, Any]) -> None:
    """Of two shapes that share a name one is described as the other; of two choices that do, one gets a name that changes by itself."""
    assert [str(one) for one in (*GENERATOR_STATS._warn_cache, *GENERATOR_STATS._error_cache)] == []


def test_every_operation_declares_what_may_go_wrong(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for method, one in methods.items():
            assert {"400", "401", "403", "404", "429"} <= set(one["responses"]), (method, path)


def test_every_example_is_of_the_shape_that_it_stands_for(document: dict[str, Any]) -> None:
    """And what partners write most has one."""
    from jsonschema import Draft202012Validator

    shown = set()
    for methods in document["paths"].values():
        for one in methods.values():
            for content in one.get("requestBody", {}).get("content", {}).values():
                for example in content.get("examples", {}).values():
                    whole = {**content["schema"], "components": document["components"]}
                    Draft202012Validator(whole).validate(example["value"])
                    shown.add(one["operationId"])
    assert {"tickets_create", "messages_create", "tickets_change", "customers_create", "webhooks_create", "triage"} <= shown
