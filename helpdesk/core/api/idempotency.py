"""`Idempotency-Key` on every POST of the API: same key and body within 24 h, same answer; another body, 422.

The claim is a row in PostgreSQL, so two parallel posts of one key do one piece of work, whichever process they reach.
Should a process die between its work and the answer, the claim is taken over after a minute; endpoints that create
something also hand the key to intake, which knows what it has received.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from helpdesk.core.models import IdempotencyRecord
from helpdesk.core.sealed import seal, unseal

from .problems import plain

HEADER = "Idempotency-Key"
LONGEST_KEY = 255
KEPT = timedelta(hours=24)
SEALED = b"sealed:"  # what an answer begins with that shows a secret once (`holds_secret`)
ABANDONED_AFTER = timedelta(seconds=60)  # longer than a request may run
NOT_KEPT = (401, 403, 404, 408, 425, 429)  # the caller will mend these and try again with the same key


class IdempotencyMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        key = request.headers.get(HEADER)
        if key is None or request.method != "POST" or not request.path.startswith("/api/"):
            return self.get_response(request)
        if not 0 < len(key) <= LONGEST_KEY or not key.isprintable():
            return plain(request, 400, _("Idempotency-Key must be 1 to 255 printable characters."), code="invalid-idempotency-key")
        return self._once(request, key)

    def _once(self, request: HttpRequest, key: str) -> HttpResponse:
        scope, digest = scope_of(request), digest_of(request)
        record = _claim(scope, key, digest)
        if record is None:
            return _replay(request, IdempotencyRecord.objects.filter(scope=scope, key=key).first(), digest)
        try:
            response = self.get_response(request)
        except BaseException:
            record.delete()
            raise
        _keep(record, response)
        return response


def scope_of(request: HttpRequest) -> str:
    """Whose keys these are: one credential's keys never meet another's."""
    credential = request.headers.get("Authorization") or request.session.session_key or "nobody"
    return hashlib.sha256(credential.encode()).hexdigest()


def digest_of(request: HttpRequest) -> str:
    """What was asked: place, content type and body."""
    return hashlib.sha256(f"{request.path.rstrip('/')}\0{request.content_type}\0".encode() + request.body).hexdigest()


def _claim(scope: str, key: str, digest: str) -> IdempotencyRecord | None:
    now = timezone.now()
    outdated = IdempotencyRecord.objects.filter(scope=scope, key=key)
    outdated.filter(created_at__lt=now - KEPT).delete()
    outdated.filter(status__isnull=True, created_at__lt=now - ABANDONED_AFTER).delete()
    try:
        with transaction.atomic():
            return IdempotencyRecord.objects.create(scope=scope, key=key, request_hash=digest)
    except IntegrityError:
        return None


def _replay(request: HttpRequest, record: IdempotencyRecord | None, digest: str) -> HttpResponse:
    """The first answer again. No record: the first request gave its key back this moment, so the caller may try again."""
    if record is not None and record.request_hash != digest:
        return plain(request, 422, _("This Idempotency-Key was used with another request."), code="idempotency-key-reused")
    if record is None or record.status is None:
        response: HttpResponse = plain(
            request, 409, _("The first request with this Idempotency-Key is still running."), code="still-running"
        )
        response["Retry-After"] = "1"
        return response
    body = bytes(record.body)
    body = unseal(body.removeprefix(SEALED)) if body.startswith(SEALED) else body
    response = HttpResponse(body, status=record.status, content_type=record.content_type)
    response["Idempotent-Replayed"] = "true"
    return response


def _keep(record: IdempotencyRecord, response: HttpResponse) -> None:
    if response.status_code >= 500 or response.status_code in NOT_KEPT or response.streaming:  # noqa: PLR2004 - HTTP's classes
        record.delete()
        return
    body = SEALED + seal(response.content) if getattr(response, "holds_secret", False) else response.content
    record.status, record.body, record.content_type = response.status_code, body, response.get("Content-Type", "")
    record.save(update_fields=["status", "body", "content_type"])
