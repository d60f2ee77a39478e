"""What is kept in ways of its own: prompts have versions, the model's provider keeps its key, the addresses of webhooks are checked."""

from __future__ import annotations

from typing import Any

from helpdesk.core.errors import Invalid
from helpdesk.core.kinds import KINDS
from helpdesk.core.llm import prompts, providers
from helpdesk.core.models import User, Webhook
from helpdesk.core.models.access import SCOPES
from helpdesk.partners.webhooks import managing

from .exporting import model_rows


def write_prompts(rows: list[dict[str, Any]], by: User | None) -> None:
    """A wording that differs becomes a new version. None is removed: the history of prompts is kept."""
    for row in rows:
        prompt, text = prompts.find(_text(row["name"])), _text(row["text"]).strip()
        current = prompt.current()
        if current.text != text:
            prompt.save(text, note="configuration file", after=current.number, by=by)


def write_model(rows: list[dict[str, Any]], by: User | None, *, remove: bool) -> None:
    """One row or none. The key that is here stays, as long as the address does."""
    if len(rows) > 1:
        raise Invalid("at most one row")
    if not rows:
        if remove:
            providers.forget()
        return
    row = rows[0]
    if not isinstance(row["models"], dict) or not all(isinstance(row[name], bool) for name in ("on", "hide_names")):
        raise Invalid("a value of another kind is expected")
    if [row] != model_rows():
        providers.save(row, by=by)


def check_webhook(webhook: Webhook) -> None:
    """Raises Invalid for an address that is never reached from here, and for events and scopes that there are none of."""
    managing.check_url(webhook.url)
    if unknown := sorted({*webhook.kinds} - set(KINDS)) or sorted({*webhook.scopes} - {*SCOPES, "none"}):
        raise Invalid(f"there is no “{unknown[0][:60]}”")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Invalid("a text is expected")
    return value
