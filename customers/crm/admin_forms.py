"""Setting up a connection: its credentials are written, and never shown again."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from customers.models import CrmConnection
from helpdesk.core import http
from helpdesk.core.errors import HelpdeskError

from . import fields_of

ALL_FIELDS = {field.name: field for vendor in CrmConnection.Vendor.values for field in fields_of(vendor)}


class ConnectionForm(forms.ModelForm[CrmConnection]):
    """One field for each credential of any vendor; those of the chosen vendor are asked for. Empty leaves what is stored."""

    email = forms.CharField(required=False)
    api_token = forms.CharField(required=False, widget=forms.PasswordInput)
    token = forms.CharField(required=False, widget=forms.PasswordInput)
    client_id = forms.CharField(required=False)
    client_secret = forms.CharField(required=False, widget=forms.PasswordInput)

    class Meta:
        model = CrmConnection
        fields = ("name", "vendor", "base_url", "is_active", "writes_cases")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in ALL_FIELDS.items():
            self.fields[name].label, self.fields[name].help_text = field.label, field.help
            if not field.secret:
                self.fields[name].initial = self.instance.credentials.get(name, "")

    def clean_base_url(self) -> str:
        url = str(self.cleaned_data["base_url"]).rstrip("/")
        try:
            http.check_address(url)
        except HelpdeskError as refused:
            raise ValidationError(refused.detail) from refused
        return url

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        for field in fields_of(self.cleaned_data["vendor"]) if self.cleaned_data.get("vendor") else ():
            if not self.cleaned_data.get(field.name) and not self.instance.credentials.get(field.name):
                self.add_error(field.name, _("This vendor needs it."))
        return cleaned

    def save(self, commit: bool = True) -> CrmConnection:
        wanted = [field.name for field in fields_of(self.cleaned_data["vendor"])]
        stored = {name: value for name, value in self.instance.credentials.items() if name in wanted}
        entered = {name: self.cleaned_data[name] for name in wanted if self.cleaned_data.get(name)}
        if entered or "vendor" in self.changed_data:
            self.instance.paused_until, self.instance.failures = None, 0  # mended: asked again at once
        self.instance.credentials = {**stored, **entered}
        return super().save(commit)
