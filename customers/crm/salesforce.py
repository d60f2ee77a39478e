"""Salesforce: contacts and cases, through `simple-salesforce` (the optional extra `salesforce`), signed in by client credentials.

The library speaks `requests` and HTTPS only; `_ThroughOurs` carries what it sends through our one guarded client instead.
"""

from __future__ import annotations

import io
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from helpdesk.core import http

from .base import PAGE, Case, Changes, CrmChanged, CrmRefused, CrmUnavailable, Field, Person, RemoteCase, spellings, taken, text
from .speaking import SECONDS, ask, complain, said

if TYPE_CHECKING:
    from requests import PreparedRequest, Response
    from simple_salesforce import Salesforce as Client

API_VERSION = "62.0"
FIELDS = (
    Field("client_id", "Consumer key of the connected app", secret=False),
    Field("client_secret", "Consumer secret"),
)
STATUSES = {"resolved": "Closed", "closed": "Closed", "on_hold": "On Hold", "pending": "Waiting on Customer"}
PRIORITIES = {"low": "Low", "normal": "Medium", "high": "High", "urgent": "High"}
# Queries with places for values: the library's `format_soql` puts them in, quoted.
_PERSON = "Id, AccountId, Account.Name, Account.Type, FirstName, LastName, Email, Phone, MobilePhone, Owner.Name, SystemModstamp"
_CONTACT = f"SELECT {_PERSON} FROM Contact"  # noqa: S608 - constants, and SOQL
_LATER = "SystemModstamp > {0:literal} OR (SystemModstamp = {0:literal} AND Id > {1})"
BY_EMAIL = _CONTACT + " WHERE Email = {0} ORDER BY SystemModstamp DESC LIMIT 1"
BY_PHONE = _CONTACT + " WHERE Phone IN {0} OR MobilePhone IN {0} ORDER BY SystemModstamp DESC LIMIT 1"
CHANGED = f"{_CONTACT} WHERE {_LATER} ORDER BY SystemModstamp, Id LIMIT 100"
NEWEST = "SELECT SystemModstamp, Id FROM Contact ORDER BY SystemModstamp DESC, Id DESC LIMIT 1"
CASES = "SELECT Id, CaseNumber, Subject, Status, Priority, CreatedDate FROM Case WHERE ContactId = {0} ORDER BY CreatedDate DESC LIMIT 20"
CASE_ID = "SELECT Id FROM Case WHERE Helpdesk_Number__c = {0} LIMIT 1"
EXTERNAL_ID = "Helpdesk_Number__c"  # a custom text field on Case, marked as external id: upserts by it cannot double
LONGEST = 32_000  # characters of Description


