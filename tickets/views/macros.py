"""Macros: the list in the composer, and the pages where they are kept."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from helpdesk.core.errors import HelpdeskError
from helpdesk.core.requests import AgentRequest
from tickets import macro_import, macro_ranking, macros, thread
from tickets.forms import MacroForm
from tickets.models import Macro, Ticket
from tickets.views import actions

MOST_LISTED = 30  # in the composer: who needs another types a word
LONGEST_QUERY = 100


@login_required
@require_GET
def offered(request: AgentRequest, number: str) -> HttpResponse:
    """The composer's list for one ticket, best first, each text with its values. `q`: words that it holds."""
    ticket = _ticket(request, number)
    found = list(macros.search(request.user, request.GET.get("q", "").replace("\x00", "")[:LONGEST_QUERY]))
    ranked = macro_ranking.rank(ticket, found)[:MOST_LISTED]
    listed = [(one, macros.fill(one.macro, ticket, request.user)) for one in ranked]
    return render(request, "tickets/macros/offered.html", {"listed": listed, "ticket": ticket})


@login_required
@require_GET
def fitting(request: AgentRequest, number: str) -> HttpResponse:
    """The few worth proposing beside the ticket: a part of the assist panel."""
    ticket = _ticket(request, number)
    fits = () if ticket.reads_along else macro_ranking.fitting(ticket, request.user)  # type: ignore[attr-defined]
    listed = [(one, macros.fill(one.macro, ticket, request.user)) for one in fits]
    return render(request, "tickets/macros/fitting.html", {"listed": listed, "ticket": ticket})


@login_required
@require_POST
def use(request: AgentRequest, number: str, pk: UUID) -> HttpResponse:
    """Do at once what a macro does: for one without a text. With a text, it is done when that is sent."""
    ticket, macro = _ticket(request, number), _macro(request, pk)
    try:
        macros.use(macro, ticket, by=request.user)
    except HelpdeskError as error:
        return actions.refused(request, ticket, error)
    return actions.answer(request, ticket)


@login_required
@require_http_methods(["GET", "POST"])
def index(request: AgentRequest) -> HttpResponse:
    """All that the reader may use, and the form for one more."""
    macro = Macro(owner=request.user, created_by=request.user)
    form = MacroForm(request.POST if request.method == "POST" else None, instance=macro, viewer=request.user)
    if request.method == "POST" and form.is_valid() and _saved(form, request):
        messages.success(request, _("Saved. Type / in a reply to use it."))
        return redirect("macros")
    words = request.GET.get("q", "").replace("\x00", "")[:LONGEST_QUERY]
    return render(request, "settings/macros.html", _page(request, form, words), status=400 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def one(request: AgentRequest, pk: UUID) -> HttpResponse:
    """One macro: to change for those who may, to read for the others."""
    macro = _macro(request, pk)
    may_change = macro.may_be_changed_by(request.user)
    if request.method == "POST" and not may_change:
        raise PermissionDenied
    form = MacroForm(request.POST if request.method == "POST" else None, instance=macro, viewer=request.user)
    if request.method == "POST" and form.is_valid() and _saved(form, request):
        messages.success(request, _("Saved."))
        return redirect("macros")
    context = {"macro": macro, "form": form, "may_change": may_change, "variables": _variables()}
    return render(request, "settings/macro.html", context, status=400 if form.errors else 200)


@login_required
@require_POST
def remove(request: AgentRequest, pk: UUID) -> HttpResponse:
    macro = _macro(request, pk)
    if not macro.may_be_changed_by(request.user):
        raise PermissionDenied
    macros.remove(macro, by=request.user)
    messages.success(request, _("“%(title)s” is deleted.") % {"title": macro.title})
    return redirect("macros")


@login_required
@require_POST
def take_in(request: AgentRequest) -> HttpResponse:
    """A JSON file of macros. A supervisor's are shared, everybody else's are their own."""
    file = request.FILES.get("file")
    try:
        report = macro_import.read(file.read(macro_import.LARGEST + 1) if file else b"", by=request.user)
    except HelpdeskError as error:
        messages.error(request, error.detail)
        return redirect("macros")
    messages.success(request, report.said)
    return redirect("macros")


def _page(request: AgentRequest, form: MacroForm, words: str) -> dict[str, Any]:
    found = list(macros.search(request.user, words))
    return {
        "form": form,
        "q": words,
        "mine": [macro for macro in found if macro.owner_id],
        "shared": [macro for macro in found if not macro.owner_id],
        "variables": _variables(),
    }


def _variables() -> list[tuple[str, Any]]:
    return [(name, title) for name, (title, _value) in macros.VARIABLES.items()]


def _saved(form: MacroForm, request: AgentRequest) -> bool:
    try:
        macros.save(form.macro(), by=request.user)
    except HelpdeskError as error:
        form.add_error(None, error.detail)
        return False
    return True


def _ticket(request: AgentRequest, number: str) -> Ticket:
    ticket = thread.find(request.user, number)
    if ticket is None:
        raise Http404
    return ticket


def _macro(request: AgentRequest, pk: UUID) -> Macro:
    macro = macros.search(request.user).filter(pk=pk).first()
    if macro is None:
        raise Http404
    return macro  # type: ignore[no-any-return]
