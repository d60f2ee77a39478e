"""Bringing a knowledge base in and taking it out. For leads, supervisors and admins: an import publishes."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from helpdesk.core.audit import note
from helpdesk.core.errors import HelpdeskError, Invalid
from helpdesk.core.models import AuditEntry, User
from helpdesk.core.requests import AgentRequest
from helpdesk.core.tasks import send_quietly
from knowledge import editing, exporting, import_runs, tasks
from knowledge.models import Article, ImportRun

RUNS_SHOWN = 10
UNHEARD = timedelta(seconds=30)  # after which the worker is asked again: the queue may have been away


@login_required
@require_http_methods(["GET", "POST"])
def imports(request: AgentRequest) -> HttpResponse:
    user, error = _publisher(request), ""
    if request.method == "POST":
        try:
            files = request.FILES.getlist("file")
            if not files:
                raise Invalid(_("Choose a file first."))
            run = import_runs.start(files[0], by=user)
        except HelpdeskError as refused:
            error = refused.detail
        else:
            _ask(run)
            return redirect("knowledge-import", run.pk)
    context = {
        "runs": ImportRun.objects.select_related("started_by")[:RUNS_SHOWN],
        "error": error,
        "kinds": import_runs.KINDS,
        "publisher": True,
    }
    return render(request, "knowledge/console/imports.html", context, status=422 if error else 200)


@login_required
@require_safe
def one_import(request: AgentRequest, pk: UUID) -> HttpResponse:
    """How far it is, then the report. `?part=1` is the middle of the page alone; it asks again while the import runs."""
    _publisher(request)
    run = get_object_or_404(ImportRun.objects.select_related("started_by"), pk=pk)
    if run.state == ImportRun.State.WAITING and timezone.now() - run.started_at > UNHEARD:
        _ask(run)
    template = "report" if "part" in request.GET else "import"
    return render(request, f"knowledge/console/{template}.html", {"run": run, "publisher": True})


@login_required
@require_safe
def export(request: AgentRequest) -> HttpResponse | FileResponse:
    """Every article as a zip of Markdown files with their pictures."""
    _publisher(request)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    count = exporting.write_zip(Article.objects.all(), file)
    file.seek(0)
    note(AuditEntry.Act.EXPORTED, "knowledge_article", after={"articles": count})
    return FileResponse(file, as_attachment=True, filename=f"articles-{timezone.localdate():%Y-%m-%d}.zip")


def _ask(run: ImportRun) -> None:
    transaction.on_commit(lambda: send_quietly(tasks.run_import, str(run.pk)))


def _publisher(request: AgentRequest) -> User:
    user = request.user
    if not editing.may_publish(user):
        raise PermissionDenied
    return user
