"""allauth, told our ways: by invitation only, links from settings, reset mails counted."""

from datetime import timedelta

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.urls import reverse

from helpdesk.core.limits import client_address, spend

from .links import absolute

RESETS_PER_ADDRESS = 3
RESETS_PER_VISITOR = 10
RESET_WINDOW = timedelta(hours=1)


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return "/inbox/"

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        return reverse("account_login")

    def get_reset_password_from_key_url(self, key: str) -> str:
        uid, _, secret = key.partition("-")
        return absolute(reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": secret}))

    def format_email_subject(self, subject: str) -> str:
        return " ".join(subject.split())

    def may_ask_for_reset(self, request: HttpRequest, email: str) -> bool:
        """Counted for known and unknown addresses alike, so that the answer says nothing about who has an account."""
        return spend("reset-by-visitor", client_address(request), limit=RESETS_PER_VISITOR, window=RESET_WINDOW) and spend(
            "reset-for-address", email, limit=RESETS_PER_ADDRESS, window=RESET_WINDOW
        )
