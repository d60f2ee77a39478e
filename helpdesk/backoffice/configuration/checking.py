"""Reading a file: whether it is a configuration of this version, and every value of the kind that its place takes. Nothing is looked up."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import models
from django.db.models import ForeignKey, ManyToManyField
from django.utils.translation import gettext as _

from helpdesk.core.errors import Invalid

from .exporting import Row, field_of
from .shape import FORMAT, OWN_WAYS, SECRETS, SECTIONS, TO_BE_ENTERED, VERSION, Section

LARGEST = 2_000_000  # bytes
MOST_ROWS = 20_000  # of a section
DEEPEST = 40  # brackets within brackets
SHAPES: tuple[tuple[type[models.Field[Any, Any]], tuple[type, ...]], ...] = (
    (models.BooleanField, (bool,)),
    (models.IntegerField, (int,)),
    (models.FloatField, (int, float)),
    (models.CharField, (str,)),
    (models.TextField, (str,)),
    (models.DateField, (str,)),
    (models.DecimalField, (str,)),
)


def parse(text: bytes | str) -> dict[str, list[Row]]:
    """The sections of a file. Raises Invalid, which says where, for what is no configuration of this version or has unknown names."""
    if len(text) > LARGEST:
        raise Invalid(_("The file is larger than %(mb)d MB.") % {"mb": LARGEST // 1_000_000})
    try:
        said_ = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as wrong:
        raise Invalid(_("This is not JSON: %(why)s") % {"why": wrong}) from wrong
    if not isinstance(said_, dict) or said_.get("format") != FORMAT:
        raise Invalid(_("This is not a configuration file: it does not say “%(format)s”.") % {"format": FORMAT})
    if said_.get("version") != VERSION:
        raise Invalid(
            _("The file is of version %(its)s; this program reads version %(ours)d.") % {"its": said_.get("version"), "ours": VERSION}
        )
    _known("", said_, ("format", "version", "sections"))
    sections = said_.get("sections")
    if not isinstance(sections, dict):
        raise Invalid(_("“sections” is not an object."))
    _known("sections", sections, (*(one.name for one in SECTIONS), *OWN_WAYS))
    for section in SECTIONS:
        _check_rows(section.name, sections.get(section.name, []), section.known, section)
    for name, (fields, needed) in OWN_WAYS.items():
        _check_rows(name, sections.get(name, []), fields, needed=needed)
    return sections


def _check_rows(place: str, rows: Any, known: tuple[str, ...], section: Section | None = None, *, needed: tuple[str, ...] = ()) -> None:
    if not isinstance(rows, list) or len(rows) > MOST_ROWS:
        raise Invalid(_("%(place)s: a list of at most %(n)d rows is expected.") % {"place": place, "n": MOST_ROWS})
    for number, row in enumerate(rows):
        where = f"{place}[{number}]"
        if not isinstance(row, dict):
            raise Invalid(_("%(place)s: an object is expected.") % {"place": where})
        _known(where, row, known)
        _need(where, row, section.key if section else needed)
        if row.get(SECRETS, TO_BE_ENTERED) != TO_BE_ENTERED:
            raise Invalid(_("%(place)s: a file brings no secrets. Enter them on the page; here stands “%(words)s”.") % _placed(where))
        if section:
            _check_row(where, row, section)


def _placed(where: str) -> dict[str, str]:
    return {"place": where, "words": TO_BE_ENTERED}


def _check_row(where: str, row: Row, section: Section) -> None:
    for name, value in row.items():
        if name in section.children:
            kind = section.children[name]
            _check_rows(f"{where}.{name}", value, kind.fields, Section(name, kind.model, kind.fields[:1], kind.fields[1:]))
        elif name != SECRETS:
            _check_shape(f"{where}.{name}", field_of(section.model, name), value)


def _check_shape(where: str, field: models.Field[Any, Any], value: Any) -> None:
    if "\\u0000" in json.dumps(value) or _depth(value) > DEEPEST:
        raise Invalid(_("%(place)s: characters or brackets that cannot be stored.") % {"place": where})
    if value is None and (field.null or isinstance(field, models.JSONField)):
        return
    if isinstance(field, ManyToManyField) or field.get_internal_type() == "ArrayField":
        fits = isinstance(value, list) and all(isinstance(one, str) for one in value)
    elif isinstance(field, ForeignKey):
        fits = isinstance(value, str)
    elif isinstance(field, models.DateField):
        fits = isinstance(value, str) and _is_date(value)
    else:
        wanted = next((types for kind, types in SHAPES if isinstance(field, kind)), (object,))
        fits = isinstance(value, wanted) and not (isinstance(value, bool) and bool not in wanted and object not in wanted)
    if not fits:
        raise Invalid(_("%(place)s: a value of another kind is expected.") % {"place": where})


def _known(where: str, row: dict[str, Any], names: Iterable[str]) -> None:
    if unknown := sorted(set(row) - set(names)):
        raise Invalid(_("%(place)s: unknown field “%(name)s”.") % {"place": where or "file", "name": unknown[0][:80]})


def _need(where: str, row: dict[str, Any], names: Iterable[str]) -> None:
    if missing := [name for name in names if name not in row]:
        raise Invalid(_("%(place)s: “%(name)s” is missing.") % {"place": where, "name": missing[0]})


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is not a number")


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
