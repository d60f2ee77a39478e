"""The providers that there are. A new one is one file and one line here (docs/adding-a-telephony-provider.md)."""

from __future__ import annotations

from .avaya import Avaya
from .base import Provider
from .genesys import Genesys
from .pbx import Pbx
from .twilio import Twilio

PROVIDERS: dict[str, Provider] = {provider.slug: provider for provider in (Twilio(), Genesys(), Avaya(), Pbx())}


def provider_of(slug: str) -> Provider:
    """Raises KeyError for a provider that there is not."""
    return PROVIDERS[slug]
