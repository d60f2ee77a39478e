"""The list of calls, the page of one call, and what an agent does on it. Every step works as a plain form, and quicker with scripts."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from assist.calls import consent as consenting
from assist.calls import desk, feedback, lines, looking, ringing, screen, scripts, stamps, switchboard
from assist.models import CallDesk, CallSession, ScriptStep, Suggestion
from helpdesk.core.errors import HelpdeskError, Invalid, NotFound
from helpdesk.core.requests import AgentRequest
from tickets.models import Queue

PARTS = {
    "side": "assist/call/side.html",
    "script": "assist/call/script.html",
    "whispers": "assist/call/whispers.html",
    "tabs": "assist/call/switcher.html",
}
BLANK_LINE = lines.Line("", "c", "")
ENDINGS = (CallSession.Status.COMPLETED, CallSession.Status.TRANSFERRED)


@login_required
@require_GET
def calls(request: AgentRequest) -> HttpResponse:
    """What runs now, and what is over."""
    who = request.GET.get("who", "")
    wanted = {"who": who if who in desk.WHO else "", "q": request.GET.get("q", "").replace("\x00", "")}
    found = desk.listed(request.user, **wanted, after=request.GET.get("after", "").replace("\x00", ""))
    for call in (*found.running, *found.past):
        call.name = screen.name_of(call)  # type: ignore[attr-defined]
        call.may_open = screen.may_open(call, request.user)  # type: ignore[attr-defined]
    may_oversee = overseeing(request)
    return render(
        request, "assist/calls.html", {"found": found, "wanted": wanted, "may_oversee": may_oversee, "first": not request.GET.get("after")}
    )


@login_required
@require_GET
def call(request: AgentRequest, session_id: UUID) -> HttpResponse:
    """One call: live for who is on it, read-only for who listens in, as it was for the team once it is over."""
    found = call_of(request, session_id)
    if found.status == CallSession.Status.RINGING and found.agent_id in (None, request.user.pk):
        return render(request, "assist/call_ringing.html", {"ring": ringing.ring(found, request.user)})
    shown = screen.screen(found, request.user)
    looking.note(found, "call", by=request.user)
    if shown.mode == "listen":
        stamps.listened(found, by=request.user)
    _mark_shown(shown)
    context = {"screen": shown, "follow": request.GET.get("follow") == "1"}
    return render(request, "assist/call.html", context | {"blank_line": BLANK_LINE, "blank_say": Suggestion(), "blank_ask": {}})


@login_required
@require_GET
def part(request: AgentRequest, session_id: UUID, name: str) -> HttpResponse:
    """One part of the page, read anew."""
    if name not in PARTS:
        raise Http404
    shown = screen.screen(call_of(request, session_id), request.user, part=name)
    return render(request, PARTS[name], {"screen": shown})


@login_required
@require_POST
def note(request: AgentRequest, session_id: UUID) -> HttpResponse:
    """Stamp the moment with a note."""
    found = own(request, session_id, running=False)
    try:
        stamp = stamps.note(found, by=request.user, text=request.POST.get("text", ""))
    except HelpdeskError as error:
        return refused(request, found, error)
    return _stamped(request, found, stamp)


@login_required
@require_POST
def use(request: AgentRequest, session_id: UUID, pk: int) -> HttpResponse:
    """The agent said it, copied it, or wants it in the reply."""
    found = own(request, session_id, running=False)
    suggestion = found.suggestions.filter(pk=pk).first()
    if suggestion is None:
        raise Http404
    try:
        stamp = stamps.use(suggestion, found, by=request.user, into=request.POST.get("into", ""))
    except HelpdeskError as error:
        return refused(request, found, error)
    return _stamped(request, found, stamp)


@login_required
@require_POST
def rate(request: AgentRequest, session_id: UUID, pk: int) -> HttpResponse:
    """Helpful, not helpful, irrelevant. One press, changeable; also after the call."""
    try:
        feedback.rate(own(request, session_id, running=False), pk, request.POST.get("feedback", ""), by=request.user)
    except (Invalid, NotFound) as error:
        raise Http404 from error
    return HttpResponse(status=204) if request.htmx else redirect("call", session_id)


@login_required
@require_POST
def consent(request: AgentRequest, session_id: UUID) -> HttpResponse:
    """What the caller said to being recorded and read."""
    answered = request.POST.get("agreed") == "yes"
    stamps.note_consent(own(request, session_id), agreed=answered, by=request.user)
    return redirect("call", session_id)


@login_required
@require_POST
def confirm(request: AgentRequest, session_id: UUID) -> HttpResponse:
    """The agent confirms a fact that was heard."""
    found = own(request, session_id, running=False)
    kept, fact = consenting.desk_of(found), request.POST.get("fact", "")
    known = {f"{row.get('type')}:{row.get('value')}" for row in found.entities}
    if fact not in known:
        raise Http404
    kept.confirmed = sorted({*kept.confirmed, fact})
    kept.save(update_fields=["confirmed"])
    if not request.htmx:
        return redirect("call", session_id)
    return render(request, PARTS["side"], {"screen": screen.screen(found, request.user, part="side")})


@login_required
@require_POST
def step(request: AgentRequest, session_id: UUID, pk: int) -> HttpResponse:
    """Tick a step of the script by hand."""
    found = own(request, session_id)
    kept = consenting.desk_of(found)
    wanted = ScriptStep.objects.filter(pk=pk, script__is_active=True).first()
    if wanted is None:
        raise Http404
    scripts.tick(found, wanted, at=stamps.moment(found), by=request.user)
    if kept.script_id is None:
        CallDesk.objects.filter(session=found).update(script=wanted.script)
    if not request.htmx:
        return redirect("call", session_id)
    return render(request, PARTS["script"], {"screen": screen.screen(found, request.user, part="script")})


@login_required
@require_POST
def end(request: AgentRequest, session_id: UUID) -> HttpResponse:
    """Hang up, or hand over to another team; then the wrap-up."""
    found = own(request, session_id)
    status = request.POST.get("status", "")
    ended = switchboard.end(found, status if status in ENDINGS else CallSession.Status.COMPLETED)
    queue = Queue.objects.filter(slug=request.POST.get("to", "")).first() if status == CallSession.Status.TRANSFERRED else None
    if queue is not None and ended.ticket is not None:
        ended.ticket.move(queue=queue, by=request.user)
    return redirect("call-wrap-up", session_id)


def call_of(request: AgentRequest, session_id: UUID) -> CallSession:
    found = CallSession.objects.visible_to(request.user).with_people().filter(session_id=session_id).first()
    if found is None or not screen.may_open(found, request.user):
        raise Http404
    return found


def own(request: AgentRequest, session_id: UUID, *, running: bool = True) -> CallSession:
    """The call that the viewer is on; nobody writes in a colleague's. `running`: it must not be over."""
    found = call_of(request, session_id)
    mine = found.agent_id in (None, request.user.pk) or (request.user.oversees and not found.is_running)
    if not mine or (running and not found.is_running):
        raise Http404
    return found


def refused(request: AgentRequest, found: CallSession, error: HelpdeskError) -> HttpResponse:
    """What cannot be done, said where the agent looks."""
    if request.htmx:
        return HttpResponse(error.detail, status=422, content_type="text/plain")
    messages.error(request, error.detail)
    return redirect("call", found.session_id)


def overseeing(request: HttpRequest) -> bool:
    """Leads see the board of their queues, supervisors and admins that of all."""
    user = request.user
    return user.is_authenticated and (user.oversees or user.role == user.Role.LEAD)


def _stamped(request: AgentRequest, found: CallSession, stamp: object) -> HttpResponse:
    if not request.htmx:
        return redirect("call", found.session_id)
    return render(request, "assist/call/line.html", {"line": lines.stamp_line(stamp)})  # type: ignore[arg-type]


def _mark_shown(shown: screen.Screen) -> None:
    """The card on top was before the agent's eyes: the first number of the funnel."""
    if shown.mode == "own" and shown.say is not None and not shown.say.shown_to_agent:
        feedback.show(shown.call, [shown.say.pk])
