"""Rules as one JSON file, to keep and to bring elsewhere: teams go by slug, categories too, colleagues by their address, calendars and
webhooks by their name."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from helpdesk.core.errors import Invalid
from helpdesk.core.models import User, Webhook
from knowledge.models import Category
from tickets.models import BusinessHours, Queue, Rule

from . import keeping

VERSION = 1
LARGEST = 1_000_000  # bytes
KEPT = ("name", "trigger", "kinds", "every_minutes", "conditions", "actions", "stops", "zone")
REFERRING = ("queue", "assignee", "category", "business_hours", "webhook")


def export(rules: Iterable[Rule]) -> dict[str, Any]:
    """Without ids, and without who may write to customers: that is decided where the rules are used."""
    return {"version": VERSION, "rules": named([{key: getattr(rule, key) for key in KEPT} for rule in rules])}


def named(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of rules with names in place of ids."""
    names = {field: {str(pk): name for pk, name in known} for field, known in _names().items()}
    return [_translated(row, _by(names)) for row in rows]


def identified(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of a file with the ids that the names have here."""
    ids = {field: {name: str(pk) for pk, name in known} for field, known in _names().items()}
    return [_translated(row, _by(ids)) for row in rows]


def load(text: bytes, *, by: User) -> list[Rule]:
    """Add the rules of a file, all switched off. Raises Invalid, and adds none, when one of them makes no sense here."""
    if len(text) > LARGEST:
        raise Invalid(_("The file is larger than 1 MB."))
    try:
        rows = json.loads(text)["rules"]
        wanted = [{key: row[key] for key in KEPT if key in row} for row in rows]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Invalid(_("This is not a file of rules.")) from error
    with transaction.atomic():
        return [_made(row, by) for row in wanted]


def _made(row: dict[str, Any], by: User) -> Rule:
    shapes = {
        "name": str,
        "trigger": str,
        "kinds": list,
        "every_minutes": int,
        "conditions": dict,
        "actions": list,
        "stops": bool,
        "zone": str,
    }
    if any(not isinstance(value, shapes[key]) for key, value in row.items()):
        raise Invalid(_("This is not a file of rules."))
    rule = Rule(**identified([row])[0])
    rule.name, rule.zone, rule.kinds = rule.name[:120], rule.zone[:64], [str(kind)[:60] for kind in rule.kinds]
    try:
        return keeping.save(rule, by=by)
    except Invalid as wrong:
        raise Invalid(f"{rule.name}: {wrong.detail}") from wrong


def _translated(row: dict[str, Any], name_of: Callable[[str, Any], Any]) -> dict[str, Any]:
    """With every reference put through `name_of`."""
    done = dict(row)
    if isinstance(row.get("conditions"), dict):
        done["conditions"] = {
            group: [_swapped(one, "field", name_of) for one in rows] if isinstance(rows, list) else rows
            for group, rows in row["conditions"].items()
        }
    if isinstance(row.get("actions"), list):
        done["actions"] = [_swapped(one, "do", name_of) for one in row["actions"]]
    return done


def _swapped(one: Any, key: str, name_of: Callable[[str, Any], Any]) -> Any:
    if not isinstance(one, dict):
        return one
    field = "assignee" if one.get(key) == "notify" else one.get(key)
    return {**one, "value": name_of(field, one.get("value"))} if field in REFERRING else one


def _by(names: dict[str, dict[str, str]]) -> Callable[[str, Any], Any]:
    return lambda field, value: names[field].get(str(value), value)


def _names() -> dict[str, list[tuple[Any, str]]]:
    return {
        "queue": list(Queue.objects.values_list("pk", "slug")),
        "assignee": list(User.objects.values_list("pk", "email")),
        "category": list(Category.objects.values_list("pk", "slug")),
        "business_hours": list(BusinessHours.objects.values_list("pk", "name")),
        "webhook": list(Webhook.objects.values_list("pk", "name")),
    }
