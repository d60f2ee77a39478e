"""`manage.py api_key NAME --scope tickets:read …`: make a key and print it, alone, on standard output."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from helpdesk.core.models import ApiKey
from helpdesk.core.models.access import KEY_LIFETIME, SCOPES
from tickets.models import Queue


class Command(BaseCommand):
    help = "Make an API key. It is shown once: what is stored is only its hash."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="whose key it is")
        parser.add_argument(
            "--scope", action="append", nargs="+", required=True, metavar="SCOPE", help='for example tickets:read; "*" for all'
        )
        parser.add_argument("--days", type=int, default=KEY_LIFETIME.days, help="days until it expires (0: never)")
        parser.add_argument("--team", action="append", default=[], metavar="SLUG", help="only this team; may be given more than once")
        parser.add_argument("--per-minute", type=int, default=None, help="requests a minute")

    def handle(self, *, name: str, scope: list[list[str]], days: int, per_minute: int | None, team: list[str], **_options: Any) -> None:
        scopes = [item for group in scope for item in group]
        if unknown := [item for item in scopes if item not in SCOPES]:
            raise CommandError(f"No such scope: {', '.join(unknown)}. Choose from: {', '.join(SCOPES)}")
        queues = dict(Queue.objects.filter(slug__in=team).values_list("slug", "pk"))
        if missing := [slug for slug in team if slug not in queues]:
            raise CommandError(f"No such team: {', '.join(missing)}.")
        expires = timezone.now() + timedelta(days=days) if days else None
        _key, secret = ApiKey.issue(name, scopes=scopes, expires_at=expires, rate_limit_per_minute=per_minute, queues=list(queues.values()))
        self.stdout.write(secret)
