"""The four requests that we make of Genesys Cloud's REST interface: a token, a channel, its topics, and how a call stands.

Shapes: developer.genesys.cloud, "OAuth client credentials" and "Notifications". Every address goes through `core.http`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext as _

from helpdesk.core import http

from .base import LineDown

PAUSE = 60.0  # seconds, when we are told to come later and not when
LONG_PAUSE = 300.0  # a client that is not known will not be known in a moment


def login_of(region: str) -> str:
    return f"https://login.{region}"


def api_of(region: str) -> str:
    return f"https://api.{region}"


class Api:
    """One OAuth client. A token is asked for when there is none, and anew when it is refused."""

    def __init__(self, region: str, client_id: str, client_secret: str) -> None:
        self.region = region
        self._client = http.basic(client_id, client_secret)
        self._token = ""

    def new_channel(self) -> tuple[str, str]:
        """Its id, and the address of its socket. A client may have twenty; one more replaces the oldest that nobody listens to."""
        found = self._ask("POST", "/api/v2/notifications/channels")
        try:
            return str(found["id"]), str(found["connectUri"])
        except (KeyError, TypeError) as error:
            raise LineDown(_("Genesys Cloud opened no channel.")) from error

    def subscribe(self, channel: str, topics: Iterable[str], *, only: bool = False) -> None:
        """Add these topics; `only`: let go of all others."""
        path = f"/api/v2/notifications/channels/{quote(channel)}/subscriptions"
        self._ask("PUT" if only else "POST", path, [{"id": one} for one in topics])

    def call(self, call_id: str) -> dict[str, Any] | None:
        """A call as it stands now; None when there is none, or this client may not read it."""
        found = self._ask("GET", f"/api/v2/conversations/calls/{quote(call_id)}", without=(403, 404))
        return found if isinstance(found, dict) else None

    def _ask(self, method: str, path: str, data: Any = None, *, without: tuple[int, ...] = ()) -> Any:
        answer = self._send(method, path, data)
        if answer.status == 401:  # noqa: PLR2004 - the token ran out, or was taken back
            self._token = ""
            answer = self._send(method, path, data)
        if answer.status in without:
            return None
        _check(answer)
        return answer.json() if answer.body else None

    def _send(self, method: str, path: str, data: Any) -> http.Answer:
        self._token = self._token or self._new_token()
        return http.request(method, api_of(self.region) + path, headers={"Authorization": f"Bearer {self._token}"}, data=data)

    def _new_token(self) -> str:
        headers = {"Authorization": self._client, "Content-Type": "application/x-www-form-urlencoded"}
        answer = http.request("POST", f"{login_of(self.region)}/oauth/token", headers=headers, content=b"grant_type=client_credentials")
        if answer.status in (400, 401):
            raise LineDown(_("Genesys Cloud does not know this OAuth client, or not in this region."), wait=LONG_PAUSE)
        _check(answer)
        found = answer.json()
        token = found.get("access_token") if isinstance(found, dict) else None
        if not token or not isinstance(token, str):
            raise LineDown(_("Genesys Cloud gave no token."))
        return token


def _check(answer: http.Answer) -> None:
    """Raises LineDown for everything that is no success, with the time after which it may be asked again."""
    if answer.status < 300:  # noqa: PLR2004
        return
    if answer.status == 429:  # noqa: PLR2004
        wait = answer.wait(LONG_PAUSE)
        raise LineDown(_("Genesys Cloud wants fewer requests for a while."), wait=PAUSE if wait is None else wait)
    if answer.status in (401, 403):
        raise LineDown(_("Genesys Cloud does not let this OAuth client listen: it lacks a permission."), wait=LONG_PAUSE)
    raise LineDown(_("Genesys Cloud answered with status %(status)d.") % {"status": answer.status})
