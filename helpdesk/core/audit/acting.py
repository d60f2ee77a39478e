"""Who acts: told to the database before each statement that changes a watched table, and put beside each deed that is noted."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from helpdesk.core.limits import client_address
from helpdesk.core.models import AuditEntry
from helpdesk.core.request_id import current_request_id

from .watching import WATCHED

_request: ContextVar[HttpRequest | None] = ContextVar("audit_request", default=None)
_person: ContextVar[Any] = ContextVar("audit_person", default=None)
_SETTING = "helpdesk.actor"  # read by the trigger function of watching.py
CHANGING = ("INSERT", "UPDATE", "DELETE")


class ActingMiddleware:
    """Remembers the request of this context. Who it is of is asked only if something is changed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _request.set(request)
        try:
            return self.get_response(request)
        finally:
            _request.reset(token)


@contextmanager
def acting_for(person: Any) -> Iterator[None]:
    """What happens inside is done by `person` (a user or a key), whoever the request is of."""
    token = _person.set(person)
    try:
        yield
    finally:
        _person.reset(token)


def note(act: str, subject: str, *, by: Any = None, subject_id: Any = "", label: str = "", **what: Any) -> AuditEntry:
    """Write down a deed that changes no watched row. `what` may hold `before` and `after`; never a customer's words, never a secret.

    `by` is needed only where the request does not say who acts.
    """
    who = describe(by) if by is not None else present()
    return AuditEntry.objects.create(act=act, subject=subject, subject_id=str(subject_id), label=label[:150], **who, **what)


def present() -> dict[str, str]:
    """The actor of this context, as columns of an entry."""
    request, person = _request.get(), _person.get()
    if person is None and request is not None:
        person = getattr(request, "user", None)
        if person is not None and not getattr(person, "pk", None):
            return _columns("nobody", "", "", request)
    return describe(person)


def describe(person: Any) -> dict[str, str]:
    if person is None:
        return _columns("system", "", program(), _request.get())
    kind = getattr(person, "actor_kind", "agent")
    name = "" if kind == "customer" else str(person)  # a customer's name is theirs: the id is enough
    return _columns(kind, str(person.pk), name, _request.get())


def _columns(kind: str, pk: str, name: str, request: HttpRequest | None) -> dict[str, str]:
    address = _address(request) if request is not None else ""
    return {"actor_kind": kind, "actor_id": pk, "actor_name": name[:150], "address": address, "request_id": current_request_id()}


def _address(request: HttpRequest) -> str:
    """Empty where the server told none (behind a socket file): what is written down must not refuse what is done."""
    try:
        return client_address(request)[:64]
    except PermissionDenied:
        return ""


def program() -> str:
    """What runs, where no request does: a command by its name."""
    name = Path(sys.argv[0]).name if sys.argv else ""
    return f"{name} {sys.argv[1]}" if name == "manage.py" and len(sys.argv) > 1 else name


def tell_the_database(execute: Any, sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """A wrapper of every statement (installed when a connection opens); all but those that change a watched table pass at once.

    Inside a transaction the setting lasts as long as that does, and is set anew by the next such statement. Outside, it is taken
    back at once, so that no other user of a pooled connection inherits a name.
    """
    if not (isinstance(sql, str) and sql.startswith(CHANGING) and _table_of(sql) in WATCHED):
        return execute(sql, params, many, context)
    link = context["connection"]
    if link.needs_rollback:  # Django refuses the statement, and says why
        return execute(sql, params, many, context)
    _say(link, json.dumps(present()), for_transaction=link.in_atomic_block)
    try:
        return execute(sql, params, many, context)
    finally:
        if not link.in_atomic_block:
            _say(link, "", for_transaction=False)


def _table_of(sql: str) -> str:
    return sql.split('"', 2)[1] if '"' in sql[:40] else ""


def _say(link: Any, actor: str, *, for_transaction: bool) -> None:
    """By the driver's own cursor: neither counted nor wrapped as a query of the page's."""
    with link.connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, %s)", [_SETTING, actor, for_transaction])


def install(connection: Any, **_: Any) -> None:
    """For the signal that a connection has opened."""
    if tell_the_database not in connection.execute_wrappers:
        connection.execute_wrappers.append(tell_the_database)
