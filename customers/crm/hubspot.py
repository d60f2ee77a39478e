"""HubSpot: contacts and tickets through the CRM object API. Reads return few properties unless asked, so each is named."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from .base import HISTORY, PAGE, Case, Changes, CrmRefused, Field, Person, RemoteCase, instant, spellings, taken, text
from .speaking import ask, said

VERSION = "crm/v3/objects"  # the one place that names HubSpot's API version; "crm/objects/2026-03" has the same shapes
FIELDS = (Field("token", "Access token of a private app", help="Scopes: crm.objects.contacts.read, tickets"),)
CONTACT = ["email", "firstname", "lastname", "phone", "company", "lifecyclestage", "hs_object_id", "lastmodifieddate", "tier"]
TICKET = ["subject", "hs_pipeline_stage", "hs_ticket_priority", "createdate"]
PRIORITIES = {"low": "LOW", "normal": "MEDIUM", "high": "HIGH", "urgent": "HIGH"}
PIPELINE, OPEN_STAGE, CLOSED_STAGE = "0", "1", "4"  # the support pipeline that every account is born with
TICKET_TO_CONTACT = 16  # HubSpot's own kind of association
MISSING = 404


class HubSpot:
    def __init__(self, base_url: str, credentials: dict[str, Any]) -> None:
        self._base = base_url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {credentials.get('token', '')}"}

    def find(self, *, email: str, phone: str) -> Person | None:
        by_email = [_is("email", email)] if email else []
        by_phone = [{"propertyName": "phone", "operator": "IN", "values": spellings(phone)}] if phone else []
        for condition in by_email + by_phone:
            if rows := self._search("contacts", CONTACT, filters=[condition], limit=1)["results"]:
                return self._person(rows[0])
        return None

    def history(self, person: Person) -> list[RemoteCase]:
        newest = [{"propertyName": "createdate", "direction": "DESCENDING"}]
        found = self._search("tickets", TICKET, filters=[_is("associations.contact", person.remote_id)], sorts=newest, limit=HISTORY)
        return [self._case(row) for row in found["results"]]

    def save_case(self, case: Case, *, remote_id: str = "") -> str:
        """HubSpot has no external id: the number stands first in the subject, and is searched for before a ticket is made."""
        remote_id = remote_id or self._known(case.number)
        body: dict[str, Any] = {"properties": self._properties(case)}
        if remote_id:
            return self._write("PATCH", f"/tickets/{quote(remote_id)}", body)
        if case.person.get("remote_id"):
            kind = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": TICKET_TO_CONTACT}
            body["associations"] = [{"to": {"id": case.person["remote_id"]}, "types": [kind]}]
        return self._write("POST", "/tickets", body)

    def changes(self, cursor: str) -> Changes:
        """Contacts by the time of their last change. The cursor is that time (ISO 8601), and within a long answer how far we are in it."""
        since, _, after = (cursor or instant(datetime.now(UTC))).partition(" ")
        later = {"propertyName": "lastmodifieddate", "operator": "GTE", "value": since}
        oldest = [{"propertyName": "lastmodifieddate", "direction": "ASCENDING"}]
        found = self._search("contacts", CONTACT, filters=[later], sorts=oldest, limit=PAGE, **({"after": after} if after else {}))
        people = [self._person(row) for row in found["results"]]
        if following := text((found.get("paging") or {}).get("next"), "after"):
            return Changes(people, f"{since} {following}", more=True)
        return Changes(people, max((person.changed_at for person in people if person.changed_at), default=since), more=False)

    def _known(self, number: str) -> str:
        named = {"propertyName": "subject", "operator": "CONTAINS_TOKEN", "value": number}
        rows = self._search("tickets", TICKET, filters=[named], limit=5)["results"]
        return next((str(taken(row, "id")) for row in rows if text(row.get("properties"), "subject").startswith(f"[{number}]")), "")

    def _properties(self, case: Case) -> dict[str, str]:
        return {
            "subject": f"[{case.number}] {case.subject}",
            "content": case.description,
            "hs_pipeline": PIPELINE,
            "hs_pipeline_stage": CLOSED_STAGE if case.is_over else OPEN_STAGE,
            "hs_ticket_priority": PRIORITIES.get(case.priority, "MEDIUM"),
        }

    def _search(self, objects: str, properties: list[str], *, filters: list[dict[str, Any]], limit: int, **more: Any) -> dict[str, Any]:
        asked = {"filterGroups": [{"filters": filters}], "properties": properties, "limit": limit, **more}
        answer = ask("POST", f"{self._base}/{VERSION}/{objects}/search", headers=self._headers, data=asked)
        found = said(answer)
        taken(found, "results")
        return dict(found)

    def _write(self, method: str, path: str, body: dict[str, Any]) -> str:
        answer = ask(method, f"{self._base}/{VERSION}{path}", headers=self._headers, data=body)
        if answer.status == MISSING:
            raise CrmRefused("The ticket is gone there.")
        return str(taken(said(answer), "id"))

    def _person(self, row: dict[str, Any]) -> Person:
        known = taken(row, "properties")
        return Person(
            remote_id=str(taken(row, "id")),
            name=f"{text(known, 'firstname')} {text(known, 'lastname')}".strip(),
            email=text(known, "email").lower(),
            phone=text(known, "phone", 40),
            company=text(known, "company"),
            tier=text(known, "tier", 40),
            changed_at=text(known, "lastmodifieddate", 40),
        )

    def _case(self, row: dict[str, Any]) -> RemoteCase:
        known = taken(row, "properties")
        status = "closed" if text(known, "hs_pipeline_stage") == CLOSED_STAGE else "open"
        return RemoteCase(
            remote_id=str(taken(row, "id")),
            subject=text(known, "subject"),
            status=status,
            created_at=text(known, "createdate", 40),
            priority=text(known, "hs_ticket_priority", 40).lower(),
        )


def _is(name: str, value: str) -> dict[str, Any]:
    return {"propertyName": name, "operator": "EQ", "value": value}
