"""Other systems' secrets that we must be able to read again (a signature to check, a token to fetch): encrypted at rest.

The key comes from SECRET_KEY; after it was changed, SECRET_KEY_FALLBACKS still open what was sealed before. What we only
compare (our own keys and tokens) is kept as a hash instead: core.models.access.
"""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class Unreadable(Exception):
    """Sealed with a key that is no longer known."""


def seal(text: str) -> str:
    return _keys().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """Raises Unreadable when no known key opens it."""
    try:
        return _keys().decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise Unreadable("This secret was sealed with a SECRET_KEY that is no longer known: enter it again.") from error


def _keys() -> MultiFernet:
    return MultiFernet([Fernet(_key_of(secret)) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _key_of(secret: str) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(b"sealing:" + secret.encode()).digest())
