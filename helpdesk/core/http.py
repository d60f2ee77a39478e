"""The one client for addresses that people configure: CRM, webhooks, telephony. It goes to public addresses only, and never waits for ever.

answer = request("GET", "https://api.example.com/users", headers={...}, seconds=5)
answer.status, answer.json()

A name is resolved once and the connection goes to the address that was checked, so that a second look-up cannot lead elsewhere
(DNS rebinding). Redirects are answers like any other. The whole exchange ends after `seconds`, however slowly bytes drip.
Networks named in OUTBOUND_ALLOW (a CRM in one's own house) may be reached too, and by plain HTTP.
"""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import json
import socket
import ssl
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NoAnswer
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx2
from django.conf import settings

from .errors import Invalid, Unavailable

SECONDS = 10.0  # of wall clock, for all of it
MOST_BYTES = 2_000_000  # of an answer
PORTS = (80, 443, 8443)
RESOLVERS = 4  # look-ups at once: a name server that hangs must not collect threads
USER_AGENT = "helpdesk"

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressRefused(Invalid):
    """This address may not be reached from here."""

    code = "address-refused"


class Unreachable(Unavailable):
    """The other side did not give a whole answer in time. It may be asked again later."""

    code = "unreachable"


@dataclass(frozen=True)
class Answer:
    """What came back, whatever its status."""

    status: int
    headers: Mapping[str, str]  # looked up without regard to case
    body: bytes

    def json(self) -> Any:
        """Raises Unreachable when the body is not JSON: a proxy's page is no answer of the one we asked."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise Unreachable(f"The answer (status {self.status}) is not JSON.") from error

    def wait(self, most: float) -> float | None:
        """Seconds after which it wants to be asked again, `most` at the most; None when it names none (a date counts as none)."""
        given = self.headers.get("Retry-After", "")
        return min(float(given), most) if given.isascii() and given.isdigit() else None


def request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    params: Mapping[str, str | int] | None = None,
    content: bytes | None = None,
    data: Any = None,
    seconds: float = SECONDS,
    most_bytes: int = MOST_BYTES,
) -> Answer:
    """One exchange. `data` is sent as JSON, `content` as it is. Raises AddressRefused and Unreachable; every status is an answer."""
    target = _parsed(url)
    address = _checked_address(target, seconds)
    prepared = {"User-Agent": USER_AGENT, **(headers or {}), "Host": target.netloc.decode("ascii")}
    pinned = target.copy_with(host=str(address))
    extensions = {"sni_hostname": target.host}  # the certificate must be the name's, not the number's
    outgoing = httpx2.Request(method, pinned, params=params, headers=prepared, content=content, json=data, extensions=extensions)
    try:
        return asyncio.run(asyncio.wait_for(_send(outgoing, most_bytes), seconds))
    except TimeoutError as error:
        raise Unreachable(f"{target.host} did not answer within {seconds:g} s.") from error
    except (httpx2.HTTPError, httpx2.InvalidURL, ssl.SSLError, OSError) as error:
        raise Unreachable(f"{target.host} cannot be reached ({type(error).__name__}).") from error


def connect(url: str, *, seconds: float = SECONDS) -> tuple[socket.socket, ssl.SSLContext | None]:
    """An open connection to the address behind a `wss` (or `ws`) URL, for a client that keeps it: the socket, and what to encrypt with.

    The name is resolved and checked like that of `request`. Raises AddressRefused and Unreachable.
    """
    target = _parsed("http" + url.removeprefix("ws") if url.startswith(("ws:", "wss:")) else url)
    address = _checked_address(target, seconds)
    secure = target.scheme == "https"
    try:
        opened = socket.create_connection((str(address), target.port or (443 if secure else 80)), timeout=seconds)
    except OSError as error:
        raise Unreachable(f"{target.host} cannot be reached ({type(error).__name__}).") from error
    return opened, _certificates() if secure else None


def basic(name: str, secret: str) -> str:
    """The `Authorization` of a name and its secret (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


def check_address(url: str) -> None:
    """Raises AddressRefused for what `request` would refuse, Unreachable for a name that nobody knows. For forms."""
    _checked_address(_parsed(url), SECONDS)


def _parsed(url: str) -> httpx2.URL:
    try:
        target = httpx2.URL(url)
    except (httpx2.InvalidURL, ValueError, TypeError) as error:
        raise AddressRefused("This is not a web address.") from error
    if target.scheme not in ("http", "https") or not target.host or target.userinfo:
        raise AddressRefused("Only web addresses without a name and password in them may be reached.")
    return target


def _checked_address(target: httpx2.URL, seconds: float) -> Address:
    """The one address that we connect to. All that a name resolves to must be allowed: a mixture is a trap."""
    port = target.port or (443 if target.scheme == "https" else 80)
    found = _resolve(target.host, port, seconds)
    inside = [any(address in network for network in _allowed_networks()) for address in found]
    if all(inside):
        return found[0]
    if not all(_is_public(address) for address in found) or port not in PORTS:
        raise AddressRefused("This address may not be reached from here.")
    if target.scheme != "https":
        raise AddressRefused("Only HTTPS leaves this network.")
    return found[0]


def _resolve(host: str, port: int, seconds: float) -> list[Address]:
    try:
        rows = _resolvers().submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM).result(timeout=seconds)
    except (OSError, UnicodeError, NoAnswer) as error:
        raise Unreachable(f"The name {host} is not known.") from error
    return [_unmapped(ipaddress.ip_address(str(row[4][0]).partition("%")[0])) for row in rows]


def _unmapped(address: Address) -> Address:
    """::ffff:127.0.0.1 is 127.0.0.1."""
    return getattr(address, "ipv4_mapped", None) or address


def _is_public(address: Address) -> bool:
    return address.is_global and not address.is_multicast


def _allowed_networks() -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    return [ipaddress.ip_network(network) for network in settings.OUTBOUND_ALLOW]


@cache
def _resolvers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=RESOLVERS, thread_name_prefix="resolver")


@cache
def _certificates() -> ssl.SSLContext:
    return httpx2.create_ssl_context(trust_env=False)


async def _send(outgoing: httpx2.Request, most_bytes: int) -> Answer:
    """Without time-outs of its own: the caller's wall clock ends it."""
    async with httpx2.AsyncClient(verify=_certificates(), trust_env=False, follow_redirects=False, timeout=None) as client:
        answer = await client.send(outgoing, stream=True)
        body = bytearray()
        async for part in answer.aiter_bytes():
            body += part
            if len(body) > most_bytes:
                raise Unreachable(f"The answer is larger than {most_bytes // 1000} kB.")
        return Answer(answer.status_code, answer.headers, bytes(body))
