"""`manage.py fetch_mail`: polls the IMAP mailboxes of `IMAP_URLS` once."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tickets.channels import imap


class Command(BaseCommand):
    help = "Polls the IMAP mailboxes of IMAP_URLS once (the scheduler does it every minute). Exit code 1 when one did not answer."

    def handle(self, *_args: Any, **_options: Any) -> None:
        try:
            polled = imap.fetch_all()
        except ValueError as error:
            raise CommandError(f"IMAP_URLS: {error}") from error
        if not polled:
            self.stdout.write("No mailbox is configured. Set IMAP_URLS=imaps://user:password@host/INBOX?queue=support")
        for one in polled:
            self.stdout.write(f"{one.mailbox}: {one.error or f'{one.stored} taken'}")
        if any(one.error for one in polled):
            sys.exit(1)
