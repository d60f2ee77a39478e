"""`manage.py setup`: prints a link, valid 24 hours and once, with which the first admin makes their account."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from helpdesk.core.accounts import invitations


class Command(BaseCommand):
    help = "Print a link for the first admin. It works once, for 24 hours, and only while there is no admin."

    def handle(self, *args: Any, **options: Any) -> None:
        if invitations.has_admin():
            raise CommandError("There is an admin already. Admins invite colleagues under Settings, People and roles.")
        self.stdout.write(invitations.setup_link())
