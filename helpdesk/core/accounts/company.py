"""The company's own sign-in (OpenID Connect): who comes with an address that has an account here is let in. It makes no accounts.

An address counts only when the issuer says that it verified it, else whoever may choose an address there could be anybody here.
"""

from __future__ import annotations

from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from helpdesk.core.models import User


class CompanyAdapter(DefaultSocialAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: Any) -> User:
        """No account is made of what the issuer says, so nothing is filled in."""
        return sociallogin.user  # type: ignore[no-any-return]

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Ties a first sign-in to the account of the same address. Raises ImmediateHttpResponse (back to the sign-in page) without one."""
        if sociallogin.is_existing:
            return
        user = _account_of(sociallogin)
        if user is None:
            messages.warning(request, _("Your company knows you, but you have no account here yet. Ask an admin for an invitation."))
            raise ImmediateHttpResponse(redirect("account_login"))
        sociallogin.connect(request, user)

    def on_authentication_error(self, request: HttpRequest, provider: Any, **_what: Any) -> None:
        messages.warning(request, _("Your company's sign-in did not work this time. Try again, or use your password."))
        raise ImmediateHttpResponse(redirect("account_login"))


def _account_of(sociallogin: SocialLogin) -> User | None:
    said = sociallogin.account.extra_data
    claims = said.get("userinfo") or said.get("id_token") or said
    email = str(claims.get("email") or "").strip()
    verified = claims.get("email_verified") is True or settings.OIDC_TRUSTS_EMAILS
    if not email or not verified:
        return None
    return User.objects.filter(email__iexact=email, is_active=True).first()
