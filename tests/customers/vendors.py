"""Local servers that speak three vendors' published shapes, and misbehave when told to.

with ZendeskServer() as there: CrmConnection(base_url=there.url, …); there.next(429, {"Retry-After": "7"}); there.asked
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Self
from urllib.parse import parse_qs, urlsplit


class VendorServer:
    """Knows one person, Ingrid, and keeps the cases that it is sent."""

    CREDENTIALS: ClassVar[dict[str, str]] = {}

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, str], Any]] = []  # method, path, query, body
        self.headers: list[dict[str, str]] = []
        self.faults: deque[tuple[int, dict[str, str], bytes]] = deque()
        self.drip = 0.0  # seconds between two bytes
        self.cases: dict[str, dict[str, Any]] = {}
        self.people: list[dict[str, Any]] = []
        server = self
        handler = type("Handler", (_Handler,), {"there": server})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def next(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"{}") -> None:
        """The next request gets this, whatever it asks."""
        self.faults.append((status, headers or {}, body))

    def authorised(self, headers: dict[str, str]) -> bool:
        return True

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        raise NotImplementedError


class _Handler(BaseHTTPRequestHandler):
    there: VendorServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        body = _body(raw, self.headers.get("Content-Type", ""))
        self.there.asked.append((self.command, parts.path, query, body))
        self.there.headers.append({name.lower(): value for name, value in self.headers.items()})
        if self.there.faults:
            self._say(*self.there.faults.popleft())
        elif not self.there.authorised(self.there.headers[-1]):
            self._say(401, {}, b'{"error": "unauthorised"}')
        else:
            status, found = self.there.answer(self.command, parts.path, query, body)
            self._say(status, {"Content-Type": "application/json"}, b"" if found is None else json.dumps(found).encode())

    do_POST = do_PUT = do_PATCH = do_GET

    def _say(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            for byte in (body[i : i + 1] for i in range(len(body))) if self.there.drip else (body,):
                self.wfile.write(byte)
                self.wfile.flush()
                time.sleep(self.there.drip)
        except OSError:
            self.close_connection = True  # who asked has gone

    def log_message(self, *_: object) -> None:
        """Quiet."""


def _body(raw: bytes, kind: str) -> Any:
    if "urlencoded" in kind:
        return {name: values[0] for name, values in parse_qs(raw.decode()).items()}
    return json.loads(raw) if raw else None


class ZendeskServer(VendorServer):
    CREDENTIALS: ClassVar = {"email": "ops@fernway.example", "api_token": "zd-secret"}

    def __init__(self) -> None:
        super().__init__()
        self.people = [
            {
                "id": 9001,
                "name": "Ingrid Sørensen-Dahl",
                "email": "Ingrid@nordhavn.example",
                "phone": "+45 33 12 34 56",
                "role": "end-user",
                "organization_id": 77,
                "updated_at": "2026-11-20T10:00:00Z",
                "user_fields": {"tier": "Enterprise"},
            }
        ]
        self.history = [{"id": 5, "subject": "Old trouble", "status": "solved", "priority": "high", "created_at": "2026-01-02T03:04:05Z"}]

    def authorised(self, headers: dict[str, str]) -> bool:
        return headers.get("authorization") == "Basic b3BzQGZlcm53YXkuZXhhbXBsZS90b2tlbjp6ZC1zZWNyZXQ="

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        if path == "/api/v2/users/search.json":
            wanted = re.match(r'(email|phone):"(.*)"', query["query"])
            assert wanted
            found = [one for one in self.people if str(one[wanted[1]]).lower() == wanted[2].lower()]
            return 200, {"users": found, "count": len(found)}
        if path == "/api/v2/users/9001/tickets/requested.json":
            return 200, {"tickets": self.history}
        if path == "/api/v2/incremental/users/cursor.json":
            page = int(query.get("cursor", "0"))
            return 200, {
                "users": self.people[page : page + 1],
                "after_cursor": str(page + 1),
                "end_of_stream": page + 1 >= len(self.people),
            }
        if path == "/api/v2/tickets.json" and method == "GET":
            return 200, {"tickets": [one for one in self.cases.values() if one["external_id"] == query["external_id"]]}
        return self._write(method, path.rpartition("/")[2].removesuffix(".json"), body)

    def _write(self, method: str, number: str, body: Any) -> tuple[int, Any]:
        if method == "POST" and number == "tickets":
            number = str(len(self.cases) + 1)
            self.cases[number] = {"id": int(number), **body["ticket"]}
            return 201, {"ticket": self.cases[number]}
        if method == "PUT" and number in self.cases:
            self.cases[number] |= body["ticket"]
            return 200, {"ticket": self.cases[number]}
        return 404, {"error": "RecordNotFound"}


class HubSpotServer(VendorServer):
    CREDENTIALS: ClassVar = {"token": "pat-secret"}

    def __init__(self) -> None:
        super().__init__()
        known = {
            "email": "ingrid@nordhavn.example",
            "firstname": "Ingrid",
            "lastname": "Sørensen-Dahl",
            "phone": "+45 33 12 34 56",
            "company": "Nordhavn Logistics",
            "tier": "enterprise",
            "lastmodifieddate": "2026-11-20T10:00:00Z",
        }
        self.people = [{"id": "501", "properties": known}]

    def authorised(self, headers: dict[str, str]) -> bool:
        return headers.get("authorization") == "Bearer pat-secret"

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        if path == "/crm/v3/objects/contacts/search":
            return 200, self._contacts(body)
        if path == "/crm/v3/objects/tickets/search":
            filtered = body["filterGroups"][0]["filters"][0]
            rows = list(self.cases.values())
            if filtered["propertyName"] == "subject":
                rows = [row for row in rows if filtered["value"] in row["properties"]["subject"]]
            return 200, {"total": len(rows), "results": rows}
        if path == "/crm/v3/objects/tickets" and method == "POST":
            number = str(len(self.cases) + 1)
            self.cases[number] = {"id": number, **body}
            return 201, self.cases[number]
        number = path.rpartition("/")[2]
        if method == "PATCH" and number in self.cases:
            self.cases[number]["properties"] |= body["properties"]
            return 200, self.cases[number]
        return 404, {"message": "resource not found"}

    def _contacts(self, body: Any) -> dict[str, Any]:
        condition = body["filterGroups"][0]["filters"][0]
        name, wanted = condition["propertyName"], condition.get("values") or [condition["value"]]
        if condition["operator"] == "GTE":
            rows = [one for one in self.people if one["properties"][name] >= wanted[0]]
            start = int(body.get("after", "0"))
            page = {"total": len(rows), "results": rows[start : start + 1]}
            return page | ({"paging": {"next": {"after": str(start + 1)}}} if start + 1 < len(rows) else {})
        rows = [one for one in self.people if one["properties"].get(name) in wanted]
        return {"total": len(rows), "results": rows}


class SalesforceServer(VendorServer):
    CREDENTIALS: ClassVar = {"client_id": "app", "client_secret": "sf-secret"}

    def __init__(self) -> None:
        super().__init__()
        self.tokens = 0
        self.people = [
            {
                "Id": "003A",
                "AccountId": "001A",
                "Account": {"Name": "Nordhavn Logistics", "Type": "Enterprise"},
                "FirstName": "Ingrid",
                "LastName": "Sørensen-Dahl",
                "Email": "ingrid@nordhavn.example",
                "Phone": "+45 33 12 34 56",
                "MobilePhone": None,
                "Owner": {"Name": "Priya Raman"},
                "SystemModstamp": "2026-11-20T10:00:00.000+0000",
            }
        ]

    def authorised(self, headers: dict[str, str]) -> bool:
        return self.asked[-1][1] == "/services/oauth2/token" or headers.get("authorization") == f"Bearer token-{self.tokens}"

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        if path == "/services/oauth2/token":
            if body["client_secret"] != "sf-secret":
                return 401, {"error": "invalid_client"}
            self.tokens += 1
            return 200, {"access_token": f"token-{self.tokens}", "instance_url": self.url, "token_type": "Bearer"}
        if path.endswith("/query/"):
            return 200, {"totalSize": 1, "done": True, "records": self._select(query["q"])}
        if method == "PATCH" and "/sobjects/Case/Helpdesk_Number__c/" in path:
            number = path.rpartition("/")[2]
            made = number not in self.cases
            self.cases[number] = {"Id": f"500{len(self.cases)}", **self.cases.get(number, {}), **body}
            return (201, {"id": self.cases[number]["Id"], "success": True, "created": True}) if made else (204, None)
        return 404, [{"errorCode": "NOT_FOUND"}]

    def _select(self, soql: str) -> list[dict[str, Any]]:
        if "FROM Case WHERE Helpdesk_Number__c" in soql:
            return [case for number, case in self.cases.items() if f"'{number}'" in soql]
        if "FROM Case WHERE ContactId" in soql:
            return [{"Id": "5000", "Subject": "Old trouble", "Status": "Closed", "Priority": "High", "CreatedDate": "2026-01-02T03:04:05Z"}]
        if "SystemModstamp >" in soql:
            since = re.search(r"SystemModstamp > (\S+)", soql)
            assert since
            return [one for one in self.people if one["SystemModstamp"] > since[1]]
        if "WHERE Email" in soql:
            return [one for one in self.people if f"'{one['Email']}'" in soql]
        if "WHERE Phone" in soql:
            return [one for one in self.people if f"'{one['Phone']}'" in soql]
        return self.people[-1:]
