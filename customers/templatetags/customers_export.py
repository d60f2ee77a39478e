"""For the export's page: what kind of plain value something is."""

from __future__ import annotations

from typing import Any

from django import template

register = template.Library()


@register.filter
def kind(value: Any) -> str:
    return "dict" if isinstance(value, dict) else "list" if isinstance(value, list) else "text"
