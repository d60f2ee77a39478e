"""Settings, audit: who changed, took out or looked at what; found by filters, page by page, and as a spreadsheet."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django import forms
from django.apps import apps
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from helpdesk.core.audit.watching import WATCHED
from helpdesk.core.models import ApiKey, AuditEntry, User
from knowledge.models import Category
from tickets.models import BusinessHours, Queue, SlaPolicy

from . import register
from .metrics.scope import of_days
from .people import supervisors_only

MOST_ROWS = 50_000  # of a spreadsheet
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NAMED = (User, Queue, Category, ApiKey, SlaPolicy, BusinessHours)  # what other rows point to
READINGS = "customers_accessentry"
DEEDS = ("customers_customer", READINGS, "knowledge_article", "tickets_ticket")  # subjects of deeds, beside the watched tables
SHORT = 400  # characters of a value on the page; the spreadsheet has all


class FilterForm(forms.Form):
    """Every field may stay empty; what is not understood is left out."""

    q = forms.CharField(label=_("Name or id"), required=False, max_length=100)
    who = forms.CharField(label=_("Who"), required=False, max_length=100)
    what = forms.ChoiceField(label=_("What"), required=False)
    act = forms.ChoiceField(label=_("Deed"), required=False, choices=[("", _("All")), *AuditEntry.Act.choices])
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    machines = forms.BooleanField(label=_("Also what the system did by itself"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["what"].choices = [("", _("All")), *sorted(((t, str(n)) for t, n in names_of_tables().items()), key=lambda one: one[1])]  # type: ignore[attr-defined]

    def found(self) -> QuerySet[AuditEntry]:
        self.is_valid()
        said, found = self.cleaned_data, AuditEntry.objects.select_related("seal")
        if words := said.get("q"):
            found = found.filter(Q(label__icontains=words) | Q(subject_id=words))
        if who := said.get("who"):
            found = found.filter(Q(actor_name__icontains=who) | Q(actor_id=who) | Q(address=who))
        if not (said.get("what") or said.get("act")):
            found = found.exclude(subject=READINGS)  # fingerprints of the access log, one entry a minute: for who asks for them
        for field, value in (("subject", said.get("what")), ("act", said.get("act"))):
            found = found.filter(**{field: value}) if value else found
        if not (said.get("machines") or said.get("what") == READINGS):
            found = found.exclude(actor_kind="system")  # what start-up and timers did: nobody decided it
        return found.filter(of_days("at", said.get("since"), said.get("until")))


@supervisors_only
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The newest entries first, people's alone unless asked otherwise; `?form=csv` for a spreadsheet."""
    form = FilterForm(request.GET)
    found = form.found()
    if request.GET.get("form") == "csv":
        return _spreadsheet(found)
    page = register.page(request, found)
    filtered = any(request.GET.get(name) for name in form.fields)
    context = {"form": form, "page": page, "lines": lines(page.rows), "filtered": filtered}
    return render(request, "settings/audit.html", context)


@dataclass(frozen=True)
class Line:
    """An entry as it is read: names in place of ids, and what changed side by side."""

    entry: AuditEntry
    what: str
    label: str
    changes: list[tuple[str, str, str]]


def lines(entries: list[AuditEntry]) -> list[Line]:
    """Five look-ups for the names, however many entries."""
    names = _names(entries)
    return [_line(entry, names) for entry in entries]


def _line(entry: AuditEntry, names: dict[str, str]) -> Line:
    before, after = entry.before or {}, entry.after or {}
    changes = [(key.removesuffix("_id"), _said(before.get(key), names), _said(after.get(key), names)) for key in sorted({*before, *after})]
    what = str(names_of_tables().get(entry.subject, entry.subject))
    links = [name for value in ({**before, **after}).values() if isinstance(value, str) and (name := names.get(value))]
    return Line(entry, what, entry.label or names.get(entry.subject_id, "") or " · ".join(links), changes)


def _said(value: Any, names: dict[str, str]) -> str:
    if value is None or value == "":
        return ""
    text = names.get(value, value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= SHORT else f"{text[:SHORT]}…"


def _names(entries: Iterable[AuditEntry]) -> dict[str, str]:
    """Who and what the ids in these entries are. Of customers nothing is looked up: the audit does not name them."""
    values = {value for one in entries for row in (one.before, one.after) for value in (row or {}).values() if isinstance(value, str)}
    ids = {value for value in values | {one.subject_id for one in entries} if UUID.fullmatch(value)}
    return {str(row.pk): str(row) for model in NAMED for row in model.objects.filter(pk__in=ids)} if ids else {}  # type: ignore[attr-defined]


@cache
def names_of_tables() -> dict[str, Any]:
    """What the watched tables are called on screen, and the deeds' subjects."""
    models = {model._meta.db_table: model._meta for model in apps.get_models(include_auto_created=True)}
    names: dict[str, Any] = {table: models[table].verbose_name for table in (*WATCHED, *DEEDS) if table in models}
    return names | {"configuration": _("configuration")}


def _spreadsheet(found: QuerySet[AuditEntry]) -> HttpResponse:
    head = ["number", "at", "who", "kind", "from", "did", "what", "id", "name", "before", "after", "hash"]
    rows = _rows(found.order_by("-pk")[:MOST_ROWS])
    return register.take_out("audit", head, rows, table="core_auditentry", label="audit")


def _rows(found: QuerySet[AuditEntry]) -> Iterator[list[Any]]:
    for one in found.iterator(chunk_size=1000):
        seal = getattr(one, "seal", None)
        said = [json.dumps(row, ensure_ascii=False, sort_keys=True) if row is not None else "" for row in (one.before, one.after)]
        who = [one.actor_name or one.actor_id, one.actor_kind, one.address]
        deed = [one.act, one.subject, one.subject_id, one.label]
        yield [seal.seq if seal else "", one.at.isoformat(), *who, *deed, *said, seal.hash if seal else ""]
