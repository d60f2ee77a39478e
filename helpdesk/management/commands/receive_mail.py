"""`manage.py receive_mail < message.eml`: one mail from an MTA's pipe."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError

from tickets.channels.mailbox import MailTooLarge, store
from tickets.models import Queue


class Command(BaseCommand):
    help = "Takes one mail on standard input. Exit code 0: stored; 75: to be tried again; 65: over the size limit."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--queue", default="", help="slug or name of the queue; without it the recipient decides")
        parser.add_argument("--sender", default="", help="the envelope's sender, as the MTA knows it")
        parser.add_argument("--recipient", action="append", default=[], help="the envelope's recipient; may be repeated")

    def handle(self, *_args: Any, queue: str, sender: str, recipient: list[str], **_options: Any) -> None:
        sys.exit(self._take(queue, sender, recipient))

    def _take(self, queue: str, sender: str, recipients: list[str]) -> int:
        try:
            raw = sys.stdin.buffer.read(settings.MAIL_LARGEST + 1)
            store(raw, source="pipe", envelope_from=sender, envelope_to=recipients, queue=_queue(queue))
        except MailTooLarge:
            return self._refuse(f"larger than {settings.MAIL_LARGEST} bytes", os.EX_DATAERR)
        except Queue.DoesNotExist:
            return self._refuse(f"no queue is called {queue!r}", os.EX_TEMPFAIL)
        except DatabaseError as error:
            return self._refuse(f"the database does not answer ({type(error).__name__})", os.EX_TEMPFAIL)
        except Exception as error:  # the MTA keeps the mail and tries again; a traceback would end up with the customer
            return self._refuse(repr(error), os.EX_TEMPFAIL)
        return os.EX_OK

    def _refuse(self, reason: str, code: int) -> int:
        self.stderr.write(f"receive_mail: not stored: {reason}")
        return code


def _queue(name: str) -> Queue | None:
    if not name:
        return None
    return Queue.objects.filter(slug=name).first() or Queue.objects.get(name__iexact=name)
