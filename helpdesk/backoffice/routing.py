"""Settings, routing: how each team's tickets are given out, to which of its members, and how much each of them holds now."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from helpdesk.core.events import record
from helpdesk.core.models import User
from tickets import routing
from tickets.models import Queue, QueueMembership

from .forms import right_field
from .words import WordsField

OUT = "out"  # the choice by which a member leaves the team


class RoutingForm(forms.ModelForm[Queue]):
    """How tickets are given out; for those who oversee also who sees them, who is in the team and what each may do (`right-<id>`)."""

    skills = WordsField(label=_("Only to those who can"), help_text=_("Skills with commas between. Empty: anybody in the team."))
    joins = forms.ModelChoiceField(label=_("Add a colleague"), queryset=User.objects.none(), required=False, empty_label=_("Nobody"))
    takers = forms.ModelMultipleChoiceField(queryset=User.objects.none(), required=False, widget=forms.CheckboxSelectMultiple)

    class Meta:
        model = Queue
        fields = ("access", "routing", "skills", "matches_language")

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by
        self.fields["access"].required = False
        outside = User.objects.filter(is_active=True).exclude(queues=self.instance)
        self.fields["joins"].queryset = outside.order_by("name")  # type: ignore[attr-defined]
        if not by.oversees:
            del self.fields["access"], self.fields["joins"]
        members = self.instance.memberships.select_related("user")
        self.fields["takers"].queryset = self.instance.members.filter(is_active=True)  # type: ignore[attr-defined]
        self.fields["takers"].initial = [one.user_id for one in members if one.takes_work]
        self.rights = {one.user_id: f"right-{one.user_id}" for one in members} if by.oversees else {}
        for one in members if self.rights else ():
            label = _t("What %(name)s may do") % {"name": one.user.name}
            self.fields[self.rights[one.user_id]] = right_field(one.right, label, (OUT, _("Leaves the team")))

    def clean_access(self) -> str:
        """Left out, it stays as it is."""
        return self.cleaned_data["access"] or Queue.objects.get(pk=self.instance.pk).access

    def keep(self, *, by: User) -> Queue:
        before = routing_data(Queue.objects.get(pk=self.instance.pk))
        with transaction.atomic():
            queue = self.save()
            queue.memberships.update(takes_work=False)
            queue.memberships.filter(user__in=self.cleaned_data["takers"]).update(takes_work=True)
            self._set_members(queue)
            record("routing.changed", subject=queue, by=by, name=queue.name, old=before, new=routing_data(queue))
        return queue

    def _set_members(self, queue: Queue) -> None:
        for user_id, name in self.rights.items():
            right, member = self.cleaned_data.get(name), queue.memberships.filter(user=user_id)
            if right == OUT:
                member.delete()
            elif right:
                member.exclude(right=right).update(right=right)
        if joins := self.cleaned_data.get("joins"):
            queue.memberships.get_or_create(user=joins)


def routing_data(queue: Queue) -> dict[str, Any]:
    members = list(queue.memberships.values_list("user__name", "right", "takes_work"))
    routing_ = {"routing": queue.routing, "skills": queue.skills, "language": queue.matches_language}
    rights = {name: right for name, right, _takes in sorted(members)}
    return routing_ | {"access": queue.access, "members": sorted(name for name, _right, takes in members if takes), "rights": rights}


@login_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Every team that the reader manages, and how its tickets find somebody. Those who oversee manage all."""
    teams = Queue.objects.managed_by(_me(request))
    if not _me(request).oversees and not teams.exists():
        raise PermissionDenied
    takers = Count("memberships", filter=Q(memberships__takes_work=True, memberships__user__is_active=True), distinct=True)
    return render(request, "settings/routing.html", {"teams": teams.annotate(takers=takers)})


@login_required
def team(request: HttpRequest, queue_id: str) -> HttpResponse:
    """One team: who sees it, the way, the skills, and its members with what they may do and what they hold."""
    queue = get_object_or_404(Queue.objects.managed_by(_me(request)), pk=queue_id)
    form = RoutingForm(request.POST or None, instance=queue, by=_me(request))
    if request.method == "POST" and form.is_valid():
        messages.success(request, _t("Saved: %(name)s.") % {"name": form.keep(by=_me(request))})
        return redirect("routing")
    held = Count("user__tickets", filter=Q(user__tickets__status__in=routing.WORKING))
    members = QueueMembership.objects.filter(queue=queue, user__is_active=True).select_related("user").annotate(held=held)
    rows = [(one, form[form.rights[one.user_id]] if form.rights else None) for one in members.order_by("user__name")]
    context = {"form": form, "team": queue, "members": rows}
    return render(request, "settings/routing_team.html", context, status=422 if form.errors else 200)


def _me(request: HttpRequest) -> User:
    return request.user  # type: ignore[return-value]
