"""The form of one website that carries the chat."""

from __future__ import annotations

import re
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assist.models import WidgetSite
from assist.widget import hours
from tickets.models import Queue

from .telephony_forms import Lines

LOCAL = ("localhost", "127.0.0.1", "[::1]")
HOST = re.compile(r"(?P<scheme>https?)://(?P<host>[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|\[::1\])(?::(?P<port>\d{1,5}))?")
HIGHEST_PORT = 65_535


class SiteForm(forms.ModelForm[WidgetSite]):
    origins = Lines(
        label=gettext_lazy("Addresses of the website"),
        help_text=gettext_lazy("One a line, like https://www.example.com. Only these may show the chat."),
        required=False,
    )
    languages = forms.CharField(
        label=gettext_lazy("Languages"),
        help_text=gettext_lazy("Codes, like en, de, ar. Empty: what the reader’s browser asks for."),
        required=False,
        max_length=200,
    )

    class Meta:
        model = WidgetSite
        fields = (
            "name",
            "origins",
            "greeting",
            "colour",
            "queue",
            "languages",
            "calendar",
            "hours",
            "time_zone",
            "offline_text",
            "asks_first",
            "in_help_centre",
            "is_active",
        )
        widgets = {"colour": forms.TextInput(attrs={"type": "color"}), "hours": forms.Textarea(attrs={"rows": 3})}
        help_texts = {
            "name": gettext_lazy("Visitors read it at the top of the chat."),
            "greeting": gettext_lazy("The assistant’s first words."),
            "colour": gettext_lazy("Of the button and of what visitors write. Words on it turn dark or white, whichever can be read."),
            "queue": gettext_lazy("Who answers when a person is asked for."),
            "calendar": gettext_lazy("When people are there, holidays included: the hours by which promises to customers are counted."),
            "hours": gettext_lazy(
                "Without business hours: when people are there, like Mon-Fri 09:00-17:30, one a line. Empty: always."
                " The assistant is there at any time."
            ),
            "offline_text": gettext_lazy("Said outside these hours to who asks for a person."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["queue"].queryset = Queue.objects.all()  # type: ignore[attr-defined]
        self.fields["calendar"].empty_label = _("The hours below")  # type: ignore[attr-defined]
        self.fields["queue"].empty_label = _("By what the visitor wants")  # type: ignore[attr-defined]
        self.initial["origins"] = "\n".join(self.instance.origins)
        self.initial["languages"] = ", ".join(self.instance.languages)

    def clean_origins(self) -> list[str]:
        return list(dict.fromkeys(_origin(line) for line in self.cleaned_data["origins"]))

    def clean_languages(self) -> list[str]:
        given = [code.strip().lower() for code in self.cleaned_data["languages"].replace(";", ",").split(",") if code.strip()]
        known = {code for code, _name in settings.LANGUAGES}
        if unknown := [code for code in given if code not in known]:
            raise forms.ValidationError(_("“%(code)s” is no code of a language."), params={"code": unknown[0]})
        return list(dict.fromkeys(given))

    def clean_hours(self) -> str:
        text = str(self.cleaned_data["hours"]).strip()
        try:
            hours.read(text)
        except ValueError as wrong:
            raise forms.ValidationError(_("“%(line)s” cannot be read. Write Mon-Fri 09:00-17:30."), params={"line": str(wrong)}) from wrong
        return text

    def clean_time_zone(self) -> str:
        zone = str(self.cleaned_data["time_zone"]).strip()
        if zone not in available_timezones():
            raise forms.ValidationError(_("“%(zone)s” is no time zone. Write Europe/Amsterdam."), params={"zone": zone})
        return zone

    def clean_in_help_centre(self) -> bool:
        wanted = bool(self.cleaned_data["in_help_centre"])
        if wanted and (other := WidgetSite.objects.filter(in_help_centre=True).exclude(pk=self.instance.pk).first()):
            raise forms.ValidationError(
                _("The help centre has the chat of %(name)s. Take it out there first."), params={"name": other.name}
            )
        return wanted


def _origin(line: str) -> str:
    """Scheme, host and port, as a browser names them. Raises ValidationError for what is no address of a website."""
    try:
        scheme, _slashes, rest = line.strip().rstrip("/").lower().partition("://")
        found = HOST.fullmatch(f"{scheme}://{rest.encode('idna').decode()}")
    except UnicodeError:
        found = None
    if found is None or int(found["port"] or 1) > HIGHEST_PORT:
        raise forms.ValidationError(_("Write “%(line)s” as https://host, without a path."), params={"line": line})
    if found["scheme"] == "http" and found["host"] not in LOCAL:
        raise forms.ValidationError(_("Start with https://: everything else can be read on the way."))
    usual = (found["scheme"], found["port"]) in (("https", "443"), ("http", "80"))
    return f"{found['scheme']}://{found['host']}{'' if usual or not found['port'] else ':' + found['port']}"
