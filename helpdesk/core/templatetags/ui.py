"""The shared parts of every screen as template tags: `{% load ui %}`. The markup is in templates/ui/."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any
from zlib import crc32

import phonenumbers
from django import template
from django.conf import settings
from django.forms import BoundField
from django.http import HttpRequest
from django.template import Context
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, get_language_info, gettext_lazy
from django.utils.translation import gettext as _

from helpdesk.core import clock
from helpdesk.core.areas import Area, SettingsPage, areas_for, page_exists, settings_for
from helpdesk.core.words import words as scripts_words

register = template.Library()

ICON = 16  # px, the size that needs no attribute
HUES = 6  # avatar colours in console.css
BARS = 5  # bars of a confidence meter, 20 % each


# ---- page ----


@register.simple_tag
def product_name() -> str:
    """The installation's own name, shown in the rail, at sign-in and on public pages."""
    return getattr(settings, "PRODUCT_NAME", "Helpdesk")


@register.simple_tag
def words() -> SafeString:
    """The words of the scripts, as data: a template element is never run or shown."""
    return format_html('<template id="words">{}</template>', json.dumps(scripts_words()))


@register.simple_tag(takes_context=True)
def theme(context: Context) -> str:
    """`auto`, `light` or `dark`: the signed-in person's choice, else the cookie's, so nothing flashes."""
    request: HttpRequest | None = context.get("request")
    chosen = getattr(getattr(request, "user", None), "theme", "") or (request.COOKIES.get("theme", "") if request else "")
    return chosen if chosen in {"light", "dark"} else "auto"


@register.simple_tag(takes_context=True)
def settings_pages(context: Context) -> list[SettingsPage]:
    """The list beside a page of the settings."""
    return settings_for(context["request"])


@register.simple_tag(takes_context=True)
def areas(context: Context) -> list[Area]:
    """The main navigation for this reader: `{% areas as areas %}`."""
    request: HttpRequest | None = context.get("request")
    return areas_for(request) if request else []


@register.filter
def holds(area: Area, path: str) -> bool:
    """Whether the page at this path belongs to the area."""
    return area.holds(path)


@register.filter
def exists(path: str) -> bool:
    """True when some app serves this path: `{% if "/inbox/counts/"|exists %}`."""
    return page_exists(path)


# ---- small parts ----


@register.simple_tag
def icon(name: str, size: int = ICON, label: str = "") -> SafeString:
    """One symbol of static/icons.svg at 12, 14, 16 or 20 px; with a label it is an image with that name."""
    return _icon(str(name), int(size), str(label))


@lru_cache(maxsize=512)  # a list shows the same few symbols hundreds of times
def _icon(name: str, size: int, label: str) -> SafeString:
    described = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    sized = SafeString("") if size == ICON else format_html(' data-size="{}"', size)
    return format_html('<svg class="icon"{} {}><use href="{}#i-{}"/></svg>', sized, described, static("icons.svg"), name)


@register.inclusion_tag("ui/avatar.html")
def avatar(who: object, size: int = 28, presence: str = "", org: bool = False) -> dict[str, Any]:
    """Initials on a colour that stays with the person. `who` has `name` and `id`, or is a name."""
    name = str(getattr(who, "name", "") or getattr(who, "email", "") or who)
    seed = str(getattr(who, "pk", None) or name)
    return {"initials": initials(name), "hue": hue(seed), "size": size, "presence": presence, "org": org}


@register.filter
def initials(name: str) -> str:
    """First letters of the first and last word, or the first two of a single one."""
    words = re.findall(r"\w[\w'’-]*", name.split("@", maxsplit=1)[0])
    if not words:
        return "?"
    return (words[0][0] + words[-1][0] if len(words) > 1 else words[0][:2]).upper()


def hue(seed: str) -> int:
    """1 to 6, the same for the same seed in every process."""
    return crc32(seed.encode()) % HUES + 1


PRIORITIES = {"low": gettext_lazy("Low"), "normal": gettext_lazy("Normal"), "high": gettext_lazy("High"), "urgent": gettext_lazy("Urgent")}


@register.simple_tag
def prio(level: str) -> SafeString:
    """Priority as a shape with a name: three bars, or a square with an exclamation mark."""
    return _prio(str(level), get_language() or "")


@lru_cache(maxsize=64)
def _prio(level: str, language: str) -> SafeString:
    return render_to_string("ui/prio.html", {"level": level, "label": PRIORITIES.get(level, level)})


MOODS: Mapping[str, tuple[str, Any]] = {
    "angry": ("frown", gettext_lazy("Angry")),
    "tense": ("annoyed", gettext_lazy("Tense")),
    "neutral": ("meh", gettext_lazy("Neutral")),
    "happy": ("smile", gettext_lazy("Happy")),
}


@register.simple_tag
def mood(value: str, size: int = 12) -> SafeString:
    """`angry`, `tense`, `neutral` or `happy` with its face; anything else shows nothing."""
    return _mood(str(value), int(size), get_language() or "")


