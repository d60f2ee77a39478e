"""Rights in the back office (`/admin/`): supervisors look after the daily business, admins after everything."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from helpdesk.core.models import User


class BackOfficeAdmin(admin.ModelAdmin[Any]):
    """`runs_by` names who may add, change and delete; every supervisor and admin may look."""

    runs_by: tuple[str, ...] = (User.Role.SUPERVISOR, User.Role.ADMIN)
    list_per_page = 50
    show_full_result_count = False  # counting a million rows for a footnote is not worth it

    def has_module_permission(self, request: HttpRequest) -> bool:
        return _may(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _may(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return _may(request, self.runs_by)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _may(request, self.runs_by)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _may(request, self.runs_by)


class ReadOnlyAdmin(BackOfficeAdmin):
    """History and ledgers: nobody writes them by hand."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _may(request: HttpRequest, roles: tuple[str, ...] = (User.Role.SUPERVISOR, User.Role.ADMIN)) -> bool:
    user = request.user
    return isinstance(user, User) and user.is_active and (user.is_superuser or user.role in roles)
