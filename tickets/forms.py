"""Forms of the console."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from helpdesk.core.models import User
from tickets.models import Queue, Ticket


class NewTicketForm(forms.Form):
    """A request that reached an agent by phone or in the corridor, written down for the customer."""

    CHANNELS = ((Ticket.Channel.PHONE, _("Phone")), (Ticket.Channel.EMAIL, _("E-mail")), (Ticket.Channel.CHAT, _("Chat")))

    email = forms.EmailField(
        label=_("Customer's e-mail address"), required=False, max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    phone = forms.CharField(
        label=_("Phone number"), required=False, max_length=40, widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "tel"})
    )
    name = forms.CharField(
        label=_("Name"), required=False, max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "auto"})
    )
    subject = forms.CharField(label=_("Subject"), max_length=500, widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "auto"}))
    text = forms.CharField(label=_("What the customer wants"), max_length=100_000, widget=forms.Textarea(attrs={"rows": 6, "dir": "auto"}))
    channel = forms.ChoiceField(label=_("How it came in"), choices=CHANNELS, initial=Ticket.Channel.PHONE)
    queue = forms.ModelChoiceField(label=_("Team"), queryset=Queue.objects.none(), to_field_name="slug", empty_label=None)
    priority = forms.ChoiceField(label=_("Priority"), choices=[("", _("Let assist decide")), *Ticket.Priority.choices], required=False)
    mine = forms.BooleanField(label=_("Assign to me"), required=False, initial=True)

    def __init__(self, *args: Any, viewer: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        queues = Queue.objects.all()
        self.fields["queue"].queryset = queues  # type: ignore[attr-defined]
        self.fields["queue"].initial = next((q.slug for q in Queue.objects.visible_to(viewer)), None)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("email") and not data.get("phone") and not self.errors:
            self.add_error("email", _("An e-mail address or a phone number is needed to answer"))
        return data
