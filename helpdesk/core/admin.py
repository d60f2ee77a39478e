"""People, keys and the event spine in the back office."""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.http import HttpRequest

from helpdesk.core.admin_rights import BackOfficeAdmin, ReadOnlyAdmin
from helpdesk.core.models import ApiKey, EmbeddingEngine, Event, ModelBudget, ModelCall, Receipt, User

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]  # one sign-in, with its lock-out and second factor
admin.site.enable_nav_sidebar = True


@admin.register(User)
class UserAdmin(BackOfficeAdmin):
    """Passwords are not set here: people set their own, by invitation or reset."""

    runs_by = (User.Role.ADMIN,)
    list_display = ("name", "email", "role", "availability", "is_active", "last_seen_at")
    list_filter = ("role", "is_active")
    search_fields = ("name", "email")
    fields = ("name", "email", "role", "external_id", "time_zone", "language", "availability", "signature", "is_active")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # people join by invitation

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # deactivate: their history stays theirs


@admin.register(ApiKey)
class ApiKeyAdmin(BackOfficeAdmin):
    """Keys are made by `manage.py api_key`, where the secret is shown once; here they are watched and revoked."""

    runs_by = (User.Role.ADMIN,)
    list_display = ("name", "prefix", "scopes", "expires_at", "last_used_at", "revoked_at")
    fields = ("name", "scopes", "queues", "rate_limit_per_minute", "expires_at", "revoked_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


class ReceiptInline(admin.TabularInline[Any, Any]):
    model = Receipt
    can_delete = False
    extra = 0
    fields = readonly_fields = ("subscriber", "attempts", "due_at", "done_at", "failed_at", "error")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("id", "occurred_at", "kind", "actor_name", "subject_type", "subject_id")
    list_filter = ("kind", "actor_kind")
    search_fields = ("=subject_id", "=ticket_ref")
    ordering = ("-id",)
    inlines = (ReceiptInline,)


@admin.register(Receipt)
class ReceiptAdmin(ReadOnlyAdmin):
    """Who has dealt with what; the filter on "failed" is the list of what needs a person."""

    list_display = ("event_id", "subscriber", "attempts", "due_at", "done_at", "failed_at", "error")
    list_filter = ("subscriber", ("failed_at", admin.EmptyFieldListFilter), ("done_at", admin.EmptyFieldListFilter))
    list_select_related = ("event",)
    ordering = ("-id",)


@admin.register(EmbeddingEngine)
class EmbeddingEngineAdmin(ReadOnlyAdmin):
    """How far a change of embedding engine is: core.embeddings.switching."""

    list_display = ("name", "made", "ready_at", "error", "started_at")


@admin.register(ModelCall)
class ModelCallAdmin(ReadOnlyAdmin):
    """Figures alone. Words are read under Settings, AI provider, Ledger, where the reading is noted."""

    list_display = ("created_at", "task", "prompt", "model", "outcome", "tokens_in", "tokens_out", "cost", "ms")
    list_filter = ("outcome", "task")
    exclude = ("payload", "answer", "customer_ref")
    ordering = ("-created_at",)


@admin.register(ModelBudget)
class ModelBudgetAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "monthly", "warn_at", "changed_by", "changed_at")
