"""`Authorization: Bearer wv_…`: the token of a chat widget's visitor. Any other bearer is left to the classes after this one."""

from __future__ import annotations

from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from assist.chat import visitors
from assist.chat.visitors import Visitor


class VisitorAuthentication(BaseAuthentication):
    """The visitor is the request's user. A session cookie that the browser may send along counts for nothing here."""

    def authenticate(self, request: Request) -> tuple[Visitor, str] | None:
        token = bearer(request)
        if not token.startswith(visitors.PREFIX):
            return None
        visitor = visitors.from_token(token)
        if visitor is None:
            raise AuthenticationFailed(_("This chat has ended. Open it again."))
        return visitor, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def bearer(request: Request) -> str:
    """The secret after "Bearer", or nothing."""
    scheme, _space, secret = get_authorization_header(request).decode("latin-1").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


class VisitorScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = VisitorAuthentication
    name = "widgetVisitor"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A chat widget's visitor token."}
