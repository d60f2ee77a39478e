"""Secrets of other systems, which we must be able to use again: sealed with SECRET_KEY, so that a copy of the database alone opens nothing.

class Connection(models.Model):
    credentials = SealedJSONField()     # reads and writes a dict
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models


class SealedJSONField(models.TextField[Any, Any]):
    """A dict, stored sealed. What cannot be opened (SECRET_KEY was changed without SECRET_KEY_FALLBACKS) reads as {}."""

    def get_prep_value(self, value: Any) -> str:
        return _box().encrypt(json.dumps(value or {}).encode()).decode()

    def from_db_value(self, value: str | None, *_: Any) -> dict[str, Any]:
        return self.to_python(value)

    def to_python(self, value: Any) -> dict[str, Any]:
        if isinstance(value, dict):
            return value
        try:
            return dict(json.loads(_box().decrypt(value.encode()))) if value else {}
        except InvalidToken:
            return {}


def seal(plain: bytes) -> bytes:
    """For what must be read again as it was, once: `unseal` gives it back."""
    return _box().encrypt(plain)


def unseal(sealed: bytes) -> bytes:
    """Raises cryptography.fernet.InvalidToken when SECRET_KEY was changed since."""
    return _box().decrypt(sealed)


def _box() -> MultiFernet:
    return _box_of(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@lru_cache(maxsize=4)
def _box_of(*secrets: str) -> MultiFernet:
    return MultiFernet([Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"sealed:" + secret.encode()).digest())) for secret in secrets])
