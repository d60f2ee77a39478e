"""An import that somebody starts in the console: the file is stored, a worker takes it in, the page shows how far it is.

pk = start(upload, by=priya).pk     # then, in the worker:     run(pk)
"""

from __future__ import annotations

import logging
from pathlib import Path, PurePath
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from helpdesk.core.errors import HelpdeskError, Invalid
from helpdesk.core.models import User

from .importing import Report, take_all
from .models import ImportRun
from .reading import read_file

log = logging.getLogger(__name__)

MOST_BYTES = 50_000_000  # of an upload; `manage.py import_articles` takes more
KINDS = (".json", ".csv", ".md", ".markdown", ".html", ".htm", ".zip")
SKIPPED_SHOWN = 500
STEPS = 50  # how often at most the page learns how far it is


def start(upload: UploadedFile[Any], *, by: User) -> ImportRun:
    """Store the file for the worker. Raises Invalid for an empty or too large file, or a kind that is not read."""
    name = PurePath((upload.name or "").replace("\\", "/")).name[-255:] or "file"
    if not upload.size:
        raise Invalid(_("“%(name)s” is empty.") % {"name": name})
    if upload.size > MOST_BYTES:
        raise Invalid(_("“%(name)s” is larger than %(most)s MB.") % {"name": name, "most": MOST_BYTES // 1_000_000})
    if PurePath(name).suffix.lower() not in KINDS:
        raise Invalid(_("“%(name)s” is of another kind: %(kinds)s are read.") % {"name": name, "kinds": ", ".join(KINDS)})
    run_row = ImportRun(name=name, started_by=by)
    run_row.file.save("", upload, save=False)
    run_row.save()
    return run_row


def run(pk: UUID) -> None:
    """Take the file in. Safe to repeat: a killed worker's import begins again, and what is there already is unchanged."""
    with transaction.atomic():
        row = ImportRun.objects.select_for_update().filter(pk=pk).first()
        if row is None or row.over:
            return
        row.state = ImportRun.State.RUNNING
        row.save(update_fields=["state"])
    try:
        entries = list(read_file(row.name, Path(row.file.path)))
        report = take_all(entries, by=row.started_by, progress=_progress(row))
    except HelpdeskError as refused:
        _finish(row, ImportRun.State.FAILED, error=refused.detail)
    except OSError as problem:
        log.exception("import_unreadable", extra={"import": str(row.pk)})
        _finish(row, ImportRun.State.FAILED, error=_("The uploaded file cannot be read: %(why)s.") % {"why": problem.strerror})
    else:
        _finish(row, ImportRun.State.DONE, report=report)


def _progress(row: ImportRun) -> Any:
    def told(done: int, total: int) -> None:
        if done == total or done % max(1, total // STEPS) == 0:
            ImportRun.objects.filter(pk=row.pk).update(done=done, total=total)

    return told


def _finish(row: ImportRun, state: ImportRun.State, *, report: Report | None = None, error: str = "") -> None:
    row.state, row.error, row.finished_at = state, error, timezone.now()
    if report:
        row.counts = {**report.counts, "encodings": sorted(report.encodings)}
        row.skipped = [{"source": one.source, "reason": one.reason} for one in report.skipped[:SKIPPED_SHOWN]]
    row.save(update_fields=["state", "error", "finished_at", "counts", "skipped"])
    row.file.delete()  # the articles are the result; the upload has no further use
