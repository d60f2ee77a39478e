"""Who is asking."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from helpdesk.core.models import User


def colleague(request: HttpRequest) -> User:
    """The signed-in person; everybody who signs in works here. Raises PermissionDenied for anyone else."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
