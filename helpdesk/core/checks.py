"""What refuses to start: debug mode or an open host list in public, a borrowed secret, parts with known holes.

Run by `manage.py check` and by every start (`manage.py up`, the container's entry point).
"""

from __future__ import annotations

from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.checks import Tags as CheckTags

from .llm import ledger
from .llm.providers import from_environment

# Below these, a published hole is open (security.md T31, T37, T52).
FLOORS = {"django": (5, 2, 19), "daphne": (4, 2, 3)}
SHORTEST_SECRET = 40


@register(CheckTags.security)
def safe_in_public(app_configs: Any, **_kwargs: Any) -> list[CheckMessage]:
    """Off loopback: no debug mode, no wildcard host, HTTPS, a secret of one's own."""
    if settings.ON_LOOPBACK:
        return []
    found: list[CheckMessage] = []
    if settings.DEBUG:
        found.append(Error("DEBUG is on and SITE_URL is public.", hint="Unset DEBUG.", id="helpdesk.E001"))
    if "*" in settings.ALLOWED_HOSTS:
        found.append(Error("ALLOWED_HOSTS lets every host in.", hint="Name your hosts.", id="helpdesk.E002"))
    if not settings.SITE_URL.startswith("https://"):
        found.append(Error("SITE_URL is public but not HTTPS.", hint="Put TLS in front and set SITE_URL=https://…", id="helpdesk.E003"))
    if len(settings.SECRET_KEY) < SHORTEST_SECRET:
        found.append(Error("SECRET_KEY is too short.", hint="Unset it: a good one is made and kept in DATA_DIR.", id="helpdesk.E004"))
    return found


@register(CheckTags.security)
def no_known_holes(app_configs: Any, **_kwargs: Any) -> list[CheckMessage]:
    """Installed parts are not older than their last security fix that concerns us."""
    old = {name: version(name) for name, floor in FLOORS.items() if _numbers(version(name)) < floor}
    hint = "Install requirements.txt as it is."
    return [Error(f"{name} {have} has known holes.", hint=hint, id="helpdesk.E005") for name, have in old.items()]


@register(CheckTags.security)
def replies_can_leave(app_configs: Any, **_kwargs: Any) -> list[CheckMessage]:
    """In public, a helpdesk without a way out for mail is a mistake worth saying."""
    if settings.ON_LOOPBACK or settings.EMAIL_URL:
        return []
    return [Warning("EMAIL_URL is not set: replies wait until it is.", id="helpdesk.W001")]


@register(CheckTags.security)
def telemetry_is_installed(app_configs: Any, **_kwargs: Any) -> list[CheckMessage]:
    """Who names a collector expects spans there."""
    if not settings.OTEL_ON or find_spec("opentelemetry") is not None:
        return []
    hint = "Install requirements-telemetry.txt, or unset it."
    return [Warning("OTEL_EXPORTER_OTLP_ENDPOINT is set, and OpenTelemetry is not installed.", hint=hint, id="helpdesk.W003")]


@register(CheckTags.security)
def prices_are_prices(app_configs: Any, **_kwargs: Any) -> list[CheckMessage]:
    """LLM_PRICES can be read: a budget that counts nothing would be no budget."""
    try:
        known = ledger.prices()
    except ValueError as error:
        return [Error(str(error), hint='Write "model=in/out", in dollars for a million tokens, with commas between.', id="helpdesk.E006")]
    provider = from_environment()
    if provider.budget > 0 and provider.model not in known:
        return [
            Warning(f"LLM_MONTHLY_BUDGET is set, but LLM_PRICES does not name {provider.model}: it counts as free.", id="helpdesk.W002")
        ]
    return []


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:3] if part.isdigit())
