"""Queues, tickets, mail and webhooks in the back office."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from helpdesk.core.admin_rights import BackOfficeAdmin, ReadOnlyAdmin
from helpdesk.core.errors import HelpdeskError
from helpdesk.core.models import User
from tickets import escalating
from tickets.models import Delivery, Escalation, EscalationLevel, InboundHook, Queue, QueueMembership, RawMail, Tag, Ticket


class MembershipInline(admin.TabularInline[Any, Any]):
    model = QueueMembership
    extra = 0


@admin.register(Queue)
class QueueAdmin(BackOfficeAdmin):
    list_display = ("name", "email_address", "is_default", "position")
    list_editable = ("position",)
    prepopulated_fields = {"slug": ("name",)}
    filter_horizontal = ("categories",)
    inlines = (MembershipInline,)


@admin.register(Ticket)
class TicketAdmin(ReadOnlyAdmin):
    """For looking only: tickets are worked on in the console, where every change is a verb and an event."""

    list_display = ("number", "subject", "status", "priority", "queue", "assignee", "customer", "created_at")
    list_filter = ("status", "priority", "channel", "queue")
    list_select_related = ("queue", "assignee", "customer")
    search_fields = ("=number", "subject")


@admin.register(RawMail)
class RawMailAdmin(ReadOnlyAdmin):
    list_display = ("received_at", "source", "envelope_from", "state", "attempts", "error")
    list_filter = ("state", "source")
    exclude = ("raw",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("raw")  # 25 MB a row would not help the list


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = ("recipient", "state", "attempts", "due_at", "sent_at", "error")
    list_filter = ("state",)


@admin.register(InboundHook)
class InboundHookAdmin(BackOfficeAdmin):
    """The secret can be set here and is never shown again."""

    runs_by = (User.Role.ADMIN,)
    list_display = ("name", "id", "queue", "is_active")
    list_select_related = ("queue",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("name", "queue", "is_active") if obj else ("name", "queue", "is_active", "secret")


@admin.register(Tag)
class TagAdmin(BackOfficeAdmin):
    list_display = ("name",)
    search_fields = ("name",)


@admin.register(EscalationLevel)
class EscalationLevelAdmin(BackOfficeAdmin):
    """How long each level has, who is on duty there, and where it goes on."""

    list_display = ("slug", "minutes", "then")
    filter_horizontal = ("on_duty",)


@admin.register(Escalation)
class EscalationAdmin(ReadOnlyAdmin):
    """The queue of escalations, with the verbs of the console as actions on several at once."""

    list_display = ("ticket", "level", "state", "owner", "due_at", "raised_at", "climbed")
    list_filter = ("state", "level")
    list_select_related = ("ticket", "owner")
    actions = ("acknowledge", "take", "hand_back")

    @admin.action(description=_("Acknowledge"), permissions=["view"])
    def acknowledge(self, request: HttpRequest, chosen: QuerySet[Escalation]) -> None:
        self._each(request, chosen, lambda one, me: escalating.acknowledge(one, by=me))

    @admin.action(description=_("Give to me"), permissions=["view"])
    def take(self, request: HttpRequest, chosen: QuerySet[Escalation]) -> None:
        self._each(request, chosen, lambda one, me: escalating.give(one, to=me, by=me))

    @admin.action(description=_("Hand back"), permissions=["view"])
    def hand_back(self, request: HttpRequest, chosen: QuerySet[Escalation]) -> None:
        self._each(request, chosen, lambda one, me: escalating.hand_back(one, by=me))

    def _each(self, request: HttpRequest, chosen: QuerySet[Escalation], act: Callable[[Escalation, User], None]) -> None:
        done = 0
        for one in chosen:
            with contextlib.suppress(HelpdeskError):  # over already
                act(one, request.user)  # type: ignore[arg-type]
                done += 1
        self.message_user(request, _("%(done)d of %(all)d changed") % {"done": done, "all": len(chosen)})
