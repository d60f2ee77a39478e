"""Writing the file. The same configuration always gives the same bytes, whatever ids its rows have."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Field, ForeignKey, ManyToManyField, Model

from helpdesk.core.llm import prompts, providers
from tickets.models import Rule
from tickets.rules import porting

from . import trying
from .shape import EXPERIMENTS, FORMAT, MODEL, NAMED_BY, PROMPTS, SECRETS, SECTIONS, TO_BE_ENTERED, VERSION, Section

Row = dict[str, Any]


def as_text() -> str:
    return json.dumps(export(), indent=2, ensure_ascii=False) + "\n"


def export() -> dict[str, Any]:
    sections = {section.name: rows_of(section) for section in SECTIONS}
    sections |= {PROMPTS: prompt_rows(), MODEL: model_rows(), EXPERIMENTS: sorted(trying.experiment_rows(), key=canonical)}
    return {"format": FORMAT, "version": VERSION, "sections": sections}


def rows_of(section: Section) -> list[Row]:
    """The section's rows as they stand in the file, in an order that no id decides."""
    found = section.rows().select_related(*_pointing(section)).prefetch_related(*_many(section))
    children = {name: children_of(section, name) for name in section.children}
    rows = []
    for one in found:
        row = {name: said(one, name) for name in (*section.key, *section.fields)}
        row |= {SECRETS: TO_BE_ENTERED} if section.locked else {}
        rows.append(row | {name: children[name].get(one.pk, []) for name in section.children})
    if section.model is Rule:
        rows = porting.named(rows)
    return sorted(rows, key=lambda row: order(section, row))


def children_of(section: Section, name: str) -> dict[Any, list[Row]]:
    """By parent: the rows that belong to it."""
    kind = section.children[name]
    found: dict[Any, list[Row]] = {}
    pointing = [one for one in kind.fields if isinstance(field_of(kind.model, one), ForeignKey)]
    for child in kind.model._default_manager.select_related(*pointing):
        found.setdefault(getattr(child, f"{kind.parent}_id"), []).append({one: said(child, one) for one in kind.fields})
    return {parent: sorted(rows, key=canonical) for parent, rows in found.items()}


def said(row: Model, name: str) -> Any:
    """One value as it stands in the file: a row that is pointed to goes by its name."""
    field = field_of(type(row), name)
    if isinstance(field, ManyToManyField):
        target = NAMED_BY[field.related_model]  # type: ignore[index]
        return sorted(getattr(one, target) for one in getattr(row, name).all())
    value = getattr(row, name)
    if isinstance(value, Model):
        return getattr(value, NAMED_BY[type(value)])
    if isinstance(value, Decimal):
        return as_plain(value)
    return value.isoformat() if isinstance(value, date) else value


def as_plain(value: Decimal) -> str:
    """An amount without zeros that say nothing: the database keeps two places, people write none."""
    return f"{value.normalize():f}"


def prompt_rows() -> list[Row]:
    """Only those that somebody worded anew."""
    return [{"name": prompt.name, "text": wording.text} for prompt, wording in prompts.in_use() if wording.number]


def model_rows() -> list[Row]:
    """What an administrator set up on the page, without its key; what the environment says is not configuration of this kind."""
    saved = providers.current().saved
    if saved is None:
        return []
    return [
        {
            "on": saved.on,
            "base_url": saved.base_url,
            "model": saved.model,
            "models": saved.models_by_task,
            "local": saved.local_tasks,
            "budget": as_plain(saved.monthly_budget),
            "seconds": saved.seconds,
            "hide_names": saved.hide_names,
            SECRETS: TO_BE_ENTERED,
        }
    ]


def order(section: Section, row: Row) -> tuple[str, str]:
    return canonical([row.get(name) for name in section.key]), canonical(row)


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def field_of(model: type[Model], name: str) -> Field[Any, Any]:
    return model._meta.get_field(name)  # type: ignore[return-value]


def _pointing(section: Section) -> list[str]:
    return [name for name in (*section.key, *section.fields) if isinstance(field_of(section.model, name), ForeignKey)]


def _many(section: Section) -> list[str]:
    return [name for name in section.fields if isinstance(field_of(section.model, name), ManyToManyField)]