class Salesforce:
    def __init__(self, base_url: str, credentials: dict[str, Any]) -> None:
        self._base = base_url.rstrip("/")
        self._credentials = credentials

    def find(self, *, email: str, phone: str) -> Person | None:
        for query, value in ((BY_EMAIL, email), (BY_PHONE, spellings(phone))):
            if value and (rows := self._query(query, value)):
                return self._person(rows[0])
        return None

    def history(self, person: Person) -> list[RemoteCase]:
        return [self._case(row) for row in self._query(CASES, person.remote_id)]

    def save_case(self, case: Case, *, remote_id: str = "") -> str:
        """An upsert by our number: made or brought up to date, never doubled."""
        fields = {
            "Subject": case.subject[:255],
            "Description": case.description[:LONGEST],
            "Status": STATUSES.get(case.status, "Working"),
            "Priority": PRIORITIES.get(case.priority, "Medium"),
            "Origin": case.channel.capitalize() or "Web",
            "SuppliedName": case.person.get("name", "")[:80],
            "SuppliedEmail": case.person.get("email", "")[:80],
            "SuppliedPhone": case.person.get("phone", "")[:40],
        }
        if case.person.get("remote_id"):
            fields["ContactId"] = case.person["remote_id"]
        self._call("Case.upsert", lambda client: client.Case.upsert(f"{EXTERNAL_ID}/{case.number}", fields))
        if remote_id:
            return remote_id
        rows = self._query(CASE_ID, case.number)
        if not rows:
            raise CrmChanged("The case was saved, but cannot be found by its number.")
        return str(taken(rows[0], "Id"))

    def changes(self, cursor: str) -> Changes:
        """By SystemModstamp and Id, so that people who share a second are neither missed nor read for ever."""
        if not cursor:
            newest = self._query(NEWEST)
            return Changes([], _place(newest[0]) if newest else "", more=False)
        rows = self._query(CHANGED, *cursor.split(" ", 1))
        return Changes([self._person(row) for row in rows], _place(rows[-1]) if rows else cursor, more=len(rows) == PAGE)

    def _query(self, soql: str, *values: Any) -> list[dict[str, Any]]:
        def ask_them(client: Client) -> Any:
            from simple_salesforce import format_soql  # noqa: PLC0415 - an optional extra

            return client.query(format_soql(soql, *values))

        return list(taken(self._call("query", ask_them), "records"))

    def _call(self, what: str, work: Any) -> Any:
        from simple_salesforce.exceptions import SalesforceError  # noqa: PLC0415 - an optional extra

        try:
            return work(self._client)
        except (_Carried, SalesforceError) as error:
            if isinstance(error, _Carried):
                raise error.why from error
            self.__dict__.pop("_client", None)  # a token that ended is asked for anew at the next call
            raise _ours(what, error) from error

    @cached_property
    def _client(self) -> Client:
        try:
            from simple_salesforce import Salesforce as Client  # noqa: PLC0415
        except ImportError as error:
            raise CrmRefused("Salesforce needs one more package: pip install 'helpdesk[salesforce]'.") from error
        token = self._token()
        host = urlsplit(self._base).netloc
        return Client(instance=host, session_id=token, version=API_VERSION, session=_session(self._base))

    def _token(self) -> str:
        form = {"grant_type": "client_credentials", **{name: self._credentials.get(name, "") for name in ("client_id", "client_secret")}}
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = ask("POST", f"{self._base}/services/oauth2/token", headers=kind, content=urlencode(form).encode())
        return str(taken(said(answer), "access_token"))

    def _person(self, row: dict[str, Any]) -> Person:
        account = row.get("Account") or {}
        return Person(
            remote_id=str(taken(row, "Id")),
            name=f"{text(row, 'FirstName')} {text(row, 'LastName')}".strip(),
            email=text(row, "Email").lower(),
            phone=text(row, "Phone", 40) or text(row, "MobilePhone", 40),
            company=text(account, "Name"),
            tier=text(account, "Type", 40),
            owner=text(row.get("Owner"), "Name"),
            url=f"{self._base}/lightning/r/Contact/{taken(row, 'Id')}/view",
            changed_at=text(row, "SystemModstamp", 40),
        )

    def _case(self, row: dict[str, Any]) -> RemoteCase:
        return RemoteCase(
            remote_id=str(taken(row, "Id")),
            subject=text(row, "Subject"),
            status=text(row, "Status", 40),
            created_at=text(row, "CreatedDate", 40),
            url=f"{self._base}/lightning/r/Case/{taken(row, 'Id')}/view",
            priority=text(row, "Priority", 40),
        )


class _Carried(Exception):
    """Takes our own error through the library, which would otherwise wrap or swallow it."""

    def __init__(self, why: CrmUnavailable | CrmRefused) -> None:
        super().__init__(str(why))
        self.why = why


def _session(base: str) -> Any:
    """A `requests` session whose every exchange goes through `core.http`, to `base` instead of https://instance."""
    import requests  # noqa: PLC0415
    from requests.adapters import BaseAdapter  # noqa: PLC0415

    class ThroughOurs(BaseAdapter):
        def send(self, request: PreparedRequest, **_options: Any) -> Response:  # type: ignore[override]
            parts = urlsplit(str(request.url))
            url = f"{base}{parts.path}{'?' + parts.query if parts.query else ''}"
            body = request.body.encode() if isinstance(request.body, str) else request.body
            headers = {name: str(value) for name, value in request.headers.items() if name.lower() not in ("host", "accept-encoding")}
            try:
                answer = http.request(str(request.method), url, headers=headers, content=body, seconds=SECONDS)  # type: ignore[arg-type]
                complain(answer)
                if answer.body:
                    said(answer)  # whatever is no JSON must not reach the library, which would raise an error of its own
            except http.Unreachable as error:
                raise _Carried(CrmUnavailable(error.detail)) from error
            except http.AddressRefused as error:
                raise _Carried(CrmRefused(error.detail)) from error
            except (CrmUnavailable, CrmRefused) as error:
                raise _Carried(error) from error
            return _as_response(request, answer)

        def close(self) -> None:
            """Nothing is kept open."""

    session = requests.Session()
    session.trust_env = False
    session.mount("https://", ThroughOurs())
    session.mount("http://", ThroughOurs())
    return session


def _as_response(request: PreparedRequest, answer: http.Answer) -> Response:
    import requests  # noqa: PLC0415

    response = requests.Response()
    response.status_code, response.url, response.request = answer.status, str(request.url), request
    response.headers.update({name: value for name, value in answer.headers.items() if name.lower() != "content-encoding"})
    response.raw, response.encoding = io.BytesIO(answer.body), "utf-8"
    return response


def _ours(what: str, error: Exception) -> CrmRefused:
    return CrmRefused(f"{what}: {error}"[:400])


def _place(row: dict[str, Any]) -> str:
    return f"{taken(row, 'SystemModstamp')} {taken(row, 'Id')}"
