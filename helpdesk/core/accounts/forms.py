"""Forms for getting in and for one's own settings."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from allauth.account.adapter import get_adapter
from allauth.account.forms import LoginForm, ResetPasswordForm
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from helpdesk.core.models import User

PASSWORD_MOST = 256  # characters; a longer one only costs hashing time


class SignInForm(LoginForm):
    """allauth's form with a cap on the password. A wrong pair gets one message, whoever it belongs to."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"] = forms.CharField(max_length=PASSWORD_MOST, strip=False, widget=forms.PasswordInput)

    def user_credentials(self) -> dict[str, Any]:
        """Adds `login`, the name under which django-axes counts failures."""
        credentials = super().user_credentials()
        return {**credentials, "login": str(self.cleaned_data["login"]).lower()}


class ResetForm(ResetPasswordForm):
    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """Send the mail, or quietly nothing once this address or visitor asked too often: the page says the same."""
        email = str(self.cleaned_data["email"])
        if get_adapter(request).may_ask_for_reset(request, email):
            super().save(request, **kwargs)
        return email


class JoinForm(forms.Form):
    """Name and password of an invited colleague."""

    name = forms.CharField(label=_("Your name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password = forms.CharField(label=_("Password"), max_length=PASSWORD_MOST, strip=False, widget=forms.PasswordInput)

    def __init__(self, *args: Any, user: User | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if password := cleaned.get("password"):
            person = self.user or User(email=cleaned.get("email", ""), name=cleaned.get("name", ""))
            try:
                validate_password(password, person)
            except forms.ValidationError as weak:
                self.add_error("password", weak)
        return cleaned


class FirstAdminForm(JoinForm):
    """The very first person also says who they are."""

    email = forms.EmailField(label=_("Email"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "username"}))


class ProfileForm(forms.ModelForm[User]):
    time_zone = forms.ChoiceField(label=_("Time zone"))

    class Meta:
        model = User
        fields = ("name", "time_zone", "theme", "availability", "single_key_shortcuts", "signature")
        labels = {"name": _("Name"), "theme": _("Theme"), "availability": _("Availability"), "signature": _("Signature")}
        widgets = {"signature": forms.Textarea(attrs={"rows": 3, "maxlength": 2000}), "theme": forms.RadioSelect}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["time_zone"].choices = [(name, name.replace("_", " ")) for name in sorted(available_timezones())]  # type: ignore[attr-defined]
        self.fields["signature"].help_text = _("Stands under your replies by email.")

    def clean_signature(self) -> str:
        return str(self.cleaned_data["signature"])[:2000]
