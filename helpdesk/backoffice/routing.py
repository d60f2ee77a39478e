"""Settings, routing: how each team's tickets are given out, to which of its members, and how much each of them holds now."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
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

from .people import supervisors_only
from .words import WordsField


class RoutingForm(forms.ModelForm[Queue]):
    skills = WordsField(label=_("Only to those who can"), help_text=_("Skills with commas between. Empty: anybody in the team."))
    takers = forms.ModelMultipleChoiceField(queryset=User.objects.none(), required=False, widget=forms.CheckboxSelectMultiple)

    class Meta:
        model = Queue
        fields = ("routing", "skills", "matches_language")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        members = self.instance.memberships.select_related("user")
        self.fields["takers"].queryset = self.instance.members.filter(is_active=True)  # type: ignore[attr-defined]
        self.fields["takers"].initial = [one.user_id for one in members if one.takes_work]

    def keep(self, *, by: User) -> Queue:
        before = routing_data(Queue.objects.get(pk=self.instance.pk))
        with transaction.atomic():
            queue = self.save()
            queue.memberships.update(takes_work=False)
            queue.memberships.filter(user__in=self.cleaned_data["takers"]).update(takes_work=True)
            record("routing.changed", subject=queue, by=by, name=queue.name, old=before, new=routing_data(queue))
        return queue


def routing_data(queue: Queue) -> dict[str, Any]:
    takers = queue.memberships.filter(takes_work=True).values_list("user__name", flat=True)
    return {"routing": queue.routing, "skills": queue.skills, "language": queue.matches_language, "members": sorted(takers)}


@supervisors_only
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Every team, and how its tickets find somebody."""
    takers = Count("memberships", filter=Q(memberships__takes_work=True, memberships__user__is_active=True), distinct=True)
    return render(request, "settings/routing.html", {"teams": Queue.objects.annotate(takers=takers)})


@supervisors_only
def team(request: HttpRequest, queue_id: str) -> HttpResponse:
    """One team: the way, the skills, and its members with what they hold."""
    queue = get_object_or_404(Queue, pk=queue_id)
    form = RoutingForm(request.POST or None, instance=queue)
    if request.method == "POST" and form.is_valid():
        messages.success(request, _t("Saved: %(name)s.") % {"name": form.keep(by=request.user)})  # type: ignore[arg-type]
        return redirect("routing")
    held = Count("user__tickets", filter=Q(user__tickets__status__in=routing.WORKING))
    members = QueueMembership.objects.filter(queue=queue, user__is_active=True).select_related("user").annotate(held=held)
    context = {"form": form, "team": queue, "members": members.order_by("user__name")}
    return render(request, "settings/routing_team.html", context, status=422 if form.errors else 200)
