"""`X-Twilio-Signature`: base64 of HMAC-SHA1 with the account's auth token over the address and, for forms, the sorted fields.

A JSON body is covered by `bodySHA256` in the query of the signed address. Twilio signs the address with or without its
port, depending on the product; both are tried. Published vectors: tests/assist/acd/test_twilio.py.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from urllib.parse import parse_qs, urlsplit, urlunsplit

from .base import Incoming

HEADER = "x-twilio-signature"
PORTS = {"https": 443, "http": 80}


def is_valid(incoming: Incoming, token: str) -> bool:
    """Whether the holder of the auth token sent exactly this to one of our addresses."""
    given = incoming.headers.get(HEADER, "")
    if not token or not given or (_has_body_hash(incoming) and not _body_hash_fits(incoming)):
        return False
    if incoming.is_json and not _has_body_hash(incoming):
        return False  # nothing would cover the body
    pairs = [] if incoming.is_json else incoming.pairs
    candidates = (signature(url, pairs, token) for one in incoming.urls for url in with_and_without_port(one))
    return any([hmac.compare_digest(candidate.encode(), given.encode("utf-8", "replace")) for candidate in candidates])


def signature(url: str, pairs: Iterable[tuple[str, str]], token: str) -> str:
    """The signature that the header must carry; of a repeated field each value counts once."""
    signed = url + "".join(name + value for name, value in sorted(set(pairs)))
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


def with_and_without_port(url: str) -> tuple[str, str]:
    """The address as it is, and with its scheme's port added or the port left out."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    bare = host[: -len(f":{parts.port}")] if parts.port else host
    other = bare if parts.port else f"{host}:{PORTS.get(parts.scheme, 443)}"
    return url, urlunsplit(parts._replace(netloc=parts.netloc.removesuffix(host) + other))


def body_hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _has_body_hash(incoming: Incoming) -> bool:
    return any("bodySHA256" in parse_qs(urlsplit(url).query) for url in incoming.urls)


def _body_hash_fits(incoming: Incoming) -> bool:
    given = parse_qs(urlsplit(incoming.urls[0]).query).get("bodySHA256", [""])[0]
    return hmac.compare_digest(given.encode(), body_hash(incoming.body).encode())
