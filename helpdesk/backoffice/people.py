"""Settings, people and roles: who works here, invitations on their way, and taking access away."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from helpdesk.core.accounts import invitations, people
from helpdesk.core.errors import HelpdeskError
from helpdesk.core.models import OneTimeToken, User
from tickets.models import QueueMembership

from .forms import InviteForm, MemberForm, WorkForm

View = Callable[..., HttpResponse]


def supervisors_only(view: View) -> View:
    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.oversees:  # type: ignore[union-attr]
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


@supervisors_only
def index(request: HttpRequest) -> HttpResponse:
    """Everyone who works here, who was invited, and the form to invite one more."""
    form = InviteForm(request.POST or None, by=_me(request), initial={"role": User.Role.AGENT})
    if request.method == "POST" and form.is_valid() and _invited(request, form):
        return redirect("people")
    pending = invitations.waiting()
    context = {
        "form": form,
        "unsent": request.session.pop("invitation_link", None),
        "colleagues": User.objects.exclude(pk__in=pending).prefetch_related("memberships__queue").order_by("-is_active", "name"),
        "pending": [(user, _latest_link(user)) for user in pending.prefetch_related("memberships__queue")],
    }
    return render(request, "settings/people.html", context, status=400 if form.errors else 200)


@supervisors_only
def person(request: HttpRequest, user_id: str) -> HttpResponse:
    """One colleague: role, teams, what they may do in each, and how much work they take."""
    user = get_object_or_404(User, pk=user_id)
    form = MemberForm(request.POST or None, by=_me(request), of=user, initial={"role": user.role})
    work = WorkForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid() and work.is_valid() and _changed(request, user, form, work):
        return redirect("people")
    wrong = bool(form.errors or work.errors)
    return render(request, "settings/person.html", {"person": user, "form": form, "work": work}, status=400 if wrong else 200)


def _verb(act: Callable[..., None], done: str) -> View:
    @require_POST
    @supervisors_only
    def view(request: HttpRequest, user_id: str) -> HttpResponse:
        user = get_object_or_404(User, pk=user_id)
        try:
            act(user, by=_me(request))
        except HelpdeskError as refused:
            messages.warning(request, refused.detail)
        else:
            messages.success(request, _(done) % {"name": user})
        return redirect("people")

    return view


@require_POST
@supervisors_only
def resend(request: HttpRequest, user_id: str) -> HttpResponse:
    """A new link for someone who has not joined; the old one no longer works."""
    try:
        _hand_over(request, invitations.renew(get_object_or_404(User, pk=user_id), by=_me(request)))
    except HelpdeskError as refused:
        messages.warning(request, refused.detail)
    return redirect("people")


revoke = _verb(invitations.revoke, "The invitation of %(name)s is taken back.")
deactivate = _verb(people.deactivate, "%(name)s can no longer sign in.")
reset_second_step = _verb(people.reset_second_step, "%(name)s signs in with the password alone, and sets up the second step anew.")
reactivate = _verb(people.reactivate, "%(name)s can sign in again.")


def _invited(request: HttpRequest, form: InviteForm) -> bool:
    data = form.cleaned_data
    try:
        with transaction.atomic():
            invitation = invitations.invite(email=data["email"], name=data["name"], role=data["role"], by=_me(request))
            QueueMembership.objects.place(invitation.user, form.rights)
    except HelpdeskError as refused:
        form.add_error("email", refused.detail)
        return False
    _hand_over(request, invitation)
    return True


def _hand_over(request: HttpRequest, invitation: invitations.Invitation) -> None:
    """By mail; when no mail server takes it, the admin sees the link once and passes it on."""
    if invitations.deliver(invitation):
        messages.success(request, _("An invitation is on its way to %(email)s.") % {"email": invitation.user.email})
    else:
        request.session["invitation_link"] = {"email": invitation.user.email, "link": invitation.link}


def _changed(request: HttpRequest, user: User, form: MemberForm, work: WorkForm) -> bool:
    try:
        with transaction.atomic():
            people.set_role(user, form.cleaned_data["role"], by=_me(request))
            QueueMembership.objects.place(user, form.rights)
            user.save(update_fields=work.fields)
    except HelpdeskError as refused:
        form.add_error("role", refused.detail)
        return False
    messages.success(request, _("Saved: %(name)s.") % {"name": user})
    return True


def _latest_link(user: User) -> OneTimeToken | None:
    return OneTimeToken.objects.filter(user=user, revoked_at__isnull=True, used_at__isnull=True).order_by("-created_at").first()


def _me(request: HttpRequest) -> User:
    return request.user  # type: ignore[return-value]
