"""The page after a call: what was said is summed up, promised, remembered and filed. It saves itself while somebody writes."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from assist.calls import consent, desk, looking, screen, wrapping
from assist.calls.wrapping import LONGEST_LINE, LONGEST_SUMMARY, MOST_ROWS, Row, Superseded, WrapUp
from assist.models import CallSession
from helpdesk.core.requests import AgentRequest
from knowledge.models import Category
from tickets.models import Ticket

from .calls import own

STATUSES = (Ticket.Status.OPEN, Ticket.Status.PENDING, Ticket.Status.ON_HOLD, Ticket.Status.RESOLVED)
OWNERS = (("me", gettext_lazy("You")), ("keep", gettext_lazy("As it is")), ("nobody", gettext_lazy("Nobody")))


@login_required
@require_http_methods(["GET", "POST"])
def wrap_up(request: AgentRequest, session_id: UUID) -> HttpResponse:
    found = own(request, session_id, running=False)
    if request.method == "GET":
        looking.note(found, "wrap-up", by=request.user)
        return _page(request, found)
    typed = typed_in(request.POST)
    version = int(digits) if (digits := request.POST.get("version", "")[:9]).isdigit() else 0
    try:
        if request.POST.get("autosave"):
            kept = wrapping.keep(found, typed, version=version, by=request.user)
            return JsonResponse({"version": kept.version})
        saved = wrapping.save(found, typed, version=version, by=request.user)
    except Superseded as error:
        if request.POST.get("autosave"):
            return JsonResponse({"detail": error.detail, "version": error.extra["version"]}, status=409)
        return _page(request, found, typed=typed, error=error)
    messages.success(request, _("Saved to %(number)s") % {"number": saved.ticket.number} if saved.ticket else _("Wrap-up saved"))
    return redirect("call", request.POST["next"]) if _is_call(request, request.POST.get("next", "")) else redirect("calls")


def typed_in(form: QueryDict) -> WrapUp:
    """The form as a wrap-up: limits kept, unknown choices dropped."""
    disposition, status, owner = (form.get(name, "") for name in ("disposition", "status", "owner"))
    return WrapUp(
        summary=form.get("summary", "").strip()[:LONGEST_SUMMARY],
        disposition=disposition if disposition in CallSession.Disposition.values else "",
        reason=form.get("reason", "")[:60],
        status=status if status in STATUSES else "",
        owner=owner if owner in dict(OWNERS) else "keep",
        promises=_rows(form, "promise"),
        facts=_rows(form, "fact"),
        reply=form.get("reply", "").strip()[:LONGEST_SUMMARY],
        send_reply=form.get("send_reply") == "yes",
        missing=" ".join(form.get("missing", "").split())[:LONGEST_LINE],
    )


def _rows(form: QueryDict, name: str) -> list[Row]:
    """`promise-0`, `promise-0-ticked`, `promise-0-note` ...: rows with words in them."""
    rows = []
    for n in range(MOST_ROWS):
        text = " ".join(form.get(f"{name}-{n}", "").split())[:LONGEST_LINE]
        if text:
            rows.append(
                Row(
                    text,
                    form.get(f"{name}-{n}-ticked") == "yes",
                    form.get(f"{name}-{n}-note", "")[:80],
                    _share(form.get(f"{name}-{n}-sure", "")),
                )
            )
    return rows


def _share(text: str) -> float:
    try:
        return min(1.0, max(0.0, float(text)))
    except ValueError:
        return 1.0


def _page(request: AgentRequest, found: CallSession, *, typed: WrapUp | None = None, error: Superseded | None = None) -> HttpResponse:
    shown = screen.screen(found, request.user)
    work = typed or wrapping.proposed(found, shown.desk, shown.summary)
    unrated = [one for one in (shown.say, *shown.earlier) if one is not None and one.agent_clicked and not one.agent_feedback]
    context = {
        "screen": shown,
        "work": work,
        "rows": {"promises": _padded(work.promises), "facts": work.facts},
        "unrated": unrated,
        "version": error.extra["version"] if error else shown.desk.version,
        "error": error.detail if error else "",
        "theirs": wrapping.proposed(found, consent.desk_of(found), "") if error else None,
        "did": desk.assist_did(found),
        "waiting": desk.next_in_line(request.user, found),
        "categories": Category.objects.all(),
        "dispositions": CallSession.Disposition.choices,
        "statuses": [(value, Ticket.Status(value).label) for value in STATUSES],
        "owners": OWNERS,
    }
    return render(request, "assist/wrapup.html", context, status=409 if error else 200)


def _padded(rows: Sequence[Row]) -> list[Row]:
    """One empty row to write a further promise into."""
    return [*rows, Row("")][:MOST_ROWS]


def _is_call(request: AgentRequest, session_id: str) -> bool:
    try:
        wanted = UUID(session_id)
    except ValueError:
        return False
    return CallSession.objects.visible_to(request.user).filter(session_id=wanted).exists()
