"""`Authorization: Bearer <api key>`. Keys stand in the header only; a key in the query string is no credential (security T27)."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from helpdesk.core.models import ApiKey
from helpdesk.core.models.access import fingerprint

SEEN_EVERY = timedelta(minutes=1)  # how exact "last used" is; writing it on every request would double the writes


class ApiKeyAuthentication(BaseAuthentication):
    """The key itself is the request's user: what it may see is asked of it, as of any other viewer."""

    def authenticate(self, request: Request) -> tuple[ApiKey, ApiKey] | None:
        scheme, _space, secret = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer" or not secret.strip():
            return None
        key = ApiKey.objects.live().filter(key_hash=fingerprint(secret.strip())).first()
        if key is None:
            raise AuthenticationFailed(_("This API key is unknown, expired or revoked."))
        self._note_use(key)
        return key, key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"

    @staticmethod
    def _note_use(key: ApiKey) -> None:
        now = timezone.now()
        stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - SEEN_EVERY)
        if key.last_used_at is None or key.last_used_at < now - SEEN_EVERY:
            ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = ApiKeyAuthentication
    name = "apiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "An API key, made with `manage.py api_key`."}
