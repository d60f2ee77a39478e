"""Forms of the console."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from helpdesk.core.models import User
from tickets.models import Macro, Queue, Ticket
from tickets.models.macro import MOST_TAGS


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


class MacroForm(forms.ModelForm):  # type: ignore[type-arg]
    """A macro, and with whom it is shared."""

    ME, ALL = "me", "all"

    shared_with = forms.ChoiceField(label=_("Who may use it"))
    tag_words = forms.CharField(label=_("Add labels"), required=False, max_length=700, help_text=_("Separated by commas"))

    class Meta:
        model = Macro
        fields = ("title", "text", "category", "language", "set_status", "set_priority", "assign", "move_to")
        labels: ClassVar = {
            "title": _("Title"),
            "text": _("Text"),
            "category": _("Meant for category"),
            "language": _("Language"),
            "set_status": _("Set status"),
            "set_priority": _("Set priority"),
            "assign": _("Assign"),
            "move_to": _("Hand to team"),
        }
        widgets: ClassVar = {
            "title": forms.TextInput(attrs={"autocomplete": "off", "dir": "auto"}),
            "text": forms.Textarea(attrs={"rows": 9, "dir": "auto"}),
            "language": forms.TextInput(attrs={"autocomplete": "off", "placeholder": "en"}),
        }

    def __init__(self, *args: Any, viewer: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["shared_with"].choices = self._circles(viewer)  # type: ignore[attr-defined]
        self.fields["shared_with"].initial = self._circle()
        self.fields["tag_words"].initial = ", ".join(self.instance.tags)
        self.fields["assign"].choices = Macro.Assign.choices  # type: ignore[attr-defined]
        for name in ("set_status", "set_priority"):
            self.fields[name].choices = [("", _("Leave it")), *self.fields[name].choices[1:]]  # type: ignore[attr-defined]
        for name, empty in (("category", _("Any")), ("move_to", _("Leave it"))):
            self.fields[name].empty_label = empty  # type: ignore[attr-defined]
        self._viewer = viewer

    def _circles(self, viewer: User) -> list[tuple[str, Any]]:
        """Agents keep macros for themselves, leads share with their teams, supervisors with everybody."""
        circles: list[tuple[str, Any]] = [(self.ME, _("Only you"))]
        if self.instance.owner_id not in (None, viewer.pk):
            circles = []
        if viewer.oversees:
            circles.append((self.ALL, _("Everybody")))
        if viewer.oversees or viewer.role == User.Role.LEAD:
            circles += [(queue.slug, str(queue)) for queue in Queue.objects.visible_to(viewer)]
        here = self._circle()
        return circles if any(value == here for value, _label in circles) else [(here, _("As it is")), *circles]

    def _circle(self) -> str:
        if self.instance.owner_id is not None:
            return self.ME
        return self.instance.queue.slug if self.instance.queue else self.ALL

    def clean_tag_words(self) -> list[str]:
        tags = [tag for tag in self.cleaned_data["tag_words"].split(",") if tag.strip()]
        if len(tags) > MOST_TAGS:
            raise forms.ValidationError(_("At most 10 labels."))
        return tags

    def macro(self) -> Macro:
        """The macro as it was entered, not yet stored."""
        found: Macro = self.instance
        circle = self.cleaned_data["shared_with"]
        found.tags = self.cleaned_data["tag_words"]
        found.owner = self._viewer if circle == self.ME else None
        found.queue = None if circle in (self.ME, self.ALL) else Queue.objects.get(slug=circle)
        return found
