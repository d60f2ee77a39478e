"""The providers that there are. A new one is one file and one line here (docs/adding-a-telephony-provider.md)."""

from __future__ import annotations

from collections.abc import Callable

from . import genesys_channel
from .avaya import Avaya
from .base import Account, Line, Provider
from .genesys import Genesys
from .pbx import Pbx
from .twilio import Twilio

PROVIDERS: dict[str, Provider] = {provider.slug: provider for provider in (Twilio(), Genesys(), Avaya(), Pbx())}

# Providers that we may listen to; None for an account that is set up for webhooks alone.
LINES: dict[str, Callable[[Account], Line | None]] = {"genesys": genesys_channel.line_of}


def has_line(slug: str, account: Account) -> bool:
    """Whether this account is set up to be listened to."""
    return slug in LINES and LINES[slug](account) is not None


def provider_of(slug: str) -> Provider:
    """Raises KeyError for a provider that there is not."""
    return PROVIDERS[slug]
