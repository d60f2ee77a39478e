"""Who may call an endpoint: a key with the scope, or an agent who is signed in. What they then see is `visible_to`'s word."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from helpdesk.core.models import ApiKey, User


class HasScope(BasePermission):
    """A view names its resource in `scope` ("tickets"); reading needs `tickets:read`, everything else `tickets:write`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if isinstance(request.user, ApiKey):
            return request.user.allows(scope_of(request.method or "GET", view))
        return isinstance(request.user, User) and request.user.is_active


def scope_of(method: str, view: Any) -> str:
    """The scope that this method of this view needs; a view may name scopes by method in `scopes`."""
    if named := getattr(view, "scopes", {}).get(method):
        return str(named)
    return f"{view.scope}:{'read' if method in SAFE_METHODS else 'write'}"


class IsKnown(BasePermission):
    """Any live key and any agent: the view itself shows each what their scopes and teams open."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.user, ApiKey | User) and request.user.is_active
