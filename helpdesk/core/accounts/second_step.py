"""Where two-step sign-in is required, who has none yet sets it up before anything else.

A passkey is two steps in one; the company's own sign-in answers for its people itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_removed, authenticator_reset
from django.conf import settings
from django.contrib import messages
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from helpdesk.core.models import User

HAS_ONE = "second_step"  # in the session: it was there when we last looked
OPEN = ("account_", "mfa_", "socialaccount_", "openid_connect_")  # names of pages: where it is set up, and the way out
FORBIDDEN = 403


class SecondStepRequired:
    """Middleware: one query for each session, not for each request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, _view: Any, _args: Any, _kwargs: Any) -> HttpResponse | None:
        if not settings.TWO_FACTOR_REQUIRED or not request.user.is_authenticated or _may_pass(request):
            return None
        if request.headers.get("HX-Request") or request.path.startswith("/api/"):
            return HttpResponse(_("Set up two-step sign-in first."), status=FORBIDDEN)
        messages.info(request, _("Everybody here signs in with two steps. Set up the second one; it takes a minute."))
        return redirect("mfa_index")


def _may_pass(request: HttpRequest) -> bool:
    name = (request.resolver_match.url_name if request.resolver_match else "") or ""
    return name.startswith(OPEN) or _has_one(request)


def _has_one(request: HttpRequest) -> bool:
    if request.session.get(HAS_ONE):
        return True
    by_company = any(one.get("method") == "socialaccount" for one in get_authentication_records(request, request.user))
    if by_company or enrolled(request.user.pk):
        request.session[HAS_ONE] = True
        return True
    return False


def enrolled(user_id: Any) -> bool:
    """Whether this person has a code generator or a passkey; recovery codes alone are none."""
    return Authenticator.objects.filter(user_id=user_id).exclude(type=Authenticator.Type.RECOVERY_CODES).exists()


@receiver((authenticator_removed, authenticator_reset), dispatch_uid="core.second_step")
def look_again(sender: Any, request: HttpRequest, user: User, **_rest: Any) -> None:
    if not enrolled(user.pk):
        request.session.pop(HAS_ONE, None)
