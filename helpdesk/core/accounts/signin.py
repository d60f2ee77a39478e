"""Sign-in with a lock-out that lives in the database: django-axes counts, this view explains."""

from __future__ import annotations

from typing import Any

from allauth.account.views import LoginView, PasswordResetView
from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.forms import Form
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .forms import ResetForm, SignInForm
from .views import with_theme

BAD_REQUEST, TOO_MANY = 400, 429


class SignInView(LoginView):
    """allauth's view; a locked pair of address and visitor is told when to come back."""

    form_class = SignInForm

    def form_valid(self, form: Form) -> HttpResponse:
        response = super().form_valid(form)
        user = self.request.user
        if user.is_authenticated:
            with_theme(response, user.theme)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, company=settings.OIDC_NAME if settings.OIDC_ISSUER else "")

    def form_invalid(self, form: Form) -> HttpResponse:
        said = {settings.AXES_USERNAME_FORM_FIELD: str(form.data.get("login", "")).strip().lower()}
        locked = not AxesProxyHandler.is_allowed(self.request, said)
        if form.non_field_errors():
            form.errors["__all__"] = form.error_class([_pause() if locked else self._wrong_pair(said)], error_class="nonfield")
        response = super().form_invalid(form)
        if set(form.errors) - {"__all__"}:  # not even a pair to compare: too long, no address
            response.status_code = BAD_REQUEST
        if locked:
            response.status_code = TOO_MANY
            response["Retry-After"] = str(int(settings.AXES_COOLOFF_TIME.total_seconds()))
        return response

    def _wrong_pair(self, said: dict[str, Any]) -> str:
        left = settings.AXES_FAILURE_LIMIT - AxesProxyHandler.get_failures(self.request, said)
        wrong = _("Email or password is wrong.")
        if left < 1:
            return wrong
        return (
            wrong
            + " "
            + ngettext(
                "%(left)d try left before a %(minutes)d minute pause.", "%(left)d tries left before a %(minutes)d minute pause.", left
            )
            % {"left": left, "minutes": _minutes()}
        )


class ResetView(PasswordResetView):
    """allauth's view with a form that counts in the database."""

    form_class = ResetForm


def _pause() -> str:
    return _("Too many tries. Sign-in is paused for this address for %(minutes)d minutes.") % {"minutes": _minutes()}


def _minutes() -> int:
    return int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
