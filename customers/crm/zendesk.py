"""Zendesk Support: users, tickets, comments. Fields and cursors as its REST reference names them (API v2)."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import quote

from helpdesk.core import http

from .base import HISTORY, PAGE, Case, Changes, CrmRefused, Field, Person, RemoteCase, spellings, taken, text
from .speaking import ask, said

FIELDS = (
    Field("email", "E-mail of the agent who owns the token", secret=False),
    Field("api_token", "API token", help="Admin Center, Apps and integrations, Zendesk API"),
)
STATUSES = {"new": "open", "open": "open", "pending": "pending", "on_hold": "hold", "resolved": "solved", "closed": "solved"}
MISSING = 404


class Zendesk:
    def __init__(self, base_url: str, credentials: dict[str, Any]) -> None:
        self._base = base_url.rstrip("/")
        self._headers = {"Authorization": http.basic(f"{credentials.get('email', '')}/token", credentials.get("api_token", ""))}

    def find(self, *, email: str, phone: str) -> Person | None:
        asked = [f'email:"{email}"'] if email else []
        for words in asked + [f'phone:"{spelling}"' for spelling in spellings(phone)]:
            if users := self._get("/api/v2/users/search.json", "users", query=words):
                return self._person(users[0])
        return None

    def history(self, person: Person) -> list[RemoteCase]:
        path = f"/api/v2/users/{quote(person.remote_id)}/tickets/requested.json"
        rows = self._get(path, "tickets", sort_by="created_at", sort_order="desc", per_page=HISTORY)
        return [self._case(row) for row in rows]

    def save_case(self, case: Case, *, remote_id: str = "") -> str:
        remote_id = remote_id or self._known(case.number)
        if remote_id:
            return self._write("PUT", f"/api/v2/tickets/{quote(remote_id)}.json", self._ticket(case, comment=case.comment), key="")
        return self._write("POST", "/api/v2/tickets.json", self._ticket(case, comment=case.description), key=f"helpdesk-{case.number}")

    def changes(self, cursor: str) -> Changes:
        where: dict[str, str | int] = {"cursor": cursor} if cursor else {"start_time": int(time.time()) - 60}
        answer = ask("GET", f"{self._base}/api/v2/incremental/users/cursor.json", headers=self._headers, params={**where, "per_page": PAGE})
        body = said(answer)
        people = [self._person(row) for row in taken(body, "users")]
        return Changes(people, text(body, "after_cursor", 500) or cursor, more=not taken(body, "end_of_stream"))

    def _known(self, number: str) -> str:
        rows = self._get("/api/v2/tickets.json", "tickets", external_id=number)
        return str(taken(rows[0], "id")) if rows else ""

    def _ticket(self, case: Case, *, comment: str) -> dict[str, Any]:
        ticket: dict[str, Any] = {
            "subject": case.subject,
            "external_id": case.number,
            "status": STATUSES[case.status],
            "priority": case.priority,
            "tags": ["helpdesk", case.channel] if case.channel else ["helpdesk"],
        }
        if comment:
            ticket["comment"] = {"body": comment, "public": False}
        if case.person.get("remote_id"):
            ticket["requester_id"] = int(case.person["remote_id"]) if case.person["remote_id"].isdigit() else case.person["remote_id"]
        elif case.person.get("email"):
            ticket["requester"] = {"name": case.person.get("name") or case.person["email"], "email": case.person["email"]}
        return {"ticket": ticket}

    def _write(self, method: str, path: str, data: dict[str, Any], *, key: str) -> str:
        headers = {**self._headers, "Content-Type": "application/json", **({"Idempotency-Key": key} if key else {})}
        answer = ask(method, self._base + path, headers=headers, content=json.dumps(data).encode())
        if answer.status == MISSING:
            raise CrmRefused("The ticket is gone there.")
        return str(taken(said(answer), "ticket", "id"))

    def _get(self, path: str, name: str, **params: str | int) -> list[dict[str, Any]]:
        answer = ask("GET", self._base + path, headers=self._headers, params=params)
        return [] if answer.status == MISSING else list(taken(said(answer), name))

    def _person(self, row: dict[str, Any]) -> Person:
        fields = row.get("user_fields") or {}
        return Person(
            remote_id=str(taken(row, "id")),
            name=text(row, "name"),
            email=text(row, "email").lower(),
            phone=text(row, "phone", 40),
            company=text(row.get("organization") or {}, "name"),
            tier=text(fields, "tier", 40) or text(fields, "plan", 40),
            url=f"{self._base}/agent/users/{taken(row, 'id')}",
            changed_at=text(row, "updated_at", 40),
        )

    def _case(self, row: dict[str, Any]) -> RemoteCase:
        return RemoteCase(
            remote_id=str(taken(row, "id")),
            subject=text(row, "subject"),
            status=text(row, "status", 40),
            created_at=text(row, "created_at", 40),
            url=f"{self._base}/agent/tickets/{taken(row, 'id')}",
            priority=text(row, "priority", 40),
        )
