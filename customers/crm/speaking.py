"""One exchange with a vendor's REST API: the guarded client, their status codes turned into our three errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from helpdesk.core import http

from .base import CrmRefused, CrmUnavailable

SECONDS = 8.0
BUSY, LAST_FINE, FIRST_BROKEN = 429, 299, 500
LONGEST_WAIT = 3600.0  # seconds; a longer Retry-After is asked again after an hour


def ask(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    params: Mapping[str, str | int] | None = None,
    data: Any = None,
    content: bytes | None = None,
) -> http.Answer:
    """The answer, when it is a good one or 404. Raises CrmUnavailable (away, busy, broken) and CrmRefused (our fault)."""
    try:
        answer = http.request(method, url, headers=headers, params=params, data=data, content=content, seconds=SECONDS)
    except http.Unreachable as error:
        raise CrmUnavailable(error.detail) from error
    except http.AddressRefused as error:
        raise CrmRefused(error.detail) from error
    complain(answer)
    return answer


def said(answer: http.Answer) -> Any:
    """The JSON of an answer. A sign-in page or a proxy's apology is no answer: CrmUnavailable."""
    try:
        return answer.json()
    except http.Unreachable as error:
        raise CrmUnavailable(error.detail) from error


def complain(answer: http.Answer) -> None:
    """Raise what a status means."""
    if answer.status == BUSY:
        raise CrmUnavailable("It asks us to come back later.", wait=answer.wait(LONGEST_WAIT))
    if answer.status >= FIRST_BROKEN:
        raise CrmUnavailable(f"It answered with status {answer.status}.", wait=answer.wait(LONGEST_WAIT))
    if answer.status in (401, 403):
        raise CrmRefused("It does not accept the credentials.")
    if answer.status > LAST_FINE and answer.status not in (404, 409):
        raise CrmRefused(f"It refused what we asked (status {answer.status}): {_why(answer)}")


def _why(answer: http.Answer) -> str:
    return answer.body[:200].decode("utf-8", "replace")
