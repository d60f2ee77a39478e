"""`manage.py import_config FILE [--dry-run] [--remove]`: bring a configuration file in, all of it or nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from helpdesk.backoffice import configuration
from helpdesk.core.errors import HelpdeskError
from helpdesk.core.models import User


class Command(BaseCommand):
    help = "Shows every difference, then makes it. Twice changes nothing the second time."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="only show what would change")
        parser.add_argument("--remove", action="store_true", help="also remove what the file's sections do not have")
        parser.add_argument("--by", metavar="EMAIL", help="whose deed it is, for the audit")

    def handle(self, *, file: Path, dry_run: bool, remove: bool, by: str | None, **_: Any) -> None:
        try:
            sections = configuration.parse(file.read_bytes())
            result = configuration.bring_in(sections, by=_person(by), remove=remove, trial=dry_run, label=file.name)
        except OSError as unreadable:
            raise CommandError(str(unreadable)) from unreadable
        except HelpdeskError as refused:
            raise CommandError(f"Nothing was changed. {refused.detail}") from refused
        for one in result.differences:
            self.stdout.write(str(one))
        said = ", ".join(f"{number} {deed}" for deed, number in sorted(result.counts.items())) or "no difference"
        self.stdout.write(f"{'Would be' if dry_run else 'Done'}: {said}.")


def _person(email: str | None) -> User | None:
    if email is None:
        return None
    person = User.objects.filter(email__iexact=email, is_active=True).first()
    if person is None or person.role != User.Role.ADMIN:
        raise CommandError(f"{email} is no admin here.")
    return person
