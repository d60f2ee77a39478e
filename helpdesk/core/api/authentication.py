"""`Authorization: Bearer <api key>`. Keys stand in the header only; a key in the query string is no credential (security T27)."""

from __future__ import annotations

from datetime import timedelta
from time import monotonic

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from helpdesk.core.models import ApiKey
from helpdesk.core.models.access import fingerprint

MOST_KNOWN = 1000  # keys that a process keeps in mind
SEEN_EVERY = timedelta(minutes=1)  # how exact "last used" is; writing it on every request would double the writes

_known: dict[str, tuple[float, ApiKey]] = {}  # by hash: when it was read, and the key


class ApiKeyAuthentication(BaseAuthentication):
    """The key itself is the request's user: what it may see is asked of it, as of any other viewer."""

    def authenticate(self, request: Request) -> tuple[ApiKey, ApiKey] | None:
        scheme, _space, secret = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer" or not secret.strip():
            return None
        key = _live(fingerprint(secret.strip()))
        if key is None:
            raise AuthenticationFailed(_("This API key is unknown, expired or revoked."))
        return key, key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def _live(key_hash: str) -> ApiKey | None:
    """The key, as read a moment ago: a telephony system sends a hundred sentences a second with the same one."""
    read_at, key = _known.get(key_hash, (0.0, None))
    if key is not None and monotonic() - read_at < settings.API_KEY_TRUSTED_SECONDS:
        return key
    key = ApiKey.objects.live().opened_by(key_hash).first()
    if key is None:
        _known.pop(key_hash, None)
        return None
    _note_use(key)
    if len(_known) >= MOST_KNOWN:
        _known.clear()
    _known[key_hash] = (monotonic(), key)
    return key


def _note_use(key: ApiKey) -> None:
    now = timezone.now()
    stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - SEEN_EVERY)
    if key.last_used_at is None or key.last_used_at < now - SEEN_EVERY:
        ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = ApiKeyAuthentication
    name = "apiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key, made under Settings, API keys, or with `manage.py api_key`.",
        }
