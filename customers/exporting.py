"""A person's export: one zip with a readable index.html, the same as JSON, and their files.

Each app adds its part: `@part("tickets")` over a generator that yields records, as plain data, and files. Public messages only: what
agents wrote to each other is not in it. Made in the background; a killed run is made again by `make_waiting`.

    run = ask(customer, by=priya); make(run.pk)
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import PurePosixPath
from tempfile import TemporaryFile
from typing import Any
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile

from django.core.files import File
from django.core.files.storage import default_storage
from django.core.mail import send_mail
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.access_log import note_read
from customers.models import Customer, CustomerExport
from customers.models.export import KEPT
from helpdesk.core.accounts.links import absolute
from helpdesk.core.models import User

log = logging.getLogger(__name__)

STALE = timedelta(minutes=30)  # a run that was not heard of for so long is made again
State = CustomerExport.State


@dataclass(frozen=True)
class Stored:
    """A file of theirs: where it is kept, and its name in the archive."""

    path: str
    name: str


Part = Callable[[Customer], Iterator[dict[str, Any] | Stored]]
_parts: dict[str, Part] = {}


def part(name: str) -> Callable[[Part], Part]:
    """Register what one app adds, under a name that is a file's name too."""

    def register(found: Part) -> Part:
        _parts[name] = found
        return found

    return register


def parts() -> list[str]:
    return list(_parts)


def ask(customer: Customer, *, by: User | None = None) -> CustomerExport:
    """A new export; one that is still being made is given again. The reading is noted."""
    with transaction.atomic():
        Customer.objects.select_for_update().get(pk=customer.pk)
        busy = customer.exports.filter(state__in=CustomerExport.BUSY).first()
        if busy:
            return busy
        note_read(by or customer, customer.pk, "export")
        return customer.exports.create(asked_by=by, total=len(_parts))


def make(pk: UUID) -> None:
    """Write the archive of a waiting export. A second worker that comes for it leaves it alone."""
    if not CustomerExport.objects.filter(pk=pk, state=State.WAITING).update(state=State.RUNNING):
        return
    run = CustomerExport.objects.select_related("customer").get(pk=pk)
    try:
        with TemporaryFile() as file:
            _write(run, file)
            name = default_storage.save(f"exports/{run.pk}.zip", File(file))
    except Exception:
        CustomerExport.objects.filter(pk=pk).update(state=State.FAILED)
        raise
    if not CustomerExport.objects.filter(pk=pk).update(state=State.READY, file=name, ready_at=timezone.now()):
        default_storage.delete(name)  # they were erased meanwhile
    elif run.asked_by_id is None and run.customer.email:
        words = {"link": absolute(reverse("privacy"))}
        send_mail(_("Your archive is ready"), render_to_string("customers/public/ready.txt", words), None, [run.customer.email])


def make_waiting() -> None:
    """What nobody took up, or was left by a worker that died; and exports that are over a week old go."""
    now = timezone.now()
    CustomerExport.objects.filter(state=State.RUNNING, asked_at__lt=now - STALE).update(state=State.WAITING)
    for old in CustomerExport.objects.filter(asked_at__lt=now - KEPT):
        old.file.delete(save=False)
        old.delete()
    for pk in CustomerExport.objects.filter(state=State.WAITING).values_list("pk", flat=True):
        make(pk)


def _write(run: CustomerExport, file: Any) -> None:
    sections: list[tuple[str, list[dict[str, Any]]]] = []
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for name, found in _parts.items():
            records = [one for one in found(run.customer) if not (isinstance(one, Stored) and _keep(archive, one))]
            rows = [json.loads(json.dumps(one, cls=DjangoJSONEncoder)) for one in records]
            archive.writestr(f"{name}.json", json.dumps(rows, ensure_ascii=False, indent=1))
            sections.append((name, rows))
            CustomerExport.objects.filter(pk=run.pk).update(done=len(sections))
        context = {"customer": run.customer, "sections": sections, "now": timezone.now()}
        archive.writestr("index.html", render_to_string("customers/export/index.html", context))
    file.seek(0)


def _keep(archive: ZipFile, one: Stored) -> bool:
    """Copy a file into the archive, under a name that leads nowhere else; what is gone from the disk is left out, and said in the log."""
    name = f"files/{PurePosixPath(one.name.replace(chr(92), '/')).name or 'file'}"
    if not default_storage.exists(one.path):
        log.warning("a file is gone from the disk", extra={"path": one.path})
        return True
    with default_storage.open(one.path) as source, archive.open(name, "w") as target:
        for chunk in source.chunks():
            target.write(chunk)
    return True
