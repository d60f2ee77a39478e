"""Settings, AI, ledger: every question to a model, found by day, task, model, outcome, ticket or experiment, and opened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_safe

from assist.models import Experiment, ExperimentArm
from customers.access_log import note_read
from helpdesk.core.llm import prompts, providers
from helpdesk.core.llm.ledger import KEPT, prices
from helpdesk.core.models import ModelCall, User
from tickets.models import Ticket

from . import register
from .metrics.scope import of_days
from .people import supervisors_only

MOST_ROWS = 10_000  # of a spreadsheet
SECTION = {"tab": "ledger"}
FIELDS = ("day", "task", "model", "outcome", "ticket", "experiment")
HEADS = [
    "at", "task", "prompt", "model", "outcome", "error", "tries", "tokens in", "tokens out", "US dollars", "ms", "first word ms", "about",
    "request", "experiment", "arm",
]  # fmt: skip


@supervisors_only
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The newest first. `?before=` goes on behind a line, at the same cost at any depth; `?form=csv` for a spreadsheet."""
    wanted = {name: request.GET.get(name, "").replace("\x00", "").strip()[:100] for name in FIELDS}
    found = chosen(wanted, request.user)
    if request.GET.get("form") == "csv":
        rows = (_cells(call) for call in found.order_by("-created_at", "-pk")[:MOST_ROWS])
        return register.take_out("ai-ledger", HEADS, rows, table="core_modelcall", label="AI ledger")
    page = register.page(request, found, "created_at")
    context = {
        "page": page,
        "lines": _with_tickets(page.rows, request.user),
        "wanted": wanted,
        "is_filtered": any(wanted.values()),
        "tasks": [(prompt.name, prompt.title) for prompt, _wording in prompts.in_use()],
        "models": _models(),
        "outcomes": ModelCall.Outcome.choices,
        "experiments": Experiment.objects.exclude(started_at=None).order_by("-started_at").values_list("pk", "name")[:50],
        "most": MOST_ROWS,
    }
    return render(request, "settings/ai_ledger.html", SECTION | context)


@supervisors_only
@require_safe
def one(request: HttpRequest, call_id: int) -> HttpResponse:
    """One question with its redacted words, as long as they are kept. That somebody read them is written down."""
    call = get_object_or_404(ModelCall, pk=call_id)
    if call.customer_ref and (call.payload or call.answer):
        note_read(request.user, call.customer_ref, "what a model was asked")
    ticket = next((subject for _call, subject in _with_tickets([call], request.user)), None)
    name, number = _prompt(call)
    context = {
        "call": call,
        "ticket": ticket,
        "arm": ExperimentArm.objects.select_related("experiment").filter(pk=call.arm_ref).first() if call.arm_ref else None,
        "prompt_name": name,
        "prompt_number": number,
        "priced": call.model in prices(),
        "kept_until": call.created_at + KEPT,
    }
    return render(request, "settings/ai_call.html", SECTION | context)


def chosen(wanted: Mapping[str, str], viewer: Any) -> QuerySet[ModelCall]:
    """The lines of these filters; what makes no sense finds nothing, so that nobody reads a list as something it is not."""
    found = ModelCall.objects.defer("payload", "answer")
    if wanted["day"]:
        try:
            day = parse_date(wanted["day"])
        except ValueError:
            day = None
        if day is None:
            return found.none()
        found = found.filter(of_days("created_at", day, day))
    for name in ("task", "model", "outcome"):
        if wanted[name]:
            found = found.filter(**{name: wanted[name]})
    if wanted["ticket"]:
        ticket = Ticket.objects.visible_to(viewer).filter(number__iexact=wanted["ticket"]).values_list("pk", flat=True).first()
        found = found.filter(about=f"ticket:{ticket}") if ticket else found.none()
    if wanted["experiment"]:
        found = found.filter(experiment_ref=pk) if (pk := _uuid(wanted["experiment"])) else found.none()
    return found


def _with_tickets(calls: Iterable[ModelCall], viewer: User | Any) -> list[tuple[ModelCall, Ticket | None]]:
    """One query for all of them."""
    ids = {call.pk: _uuid(call.about.removeprefix("ticket:")) for call in calls if call.about.startswith("ticket:")}
    wanted = [pk for pk in ids.values() if pk]
    tickets = {one.pk: one for one in Ticket.objects.visible_to(viewer).filter(pk__in=wanted).only("id", "number", "subject")}
    return [(call, tickets.get(ids.get(call.pk))) for call in calls]  # type: ignore[arg-type]


def _cells(call: ModelCall) -> list[Any]:
    counted = [call.attempts, call.tokens_in, call.tokens_out, call.cost, call.ms, call.first_ms or ""]
    ours = [call.about, call.request_id, str(call.experiment_ref or ""), str(call.arm_ref or "")]
    return [call.created_at.isoformat(), call.task, call.prompt, call.model, call.outcome, call.error, *counted, *ours]


def _models() -> list[str]:
    """Names to choose from; any other may be typed."""
    provider = providers.current()
    return sorted({provider.model, *provider.models.values(), *prices()} - {""})


def _prompt(call: ModelCall) -> tuple[str, int | None]:
    """Name and number of the wording, where there is a page of it."""
    name, _at, number = call.prompt.partition("@")
    known = any(name == prompt.name for prompt, _wording in prompts.in_use())
    return (name, int(number)) if known and number.isdigit() else ("", None)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
