"""A property-based tester reads our OpenAPI document and tries to break what it promises: no 500, no undeclared status, no other shape.

The sample of every run is small; `make test-long` tries much more.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core import signals
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from helpdesk.core.models import ApiKey
from tickets.models import Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings("ignore")]

SAMPLE, MANY = 12, 400  # examples an operation
OPERATIONS = (
    "articles_list",
    "search",
    "tickets_list",
    "tickets_create",
    "tickets_read",
    "tickets_change",
    "messages_list",
    "messages_create",
    "ticket_events_list",
    "inbound_webhook",
)
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
QUIET = list(HealthCheck)


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """A request of the WSGI door closes its connection; here it is the test's own, with the test's transaction in it."""
    signals.request_started.disconnect(close_old_connections)
    signals.request_finished.disconnect(close_old_connections)
    yield
    signals.request_started.connect(close_old_connections)
    signals.request_finished.connect(close_old_connections)


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    import yaml

    file = tmp_path_factory.mktemp("schema") / "schema.yaml"
    call_command("spectacular", file=str(file))
    found: dict[str, Any] = yaml.safe_load(file.read_text())
    return found


def operation(document: dict[str, Any], name: str) -> Any:
    schema = schemathesis.openapi.from_dict(document)
    schema.app = get_wsgi_application()
    return next(one.ok() for one in schema.get_all_operations() if one.ok().definition.raw.get("operationId") == name)


def fuzz(document: dict[str, Any], name: str, examples: int, key: str, ticket: Ticket) -> None:
    found = operation(document, name)

    @seed(20261120)
    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=QUIET, phases=[Phase.explicit, Phase.generate])
    @given(data=st.data())
    def each(data: st.DataObject) -> None:
        case = data.draw(found.as_strategy())
        if "number" in (case.path_parameters or {}) and data.draw(st.integers(0, 3)):
            case.path_parameters = {**case.path_parameters, "number": ticket.number}  # mostly one that is there
        headers = {} if name == "inbound_webhook" else {"Authorization": f"Bearer {key}"}
        before = transaction.savepoint()
        try:
            case.call_and_validate(headers=headers, checks=CHECKS)
        finally:
            transaction.savepoint_rollback(before)  # each request alone: a failed query would spoil the test's transaction for the next

    each()


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_document_holds_for_a_sample_of_odd_requests(name: str, document: dict[str, Any], api_key: str, ticket: Ticket) -> None:
    fuzz(document, name, SAMPLE, api_key, ticket)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", OPERATIONS)
def test_the_document_holds_for_many_odd_requests(name: str, document: dict[str, Any], api_key: str, ticket: Ticket) -> None:
    fuzz(document, name, MANY, api_key, ticket)


def test_a_key_without_the_scope_is_told_so_on_every_operation(ticket: Ticket, document: dict[str, Any]) -> None:
    poor = ApiKey.issue("Poor", scopes=["metrics:read"])[1]
    for name in OPERATIONS[:-1]:
        body = {"body": {}} if name.endswith(("create", "change")) else {}
        case = operation(document, name).Case(path_parameters={"number": ticket.number}, **body)
        assert case.call(headers={"Authorization": f"Bearer {poor}"}).status_code == 403, name
