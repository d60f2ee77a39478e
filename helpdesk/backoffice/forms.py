"""Forms about colleagues."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from helpdesk.core.accounts.invitations import roles_given_by
from helpdesk.core.models import User
from tickets.models import Queue, QueueMembership

from .words import WordsField


def right_field(right: str, label: str, *more: tuple[str, Any]) -> forms.ChoiceField:
    """What a member may do in a team, to choose from; left out, it stays `right`. `more`: choices behind the rights."""
    box = forms.Select(attrs={"class": "input", "aria-label": label})
    return forms.ChoiceField(choices=[*QueueMembership.Right.choices, *more], initial=right, required=False, widget=box)


class MemberForm(forms.Form):
    """Role and teams of one person, with what they may do in each (`right-<queue>`)."""

    role = forms.ChoiceField(label=_("Role"))
    queues = forms.ModelMultipleChoiceField(
        label=_("Teams"), queryset=Queue.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, by: User, of: User | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = roles_given_by(by)  # type: ignore[attr-defined]
        self.all_teams = list(Queue.objects.all())
        self.had = dict(of.memberships.values_list("queue", "right")) if of else {}
        self.fields["queues"].queryset = Queue.objects.all()  # type: ignore[attr-defined]
        self.fields["queues"].initial = list(self.had)
        for team in self.all_teams:
            label = _t("May do in %(team)s") % {"team": team.name}
            self.fields[f"right-{team.pk}"] = right_field(self.had.get(team.pk, QueueMembership.Right.ANSWER), label)

    def teams(self) -> Iterator[tuple[Queue, bool, Any]]:
        """Each team, whether it is ticked, and the choice of what the person may do there."""
        ticked = {str(value) for value in self["queues"].value() or ()}
        for team in self.all_teams:
            yield team, str(team.pk) in ticked, self[f"right-{team.pk}"]

    @property
    def rights(self) -> dict[UUID, str]:
        """By queue, for those that are ticked."""
        chosen = {team.pk: self.cleaned_data.get(f"right-{team.pk}") for team in self.cleaned_data["queues"]}
        return {queue: right or self.had.get(queue, QueueMembership.Right.ANSWER) for queue, right in chosen.items()}


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
