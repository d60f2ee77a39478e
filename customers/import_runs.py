"""An import of customers in the console: upload, check the columns, try it without a trace, then do it. The worker does both.

run = start(upload, by=priya); choose(run, mapping=…, region="DK", keep_others=True); try_out(run) … carry_out(run)
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from pathlib import PurePath
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.importing import NAMES, Report, columns_of, guess, import_customers
from customers.models import CustomerImport
from helpdesk.core.errors import Conflict, HelpdeskError, Invalid
from helpdesk.core.events import record
from helpdesk.core.models import User

log = logging.getLogger(__name__)

MOST_BYTES = 100_000_000  # of an upload; `manage.py import_customers` takes more
UNHEARD = timedelta(seconds=30)  # after which the worker is asked again
State = CustomerImport.State


def start(upload: UploadedFile[Any], *, by: User) -> CustomerImport:
    """Store the file and guess what its columns mean. Raises Invalid for what cannot be read; then nothing is kept."""
    name = PurePath((upload.name or "").replace("\\", "/")).name[-255:] or "file"
    if not upload.size:
        raise Invalid(_("“%(name)s” is empty.") % {"name": name})
    if upload.size > MOST_BYTES:
        raise Invalid(_("“%(name)s” is larger than %(most)s MB.") % {"name": name, "most": MOST_BYTES // 1_000_000})
    run = CustomerImport(name=name, started_by=by)
    run.file.save("", upload, save=False)
    try:
        run.columns = columns_of(run.path)
    except HelpdeskError:
        run.file.delete(save=False)
        raise
    run.mapping = guess(run.columns)
    run.save()
    return run


def choose(run: CustomerImport, *, mapping: Mapping[str, str], region: str, keep_others: bool) -> None:
    """Set what the columns mean. Raises Invalid for a column that is not there, Conflict while it runs."""
    if run.is_busy or run.state == State.DONE:
        raise Conflict(_("This import is on its way."))
    chosen = {ours: column for ours, column in mapping.items() if column}
    if set(chosen) - set(NAMES) or set(chosen.values()) - set(run.columns):
        raise Invalid(_("There is no such column."))
    if not {"external_id", "email", "phone"} & set(chosen):
        raise Invalid(_("Choose the column with the e-mail address, the phone number or the id: without one nobody is recognised again."))
    run.mapping, run.region, run.keep_others = chosen, region.upper()[:2], keep_others
    run.save(update_fields=["mapping", "region", "keep_others"])


def set_going(run: CustomerImport, state: str) -> None:
    """To be tried (`trying`) or done (`running`). Raises Conflict when it is on its way, or was done."""
    waiting = CustomerImport.objects.filter(pk=run.pk).exclude(state__in=(*CustomerImport.BUSY, State.DONE))
    if not waiting.update(state=state, done=0, counts={}, skipped=[], error="", asked_at=timezone.now()):
        raise Conflict(_("This import is on its way, or done."))


def work(pk: UUID) -> None:
    """What the worker does. Safe to repeat: a killed worker's import begins again, and what is there already is unchanged."""
    run = CustomerImport.objects.filter(pk=pk, state__in=CustomerImport.BUSY).first()
    if run is None:
        return
    trying = run.state == State.TRYING
    try:
        report = import_customers(
            run.path,
            mapping=run.mapping,
            dry_run=trying,
            region=run.region or None,
            keep_others=run.keep_others,
            progress=partial(_progress, pk),
        )
    except HelpdeskError as refused:
        _finish(run, State.FAILED, error=refused.detail)
    except OSError as problem:
        log.exception("customer_import_unreadable", extra={"import": str(pk)})
        _finish(run, State.FAILED, error=_("The uploaded file cannot be read: %(why)s.") % {"why": problem.strerror})
    else:
        _finish(run, State.TRIED if trying else State.DONE, report=report)


def _progress(pk: UUID, done: int) -> None:
    CustomerImport.objects.filter(pk=pk).update(done=done)


def _finish(run: CustomerImport, state: str, *, report: Report | None = None, error: str = "") -> None:
    run.state, run.error = state, error
    if report:
        run.counts, run.skipped = {**report.counts, "encoding": report.encoding}, report.skipped
    with transaction.atomic():
        run.save(update_fields=["state", "error", "counts", "skipped"])
        if state == State.DONE:
            record("customers.imported", subject=run, by=run.started_by, name=run.name, counts=run.counts)
    if state == State.DONE:
        run.file.delete(save=False)  # the customers are the result; a list of them lies about no longer
        run.save(update_fields=["file"])
