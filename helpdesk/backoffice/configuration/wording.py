"""What is kept in ways of its own: prompts have versions, the model's provider keeps its key, what lives by a secret gets one that nobody
knows, and the addresses of other systems are checked."""

from __future__ import annotations

import ipaddress
from typing import Any

from django.db.models import Model

from assist.acd.registry import provider_of
from assist.models import AcdConnection
from customers.models import CrmConnection
from helpdesk.core.errors import Invalid
from helpdesk.core.kinds import KINDS
from helpdesk.core.llm import prompts, providers
from helpdesk.core.models import User, Webhook
from helpdesk.core.models.access import SCOPES
from helpdesk.partners.webhooks import managing
from knowledge.models import StatusHook

from .exporting import model_rows


def write_prompts(rows: list[dict[str, Any]], by: User | None, remove: bool) -> None:
    """A wording that differs becomes a new version. None is removed: the history of prompts is kept."""
    for row in rows:
        prompt, text = prompts.find(_text(row["name"])), _text(row["text"]).strip()
        current = prompt.current()
        if current.text != text:
            prompt.save(text, note="configuration file", after=current.number, by=by)


def write_model(rows: list[dict[str, Any]], by: User | None, remove: bool) -> None:
    """One row or none. The key that is here stays, as long as the address does."""
    if len(rows) > 1:
        raise Invalid("at most one row")
    if not rows:
        if remove:
            providers.forget()
        return
    here = model_rows()
    row = {**(here[0] if here else {}), **rows[0]}
    if (
        not isinstance(row["models"], dict)
        or not _are_texts(row.get("local", []))
        or not all(isinstance(row[name], bool) for name in ("on", "hide_names"))
    ):
        raise Invalid("a value of another kind is expected")
    if [row] != here:
        providers.save(row, by=by)


def lock(one: Model) -> None:
    """A new row's own secret, which nobody knows yet: another is shown on its page. What a vendor gives out is entered there."""
    if isinstance(one, Webhook):
        one.new_secret()
    elif isinstance(one, StatusHook):
        one.renew()
    elif isinstance(one, AcdConnection):
        one.new_key()


def moved(one: Model, changed: list[str]) -> None:
    """Credentials go to the address for which they were entered, and to no other that a file names."""
    if isinstance(one, CrmConnection) and {"vendor", "base_url"} & set(changed):
        one.credentials = {}


def check(one: Model) -> None:
    """Raises Invalid for an address that is never reached from here, and for what a form would not have offered."""
    if isinstance(one, Webhook):
        managing.check_url(one.url)
        if unknown := sorted({*one.kinds} - set(KINDS)) or sorted({*one.scopes} - {*SCOPES, "none"}):
            raise Invalid(f"there is no “{unknown[0][:60]}”")
    elif isinstance(one, CrmConnection):
        managing.check_url(one.base_url)
    elif isinstance(one, AcdConnection):
        _check_settings(one)


def _check_settings(one: AcdConnection) -> None:
    """Only what the provider's form asks for and is no secret, as the form would have kept it."""
    asked = {field.name: field for field in provider_of(one.provider).fields if not field.secret}
    given = one.settings if isinstance(one.settings, dict) else {"settings": one.settings}
    if unknown := sorted(set(given) - {*asked, "public_url"}):
        raise Invalid(f"settings: there is no “{unknown[0][:60]}”")
    for name, value in given.items():
        many = name in asked and asked[name].many
        if not (_are_texts(value) if many else isinstance(value, str)):
            raise Invalid(f"settings.{name}: a value of another kind is expected")
        if name in asked and asked[name].choices and value not in dict(asked[name].choices):
            raise Invalid(f"settings.{name}: there is no “{value[:60]}”")
    for line in given.get("addresses", ()):
        try:
            ipaddress.ip_network(line, strict=False)
        except ValueError as wrong:
            raise Invalid(f"settings.addresses: “{line[:60]}” is no IP address or network") from wrong


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Invalid("a text is expected")
    return value
