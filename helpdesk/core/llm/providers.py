"""Whom we ask: what an administrator set up on the settings page, else what the environment says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from helpdesk.core import http
from helpdesk.core.errors import HelpdeskError, Invalid
from helpdesk.core.events import record
from helpdesk.core.models import ModelProvider, User

OFFICIAL = "api.openai.com"
DEFAULT_MODEL = "gpt-5-mini"  # when there is a key and nothing else
LEAST_SECONDS, MOST_SECONDS = 1.0, 20.0  # of one answer; nobody waits longer (security F16)
MOST_BUDGET = Decimal(1_000_000)


@dataclass(frozen=True)
class Provider:
    on: bool
    base_url: str = f"https://{OFFICIAL}/v1"
    key: str = field(default="", repr=False)
    model: str = DEFAULT_MODEL
    models: Mapping[str, str] = field(default_factory=dict)  # by task
    local: frozenset[str] = frozenset()  # tasks that the local engine does alone
    budget: Decimal = Decimal(0)  # US dollars a month; 0: none
    seconds: float = MOST_SECONDS
    hide_names: bool = True
    saved: ModelProvider | None = None  # None: from the environment

    def model_for(self, task: str) -> str:
        return str(self.models.get(task) or self.model)

    def asks(self, task: str) -> bool:
        """Whether a model does this task; else the local engine does it alone."""
        return self.on and task not in self.local

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).netloc.rpartition("@")[2]

    @property
    def circuit(self) -> str:
        return f"llm {self.host}"

    @property
    def key_end(self) -> str:
        """The last four characters of a key that is long enough not to be given away by them."""
        return self.key[-4:] if len(self.key) >= 16 else ""  # noqa: PLR2004


def current() -> Provider:
    """One query."""
    saved = ModelProvider.objects.select_related("changed_by").first()
    return from_environment() if saved is None else _of(saved)


def from_environment() -> Provider:
    return Provider(
        on=bool(settings.OPENAI_API_KEY or settings.OPENAI_BASE_URL),
        base_url=settings.OPENAI_BASE_URL or f"https://{OFFICIAL}/v1",
        key=settings.OPENAI_API_KEY,
        model=settings.LLM_MODEL or DEFAULT_MODEL,
        models=settings.LLM_MODELS,
        budget=Decimal(str(settings.LLM_MONTHLY_BUDGET)),
        seconds=min(max(settings.LLM_SECONDS, 0.1), MOST_SECONDS),
        hide_names=settings.LLM_HIDE_NAMES,
    )


def save(given: Mapping[str, Any], *, by: User | None) -> ModelProvider:
    """`on`, `base_url`, `key` ("" keeps the one there is, for the same address), `model`, `models`, `local`, `budget`, `seconds`,
    `hide_names`.

    Raises Invalid, with the field's name in `extra["field"]`.
    """
    before = current()
    base_url = _address(str(given.get("base_url") or "").strip().rstrip("/"), before)
    wanted = {
        "on": bool(given.get("on")),
        "base_url": base_url,
        "credentials": {"key": _key(str(given.get("key") or "").strip(), base_url, before)},
        "model": _named(given.get("model")) or DEFAULT_MODEL,
        "models_by_task": {task: named for task, name in dict(given.get("models") or {}).items() if (named := _named(name))},
        "local_tasks": sorted(given.get("local", before.local)),
        "monthly_budget": _number("budget", given.get("budget") or 0, Decimal(0), MOST_BUDGET),
        "seconds": float(_number("seconds", given.get("seconds", MOST_SECONDS), Decimal(LEAST_SECONDS), Decimal(MOST_SECONDS))),
        "hide_names": bool(given.get("hide_names")),
        "changed_by": by,
    }
    with transaction.atomic():
        row, _new = ModelProvider.objects.update_or_create(id=ModelProvider.ONLY, defaults=wanted)
        if before.budget != wanted["monthly_budget"]:
            old, new = {"monthly": f"{before.budget:.2f}"}, {"monthly": f"{wanted['monthly_budget']:.2f}"}
            record("budget.changed", subject=row, by=by, task="", old=old, new=new)
    return row


def keep(*, by: User, **changes: Any) -> ModelProvider:
    """Change these columns and nothing else; what only the environment said until now is written down with them."""
    before = current()
    written = (
        {}
        if before.saved
        else {
            "on": before.on,
            "base_url": before.base_url,
            "model": before.model,
            "models_by_task": dict(before.models),
            "monthly_budget": before.budget,
            "seconds": before.seconds,
            "hide_names": before.hide_names,
        }
    )
    row, _new = ModelProvider.objects.update_or_create(id=ModelProvider.ONLY, defaults=written | changes | {"changed_by": by})
    return row


def forget() -> None:
    """Back to what the environment says."""
    ModelProvider.objects.all().delete()


def _of(saved: ModelProvider) -> Provider:
    environment = from_environment()
    same = saved.base_url == environment.base_url  # the environment's key goes to the environment's address only
    return Provider(
        on=saved.on,
        base_url=saved.base_url,
        key=saved.credentials.get("key") or (environment.key if same else ""),
        model=saved.model,
        models=saved.models_by_task,
        local=frozenset(saved.local_tasks),
        budget=saved.monthly_budget,
        seconds=saved.seconds,
        hide_names=saved.hide_names,
        saved=saved,
    )


def _address(url: str, before: Provider) -> str:
    """A new one must be a public address, or in a network that OUTBOUND_ALLOW names; the environment's is trusted."""
    if not url:
        return f"https://{OFFICIAL}/v1"
    if url not in (before.base_url, from_environment().base_url):
        try:
            http.check_address(url)
        except HelpdeskError as error:
            raise Invalid(error.detail, field="base_url") from error
    return url


def _key(given: str, base_url: str, before: Provider) -> str:
    """A key is not carried to another address: whoever changes the address must know it."""
    if given:
        if len(given) > 400 or not given.isascii() or not given.isprintable():  # noqa: PLR2004
            raise Invalid(_("This is not a key."), field="key")
        return given
    return before.key if base_url == before.base_url and before.saved else ""


def _named(value: Any) -> str:
    name = str(value or "").strip()
    if len(name) > 100 or not name.isprintable():  # noqa: PLR2004
        raise Invalid(_("A model's name has at most 100 characters."), field="model")
    return name


def _number(name: str, value: Any, least: Decimal, most: Decimal) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or not least <= number <= most:
        raise Invalid(_("A number between %(least)s and %(most)s.") % {"least": least, "most": most}, field=name)
    return number
