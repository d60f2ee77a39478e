"""The form of one telephony system: what all have in common, and what its provider asks for."""

from __future__ import annotations

import ipaddress
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assist.acd.base import Field, Provider
from assist.models import AcdConnection
from tickets.models import Queue

LONGEST, MOST_LINES = 4000, 200  # characters and lines of a list


class ConnectionForm(forms.ModelForm[AcdConnection]):
    public_url = forms.URLField(
        label=gettext_lazy("Our address, as the provider sees it"),
        help_text=gettext_lazy("Only if it is not the address of this site: a tunnel, for example. It is part of what is signed."),
        required=False,
        max_length=300,
        assume_scheme="https",
    )

    class Meta:
        model = AcdConnection
        fields = ("name", "queue", "is_active")
        help_texts = {"queue": gettext_lazy("For calls whose own team we do not know.")}

    def __init__(self, *args: Any, provider: Provider, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.provider = provider
        self.fields["queue"].queryset = Queue.objects.all()  # type: ignore[attr-defined]
        self.fields["queue"].empty_label = _("The default team")  # type: ignore[attr-defined]
        self.fields["public_url"].initial = self.instance.settings.get("public_url", "")
        if not provider.signed:
            del self.fields["public_url"]
        for one in provider.fields:
            self.fields[one.name] = self._asked(one)

    def own(self) -> list[forms.BoundField]:
        """The fields of the provider, in its order."""
        return [self[name] for name in ([one.name for one in self.provider.fields] + ["public_url"]) if name in self.fields]

    def clean_addresses(self) -> list[str]:
        lines: list[str] = self.cleaned_data["addresses"]
        for line in lines:
            try:
                ipaddress.ip_network(line, strict=False)
            except ValueError as wrong:
                raise forms.ValidationError(_("“%(line)s” is no IP address or network.") % {"line": line}) from wrong
        return lines

    def clean_public_url(self) -> str:
        url = str(self.cleaned_data["public_url"]).rstrip("/")
        if url and not url.startswith("https://") and not settings.ON_LOOPBACK:
            raise forms.ValidationError(_("Start with https://: everything else can be read on the way."))
        return url

    def save(self, commit: bool = True) -> AcdConnection:
        """Settings into the settings, secrets under seal; a secret that was left empty stays as it is."""
        row, secret = self.instance, [one.name for one in self.provider.fields if one.secret]
        row.keep_secrets(**{name: self.cleaned_data[name] for name in secret})
        names = [one.name for one in self.provider.fields if not one.secret] + ["public_url"]
        row.settings = {**row.settings, **{name: self.cleaned_data[name] for name in names if name in self.cleaned_data}}
        return super().save(commit)

    def _asked(self, one: Field) -> forms.Field:
        value = self.instance.settings.get(one.name, "")
        if one.secret:
            return self._secret(one)
        if one.choices:
            return forms.ChoiceField(label=str(one.label), help_text=str(one.help), choices=one.choices, required=False, initial=value)
        if one.many:
            shown = "\n".join(map(str, value)) if isinstance(value, list) else ""
            return Lines(label=str(one.label), help_text=str(one.help), required=False, initial=shown)
        return forms.CharField(label=str(one.label), help_text=str(one.help), required=one.required, initial=value, max_length=255)

    def _secret(self, one: Field) -> forms.Field:
        kept = bool(self.instance.secrets.get(one.name))
        state = _("Stored encrypted, shown never. Leave it empty to keep it.") if kept else str(one.help)
        widget = forms.PasswordInput(attrs={"autocomplete": "off"})
        return forms.CharField(label=str(one.label), help_text=state, widget=widget, required=one.required and not kept, max_length=255)


class Lines(forms.CharField):
    """A list, one entry a line."""

    widget = forms.Textarea(attrs={"rows": 3})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=LONGEST, **kwargs)

    def clean(self, value: Any) -> Any:
        lines = [line.strip() for line in str(super().clean(value)).splitlines() if line.strip()]
        if len(lines) > MOST_LINES:
            raise forms.ValidationError(_("At most %(most)d lines.") % {"most": MOST_LINES})
        return lines
