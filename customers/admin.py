"""Customers and organisations in the back office."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from customers.models import ContactPoint, Customer, Organisation
from helpdesk.core.admin_rights import BackOfficeAdmin

from .crm import admin as crm_admin  # noqa: F401 - registers its pages


class ContactPointInline(admin.TabularInline[Any, Any]):
    model = ContactPoint
    extra = 0
    fields = ("kind", "value", "primary", "verified")


@admin.register(Customer)
class CustomerAdmin(BackOfficeAdmin):
    list_display = ("name", "organisation", "tier", "technical_level", "satisfaction_score", "created_at")
    list_filter = ("tier", "technical_level")
    list_select_related = ("organisation",)
    search_fields = ("name", "contact_points__value", "=external_id")
    autocomplete_fields = ("organisation",)
    inlines = (ContactPointInline,)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # erasure finds what is theirs in every store, and leaves a receipt


@admin.register(Organisation)
class OrganisationAdmin(BackOfficeAdmin):
    list_display = ("name", "tier", "domains", "created_at")
    search_fields = ("name", "domains")
