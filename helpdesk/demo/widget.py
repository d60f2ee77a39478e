"""The chat on the demonstration company's website and in its help centre."""

from __future__ import annotations

from assist.models import WidgetSite

from .source import demo_id

KEY = "site_fernway_demo"


def load_site() -> WidgetSite:
    """Made once: what was changed on it since stays. It is in the help centre unless another site is."""
    known = WidgetSite.objects.filter(pk=demo_id("widget", "website")).first()
    if known is not None:
        return known
    return WidgetSite.objects.create(
        pk=demo_id("widget", "website"),
        key=KEY,
        name="Fernway support",
        greeting="Hello, I am Fernway’s assistant. Ask me about orders, drivers, invoices or the API, or ask for a person.",
        in_help_centre=WidgetSite.objects.of_help_centre() is None,
    )
