"""Synonyms from a text file, one group a line: `2FA, one-time code` both ways, `chit => invoice, bill` one way. `#` starts a remark."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from .models import SynonymGroup

MOST_LINES = 5_000
MOST_BYTES = 1_000_000


@dataclass
class SynonymReport:
    added: int = 0
    known: int = 0  # the same group is there already
    skipped: list[str] = field(default_factory=list)  # "line 3: Give at least two different terms."


def read(text: str) -> SynonymReport:
    """Add every group of the text that is not there yet. A line that says nothing is reported and stops none of the others."""
    report = SynonymReport()
    present = {(tuple(group.terms), group.one_way) for group in SynonymGroup.objects.all()}
    for number, line in enumerate(text.splitlines()[:MOST_LINES], 1):
        said = line.partition("#")[0].strip()
        if said:
            _take(number, said, present, report)
    return report


def _take(number: int, said: str, present: set[tuple[tuple[str, ...], bool]], report: SynonymReport) -> None:
    asked, arrow, meant = said.partition("=>")
    group = SynonymGroup(terms=[*asked.split(","), *meant.split(",")], one_way=bool(arrow))
    try:
        if arrow and ("," in asked or not asked.strip()):
            raise ValidationError(gettext("One term before the arrow, please."))
        group.clean()
        group.full_clean()
    except ValidationError as error:
        report.skipped.append(gettext("line %(number)d: %(why)s") % {"number": number, "why": " ".join(error.messages)})
        return
    key = (tuple(group.terms), group.one_way)
    if key in present:
        report.known += 1
        return
    group.save()
    present.add(key)
    report.added += 1
