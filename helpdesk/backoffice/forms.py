"""Forms about colleagues."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from helpdesk.core.accounts.invitations import roles_given_by
from helpdesk.core.models import User
from tickets.models import Queue

from .words import WordsField


class MemberForm(forms.Form):
    """Role and teams of one person."""

    role = forms.ChoiceField(label=_("Role"))
    queues = forms.ModelMultipleChoiceField(
        label=_("Teams"), queryset=Queue.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = roles_given_by(by)  # type: ignore[attr-defined]
        self.fields["queues"].queryset = Queue.objects.all()  # type: ignore[attr-defined]


class InviteForm(MemberForm):
    email = forms.EmailField(label=_("Email"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    name = forms.CharField(label=_("Name"), max_length=150, required=False)
    field_order = ("email", "name", "role", "queues")


class WorkForm(forms.ModelForm[User]):
    """What one person can, and how much of it at once: routing gives out tickets by it."""

    skills = WordsField(label=_("Skills"), help_text=_("Words with commas between, such as refunds, api."))
    languages = WordsField(label=_("Languages"), help_text=_("Codes with commas between, such as de, fr."))

    class Meta:
        model = User
        fields = ("capacity", "skills", "languages")
        labels = {"capacity": _("Open tickets at once")}
