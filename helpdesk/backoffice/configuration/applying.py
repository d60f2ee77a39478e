"""Writing what a file says: row by row, and only what is different. A row is found again by its key; rows of one key by their order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import ForeignKey, ManyToManyField, Model, ProtectedError
from django.utils.translation import gettext as _

from helpdesk.core.errors import HelpdeskError, Invalid
from helpdesk.core.models import User
from tickets.models import Rule
from tickets.rules import keeping, porting

from . import trying, wording
from .exporting import Row, canonical, field_of, said
from .shape import EXPERIMENTS, MODEL, NAMED_BY, PROMPTS, SECTIONS, Section

_WAYS: dict[str, Callable[[list[Row], User | None, bool], None]] = {
    PROMPTS: wording.write_prompts,
    MODEL: wording.write_model,
    EXPERIMENTS: trying.write_experiments,
}


def write(sections: dict[str, list[Row]], by: User | None, remove: bool) -> None:
    """Every section in its order. Raises Invalid, which says where, and IntegrityError."""
    for section in SECTIONS:
        if section.name in sections:
            with _place(section.name):
                _write_section(section, sections[section.name], remove)
    for name, way in _WAYS.items():
        if name in sections:
            with _place(name):
                way(sections[name], by, remove)


class _place:
    """Errors inside say where in the file they come from."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, ValidationError):
            raise Invalid(f"{self.name}: {_in_words(error)}") from error
        if isinstance(error, ProtectedError):
            raise Invalid(f"{self.name}: " + _("a row that would be removed is still in use.")) from error
        if isinstance(error, HelpdeskError):
            raise Invalid(f"{self.name}: {error.detail}") from error


def _write_section(section: Section, rows: list[Row], remove: bool) -> None:
    here = _found(section)
    if section.model is Rule:
        rows = porting.identified(rows)
    seen: Counter[str] = Counter()
    wanted = []
    for row in rows:
        key = canonical(_key(section, row))
        wanted.append((here.pop((key, seen[key]), None), row))
        seen[key] += 1
    if remove and not section.keeps:  # first, so that a name or a flag that moves to another row is free
        for one in here.values():
            one.delete()
    for number, (there, row) in enumerate(wanted):
        with _place(f"[{number}] {canonical(_key(section, row))}"):
            _write_row(section, there, row)


def _found(section: Section) -> dict[tuple[str, int], Model]:
    """The rows that there are, by key and occurrence."""
    seen: Counter[str] = Counter()
    found = {}
    for one in sorted(section.rows(), key=lambda row: canonical([said(row, name) for name in (*section.key, *section.fields)])):
        key = canonical([said(one, name) for name in section.key])
        found[(key, seen[key])] = one
        seen[key] += 1
    return found


def _key(section: Section, row: Row) -> list[Any]:
    if section.name == "people":
        return [str(row.get("email", "")).lower()]
    return [row.get(name) for name in section.key]


def _write_row(section: Section, found: Model | None, row: Row) -> None:
    one = found if found is not None else _blank(section)
    own = [name for name in (*section.key, *section.fields) if name in row]
    many = [name for name in own if isinstance(field_of(section.model, name), ManyToManyField)]
    changed = [name for name in own if name not in many and (found is None or said(one, name) != row[name])]
    for name in changed:
        setattr(one, name, _value(field_of(section.model, name), row[name]))
    if found is None or changed:
        _check(one)
        _make_room(section, one)
        if found is None:
            wording.lock(one)
        else:
            wording.moved(one, changed)
        one.save()
    for name in many:
        if said(one, name) != row[name]:
            getattr(one, name).set(_all_named(field_of(section.model, name), row[name]))
    for name in section.children:
        if name in row:
            _write_children(section, name, one, row[name])


def _make_room(section: Section, one: Model) -> None:
    """A flag that one row at most has is taken from the row that has it now."""
    for flag in section.only_one:
        if getattr(one, flag):
            section.model._default_manager.filter(**{flag: True}).exclude(pk=one.pk).update(**{flag: False})


def _blank(section: Section) -> Model:
    one = section.model(**section.chosen)
    if isinstance(one, User):
        one.set_unusable_password()  # they set their own, by the link of "forgotten password", or come by the company's sign-in
    return one


def _check(one: Model) -> None:
    """Everything that a form would check. Raises ValidationError, or Invalid for a rule."""
    hidden = [field.name for field in one._meta.fields if not field.editable or field.name == "password"]
    one.full_clean(exclude=hidden, validate_unique=False, validate_constraints=False)
    if isinstance(one, User) and one.is_superuser and not (one.is_active and one.role == User.Role.ADMIN):
        raise Invalid(_("An owner's account cannot be lowered by a file."))
    if isinstance(one, Rule):
        if problems := keeping.problems(one):
            raise Invalid(" ".join(problems))
        one.next_run_at = keeping.next_run(one)
    wording.check(one)


def _write_children(section: Section, name: str, parent: Model, rows: list[Row]) -> None:
    """Those that are the same stay; the others go and come."""
    kind = section.children[name]
    there = kind.model._default_manager.filter(**{kind.parent: parent})
    rows = [{field: row.get(field, field_of(kind.model, field).get_default()) for field in kind.fields} for row in rows]
    left = Counter(canonical(row) for row in rows)
    for child in there:
        mark = canonical({one: said(child, one) for one in kind.fields})
        if left[mark]:
            left[mark] -= 1
        else:
            child.delete()
    for row in rows:
        mark = canonical(row)
        if left[mark]:
            left[mark] -= 1
            values = {one: _value(field_of(kind.model, one), value) for one, value in row.items()}
            child = kind.model(**{kind.parent: parent, **values})
            child.full_clean(validate_unique=False, validate_constraints=False)
            child.save()


def _value(field: models.Field[Any, Any], value: Any) -> Any:
    if isinstance(field, ForeignKey):
        return None if value is None else _named(field.related_model, value)  # type: ignore[arg-type]
    if isinstance(field, models.DateField):
        return date.fromisoformat(value)
    return value.lower() if isinstance(field, models.EmailField) else value


def _named(model: type[Model], name: Any) -> Model:
    found = model._default_manager.filter(**{NAMED_BY[model]: name}).first()
    if found is None:
        raise Invalid(_("there is no %(what)s “%(name)s”, here or in the file") % {"what": model._meta.verbose_name, "name": name})
    return found


def _all_named(field: models.Field[Any, Any], names: Iterable[Any]) -> list[Model]:
    return [_named(field.related_model, name) for name in names]  # type: ignore[arg-type]


def _in_words(error: ValidationError) -> str:
    if hasattr(error, "error_dict"):
        return "; ".join(f"{name}: {' '.join(map(str, said_))}" for name, said_ in error.message_dict.items())
    return " ".join(map(str, error.messages))
