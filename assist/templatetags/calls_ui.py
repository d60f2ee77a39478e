"""Filters of the call pages: `{% load calls_ui %}`."""

from __future__ import annotations

from django import template

register = template.Library()


@register.filter
def clock(seconds: float | None) -> str:
    """Seconds since the call began as "04:37", "1:02:05"."""
    whole = max(0, int(seconds or 0))
    hours, minutes = whole // 3600, whole % 3600 // 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes:02}:{whole % 60:02}"
