"""Bringing a file in: all of it or nothing, and only what is different is written.

A trial does the same and takes it back, so what it shows is what would happen. A row that the file leaves out stays as it is, unless
`remove` is asked for; so does a field that a row leaves out.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import ForeignKey, ManyToManyField, Model, ProtectedError
from django.utils.translation import gettext as _

from helpdesk.core.audit import acting_for, note
from helpdesk.core.errors import HelpdeskError, Invalid
from helpdesk.core.events import record
from helpdesk.core.models import AuditEntry, User, Webhook
from tickets.models import BusinessHours, Rule, SlaPolicy
from tickets.rules import keeping, porting

from . import wording
from .differing import Difference, differences
from .exporting import Row, canonical, export, field_of, said
from .shape import FORMAT, MODEL, MODEL_FIELDS, NAMED_BY, PROMPT_FIELDS, PROMPTS, SECTIONS, VERSION, Section

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


@dataclass(frozen=True)
class Result:
    """What was done, or would be."""

    differences: list[Difference]

    @property
    def counts(self) -> dict[str, int]:
        return dict(Counter(one.deed for one in self.differences))


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
    _known("sections", sections, (*(one.name for one in SECTIONS), PROMPTS, MODEL))
    for section in SECTIONS:
        _check_rows(section.name, sections.get(section.name, []), section.known, section)
    _check_rows(PROMPTS, sections.get(PROMPTS, []), PROMPT_FIELDS)
    _check_rows(MODEL, sections.get(MODEL, []), MODEL_FIELDS)
    return sections


def bring_in(sections: dict[str, list[Row]], *, by: User | None, remove: bool = False, trial: bool = False, label: str = "") -> Result:
    """Do it, or with `trial` only say what it would do. Raises Invalid, and changes nothing, when a row makes no sense here."""
    with acting_for(by), transaction.atomic():
        before, had_admin = export(), _has_admin()
        try:
            with transaction.atomic():
                _write(sections, by, remove)
        except IntegrityError as wrong:
            raise Invalid(_("Two rows cannot both be so: %(why)s") % {"why": str(wrong).splitlines()[0]}) from wrong
        result = Result(differences(before, export()))
        if had_admin and not _has_admin():
            raise Invalid(_("people: this would leave no admin."))
        _keep_own_rights(by)
        if trial:
            transaction.set_rollback(True)
        elif result.differences:
            _tell(result, by, label)
    return result


def _write(sections: dict[str, list[Row]], by: User | None, remove: bool) -> None:
    for section in SECTIONS:
        if section.name in sections:
            with _place(section.name):
                _write_section(section, sections[section.name], remove)
    if PROMPTS in sections:
        with _place(PROMPTS):
            wording.write_prompts(sections[PROMPTS], by)
    if MODEL in sections:
        with _place(MODEL):
            wording.write_model(sections[MODEL], by, remove=remove)


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
    if isinstance(one, Webhook):
        one.new_secret()  # nobody knows it yet: a new one is shown on the webhook's page
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
    if isinstance(one, Webhook):
        wording.check_webhook(one)


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


# ---- the shape of the file ----


def _check_rows(place: str, rows: Any, known: tuple[str, ...], section: Section | None = None) -> None:
    if not isinstance(rows, list) or len(rows) > MOST_ROWS:
        raise Invalid(_("%(place)s: a list of at most %(n)d rows is expected.") % {"place": place, "n": MOST_ROWS})
    for number, row in enumerate(rows):
        where = f"{place}[{number}]"
        if not isinstance(row, dict):
            raise Invalid(_("%(place)s: an object is expected.") % {"place": where})
        _known(where, row, known)
        if section is None:
            _need(where, row, ("name", "text") if place == PROMPTS else known)
            continue
        _need(where, row, section.key)
        for name, value in row.items():
            if name in section.children:
                kind = section.children[name]
                _check_rows(f"{where}.{name}", value, kind.fields, Section(name, kind.model, kind.fields[:1], kind.fields[1:]))
            else:
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


# ---- after it ----


def _has_admin() -> bool:
    return User.objects.filter(role=User.Role.ADMIN, is_active=True).exists()


def _keep_own_rights(by: User | None) -> None:
    """Nobody locks themselves out."""
    if by is not None and not User.objects.filter(pk=by.pk, role=by.role, is_active=True).exists():
        raise Invalid(_("people: this would take your own rights away. Somebody else has to bring it in."))


def _tell(result: Result, by: User | None, label: str) -> None:
    note(AuditEntry.Act.IMPORTED, "configuration", by=by, label=label, after=result.counts)
    if any(one.section in ("business_hours", "sla_policies", "queues") for one in result.differences):
        promise = SlaPolicy.objects.first() or BusinessHours.objects.first()
        if promise is not None:  # open tickets are worked out anew
            record("policy.changed", subject=promise, by=by, name=str(promise), old={}, new={})


def _in_words(error: ValidationError) -> str:
    if hasattr(error, "error_dict"):
        return "; ".join(f"{name}: {' '.join(map(str, said_))}" for name, said_ in error.message_dict.items())
    return " ".join(map(str, error.messages))