@lru_cache(maxsize=64)
def _mood(value: str, size: int, language: str) -> SafeString:
    picture, label = MOODS.get(value, ("", ""))
    return render_to_string("ui/mood.html", {"mood": value, "icon": picture, "label": label, "size": size})


@register.inclusion_tag("ui/ring.html")
def ring(percent: int) -> dict[str, Any]:
    """The small ring of an SLA timer; `percent` of the time is left."""
    return {"percent": percent}


@register.inclusion_tag("ui/sla.html")
def sla(
    due: datetime | None, started: datetime | None, label: str = "", met: datetime | None = None, paused: bool = False
) -> dict[str, Any]:
    """Ring and time left of one promise; nothing without a due time. timers.js keeps it true by `data-due`."""
    return _promise(due, started, label or _("Next reply"), met, paused)


@register.inclusion_tag("ui/sla_card.html")
def sla_card(
    due: datetime | None, started: datetime | None, label: str = "", met: datetime | None = None, paused: bool = False
) -> dict[str, Any]:
    """The same in the head of a ticket, with its name above; use inside a `<dl>`."""
    return _promise(due, started, label or _("Next reply"), met, paused)


def _promise(due: datetime | None, started: datetime | None, label: str, met: datetime | None, paused: bool) -> dict[str, Any]:
    if due is None or started is None:
        return {"promise": None}
    promise = clock.deadline(due, started, met=met, paused=paused)
    return {"promise": promise, "label": label, "due": clock.iso(due), "started": clock.iso(started), "exact": clock.exact(due)}


@register.inclusion_tag("ui/conf.html")
def conf(value: float) -> dict[str, Any]:
    """A confidence as five bars and a number; takes 0 to 1 or 0 to 100."""
    percent = round(value * 100) if 0 <= value <= 1 else round(value)
    return {"percent": percent, "bars": [{"x": i * 5, "off": percent < (i + 1) * 20 - 8} for i in range(BARS)]}


@register.inclusion_tag("ui/feedback.html")
def feedback(what: str) -> dict[str, Any]:
    """The three ratings; `what` names the rated thing. Buttons are named `feedback` for the form around them."""
    return {"what": what}


@register.simple_tag
def kbd(*keys: str) -> SafeString:
    """Key caps: `{% kbd "Ctrl" "K" %}`."""
    return format_html_join("", '<kbd class="kbd">{}</kbd>', ((key,) for key in keys))


@register.inclusion_tag("ui/chip.html")
def chip(text: str, tone: str = "", icon: str = "") -> dict[str, Any]:
    """A small label. Tones: bad, warn, good, accent, ai, outline."""
    return {"text": text, "tone": tone, "icon": icon}


@register.inclusion_tag("ui/callout.html")
def callout(text: str, tone: str = "", icon: str = "info", alert: bool = False) -> dict[str, Any]:
    """One remark in a tinted box; `alert` reads it out at once."""
    return {"text": text, "tone": tone, "icon": icon, "alert": alert}


@register.inclusion_tag("ui/field.html")
def field(bound: BoundField, hint: str = "") -> dict[str, Any]:
    """A form field with visible label, hint and errors beside it, joined by aria-describedby."""
    kind = getattr(bound.field.widget, "input_type", "")
    bound.help_text = hint or bound.help_text  # so that Django joins it by aria-describedby
    classes: dict[str, str | bool] = {} if kind in {"checkbox", "radio"} else {"class": "input"}
    return {"field": bound, "widget": bound.as_widget(attrs=classes), "kind": kind}


# ---- times ----


@register.simple_tag
def ago(moment: datetime | None) -> SafeString:
    """`<time>` with "6 min", "2 h" or "19 Nov"; timers.js keeps it true, the title has the exact time."""
    if moment is None:
        return SafeString("")
    return format_html(
        '<time datetime="{0}" data-since="{0}" data-day="{3}" title="{1}">{2}</time>',
        clock.iso(moment),
        clock.exact(moment),
        clock.age(moment),
        clock.day(moment),
    )


@register.simple_tag
def at(moment: datetime | None) -> SafeString:
    """`<time>` with the time of day for today, "19 Nov" before."""
    if moment is None:
        return SafeString("")
    return format_html('<time datetime="{}" title="{}">{}</time>', clock.iso(moment), clock.exact(moment), clock.time_or_day(moment))


@register.filter
def span(seconds: float | None) -> str:
    """A length of time in words: "7:42", "22 min", "1 h 10", "3 d"."""
    return "" if seconds is None else clock.span(seconds)


@register.filter
def phone(value: str) -> str:
    """+45 55 50 01 72 for +4555500172; what is no number stays as it is."""
    try:
        return phonenumbers.format_number(phonenumbers.parse(value), phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    except phonenumbers.NumberParseException:
        return value


@register.filter
def language(code: str) -> str:
    """ "Danish" for da, in the reader's language; an unknown code stays as it is."""
    try:
        return str(get_language_info(code)["name_translated"])
    except KeyError:
        return code


register.filter("age", clock.age)
register.filter("iso", clock.iso)
register.filter("exact", clock.exact)
