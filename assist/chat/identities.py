"""What a website signs about one of its users: a compact JWT, HS256 with the site's secret. Only this one way is taken.

Claims: `user_id` (or `sub`), `exp`; optional `email`, `name`, `iat`, `aud` (the site's public key) and `jti`. With a `jti` it works once.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone

from assist.models import SpentIdentity, WidgetSite
from helpdesk.core.errors import HelpdeskError

LONGEST = 4096  # characters of a signed identity
SKEW = timedelta(minutes=5)  # by which the site's clock and ours may differ
LONGEST_LIFE = timedelta(hours=24)  # a proof that never ends is a password in a page
ANONYMOUS = "visitor-"  # how we name visitors whom nobody vouches for; no site may sign such a name


class IdentityRefused(HelpdeskError):
    """This proof of identity opens nothing. The visitor stays anonymous, or asks the site for a fresh one."""

    code = "identity_refused"
    status = 401


@dataclass(frozen=True)
class Identity:
    user_id: str
    email: str
    name: str


def verify(site: WidgetSite, token: str) -> Identity:
    """Who the site says this is. Raises IdentityRefused, whose words name the reason for whoever sets the site up."""
    claims = _claims(site, token)
    now = timezone.now()
    ends = _moment(claims, "exp")
    if ends is None or ends > now + LONGEST_LIFE + SKEW:
        raise IdentityRefused("The identity needs an “exp” of at most 24 hours from now.")
    if ends < now - SKEW:
        raise IdentityRefused("The identity has expired.")
    if any((moment := _moment(claims, name)) is not None and moment > now + SKEW for name in ("iat", "nbf")):
        raise IdentityRefused("The identity is of the future: compare the clocks.")
    if claims.get("aud", site.key) != site.key:
        raise IdentityRefused("The identity was made for another site.")
    identity = _identity(claims)
    number = claims.get("jti")
    if number is not None and not SpentIdentity.spend(site, str(number)[:500], until=ends):
        raise IdentityRefused("The identity was used before.")
    return identity


def sign(secret: str, **claims: Any) -> str:
    """What a site's own server does: for the demonstration, and for tests."""
    head = _packed({"alg": "HS256", "typ": "JWT"}) + "." + _packed(claims)
    return f"{head}.{_encoded(_signature(secret, head))}"


def _claims(site: WidgetSite, token: str) -> dict[str, Any]:
    parts = token.split(".") if len(token) <= LONGEST and token.isascii() else []
    if len(parts) != 3 or not site.identity_secret:  # noqa: PLR2004 - head, claims, signature
        raise IdentityRefused("This is no signed identity, or the site has no secret.")
    try:
        head, claims, given = json.loads(_decoded(parts[0])), parts[1], _decoded(parts[2])
        if not isinstance(head, dict) or head.get("alg") != "HS256" or "crit" in head:  # never what the token itself would like
            raise IdentityRefused("Identities are signed with HS256.")
        if not hmac.compare_digest(given, _signature(site.identity_secret, f"{parts[0]}.{claims}")):
            raise IdentityRefused("The signature does not fit the site’s secret.")
        said = json.loads(_decoded(claims))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise IdentityRefused("This is no signed identity.") from error
    if not isinstance(said, dict):
        raise IdentityRefused("This is no signed identity.")
    return said


def _identity(claims: dict[str, Any]) -> Identity:
    given = claims.get("user_id", claims.get("sub"))
    user_id = str(given).strip() if isinstance(given, str | int) and not isinstance(given, bool) else ""
    email, name = (str(claims.get(key) or "").strip() for key in ("email", "name"))
    if not user_id or len(user_id) > 150 or not user_id.isprintable() or user_id.lower().startswith(ANONYMOUS):  # noqa: PLR2004
        raise IdentityRefused("The identity needs a “user_id” of 1 to 150 characters.")
    try:
        if email:
            validate_email(email)
    except ValidationError as error:
        raise IdentityRefused("The “email” is no e-mail address.") from error
    return Identity(user_id, email, "".join(letter for letter in name if letter.isprintable())[:200])


def _moment(claims: dict[str, Any], name: str) -> datetime | None:
    value = claims.get(name)
    if value is None:
        return None
    try:
        return datetime.fromtimestamp(int(value), tz=UTC)
    except (TypeError, ValueError, OverflowError, OSError) as error:
        raise IdentityRefused(f"“{name}” is a number of seconds.") from error


def _signature(secret: str, signed: str) -> bytes:
    return hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()


def _packed(value: dict[str, Any]) -> str:
    return _encoded(json.dumps(value).encode())


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _decoded(value: str) -> bytes:
    return base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True)
