"""Joining by a link, and one's own profile."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required, login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from helpdesk.core.errors import Conflict
from helpdesk.core.models import OneTimeToken, User

from . import availability as availability_of
from . import invitations
from .forms import FirstAdminForm, JoinForm, ProfileForm

BACKEND = "django.contrib.auth.backends.ModelBackend"
YEAR = 31536000  # seconds


@method_decorator((login_not_required, never_cache, sensitive_post_parameters("password")), name="dispatch")
class JoinView(View):
    """One link, one account: shows who is invited, takes name and password, signs in with a fresh session."""

    purpose = OneTimeToken.Purpose.INVITE
    form_class: type[JoinForm] = JoinForm

    def get(self, request: HttpRequest, secret: str) -> HttpResponse:
        token = OneTimeToken.find(self.purpose, secret)
        if token is None or not self.is_open():
            return render(request, "account/invitation_gone.html", status=404)
        return self._show(request, token, self.form_class(user=token.user, initial={"name": token.user.name if token.user else ""}))

    def post(self, request: HttpRequest, secret: str) -> HttpResponse:
        token = OneTimeToken.find(self.purpose, secret)
        if token is None or not self.is_open():
            return render(request, "account/invitation_gone.html", status=404)
        form = self.form_class(request.POST, user=token.user)
        if form.is_valid():
            try:
                user = invitations.accept(token, **form.cleaned_data)
            except Conflict as taken:
                form.add_error(None, taken.detail)
            else:
                login(request, user, backend=BACKEND)
                UserSession.objects.create_from_request(request)
                return redirect("/inbox/")
        return self._show(request, token, form, status=400)

    def is_open(self) -> bool:
        return True

    def _show(self, request: HttpRequest, token: OneTimeToken, form: JoinForm, status: int = 200) -> HttpResponse:
        inviter = token.created_by.name if token.created_by else ""
        return render(request, "account/invitation.html", {"form": form, "email": token.email, "inviter": inviter}, status=status)


class SetupView(JoinView):
    """The link that `manage.py setup` prints; shut for good once there is an admin."""

    purpose = OneTimeToken.Purpose.SETUP
    form_class = FirstAdminForm

    def is_open(self) -> bool:
        return not invitations.has_admin()


@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """One's own name, time zone, theme, keys and signature."""
    user: User = request.user  # type: ignore[assignment]
    form = ProfileForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        state = user.availability
        user.refresh_from_db(fields=["availability"])  # set below, so that it is told
        form.save()
        availability_of.choose(user, state, by=user)
        messages.success(request, _("Your profile is saved."))
        return with_theme(redirect("profile"), user.theme)
    if form.errors:
        user.refresh_from_db()  # the rail shows what is stored, not what was refused
    return render(request, "account/profile.html", {"form": form}, status=400 if form.errors else 200)


@require_POST
@login_required
def theme(request: HttpRequest) -> HttpResponse:
    """Change only the theme, from the account menu; goes back to where it was pressed."""
    user: User = request.user  # type: ignore[assignment]
    chosen = request.POST.get("theme", "")
    if chosen in User.Theme.values:
        user.theme = chosen
        user.save(update_fields=["theme"])
    if request.headers.get("HX-Request"):
        return with_theme(HttpResponse(status=204), user.theme)
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts=None) and back.startswith("/")
    return with_theme(redirect(back if safe else "profile"), user.theme)


@require_POST
@login_required
def availability(request: HttpRequest) -> HttpResponse:
    """Say whether one takes work now, from the account menu; goes back to where it was pressed."""
    state = request.POST.get("availability", "")
    if state in User.Availability.values:
        availability_of.choose(request.user, state, by=request.user)  # type: ignore[arg-type]
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts=None) and back.startswith("/")
    return redirect(back if safe else "profile")


def with_theme(response: HttpResponse, chosen: str) -> HttpResponse:
    """Remember the theme in the browser, so that signed-out pages have it too."""
    response.set_cookie("theme", chosen, max_age=YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)
    return response
