"""CRM connections in the back office: set up, try, switch off, and look what was said."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from customers.models import CrmCase, CrmConnection, CrmExchange
from helpdesk.core.admin_rights import BackOfficeAdmin, ReadOnlyAdmin
from helpdesk.core.errors import HelpdeskError
from helpdesk.core.models import User

from .admin_forms import ConnectionForm
from .circuit import exchange

NOBODY = "nobody@example.invalid"


@admin.register(CrmConnection)
class CrmConnectionAdmin(BackOfficeAdmin):
    runs_by = (User.Role.ADMIN,)
    form = ConnectionForm
    list_display = ("name", "vendor", "base_url", "is_active", "synced_at", "paused_until", "last_error")
    readonly_fields = ("synced_at", "paused_until", "last_error")
    actions = ("test",)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return (
            (None, {"fields": ("name", "vendor", "base_url", "is_active", "writes_cases")}),
            ("Zendesk", {"fields": ("email", "api_token")}),
            ("HubSpot", {"fields": ("token",)}),
            ("Salesforce", {"fields": ("client_id", "client_secret")}),
            (_("State"), {"fields": self.readonly_fields}),
        )

    @admin.action(description=_("Test connection"))
    def test(self, request: HttpRequest, chosen: QuerySet[CrmConnection]) -> None:
        chosen.update(paused_until=None, failures=0)
        for connection in chosen:
            try:
                exchange(connection, "test", lambda crm: crm.find(email=NOBODY, phone=""))
            except HelpdeskError as refused:
                self.message_user(request, f"{connection}: {refused.detail}", messages.ERROR)
            else:
                self.message_user(request, _("%(name)s answers.") % {"name": connection}, messages.SUCCESS)


@admin.register(CrmExchange)
class CrmExchangeAdmin(ReadOnlyAdmin):
    list_display = ("at", "connection", "operation", "outcome", "subject", "ms", "detail")
    list_filter = ("connection", "operation", "outcome")
    list_select_related = ("connection",)


@admin.register(CrmCase)
class CrmCaseAdmin(ReadOnlyAdmin):
    """What was told, and what still waits. The action tells it once more."""

    list_display = ("source", "connection", "state", "attempts", "due_at", "sent_at", "remote_id", "error")
    list_filter = ("state", "connection")
    list_select_related = ("connection",)
    actions = ("tell_again",)

    @admin.action(description=_("Tell it again"))
    def tell_again(self, request: HttpRequest, chosen: QuerySet[CrmCase]) -> None:
        told = chosen.update(state=CrmCase.State.DUE, attempts=0, error="")
        self.message_user(request, _("%(count)s will be told again.") % {"count": told}, messages.SUCCESS)
