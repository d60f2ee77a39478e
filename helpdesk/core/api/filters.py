"""Filters of lists that take no value which the database would choke on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from django_filters.fields import IsoDateTimeField


class _Moment(IsoDateTimeField):  # type: ignore[misc]
    def clean(self, value: Any) -> datetime | None:
        """In UTC: an offset may be one that PostgreSQL does not know, or lead out of the calendar."""
        moment = super().clean(value)
        try:
            return moment.astimezone(UTC) if moment else None
        except (OverflowError, ValueError) as error:
            raise forms.ValidationError(_("There is no such moment.")) from error


class MomentFilter(filters.IsoDateTimeFilter):  # type: ignore[misc]
    """ISO 8601 with its offset."""

    field_class = _Moment
