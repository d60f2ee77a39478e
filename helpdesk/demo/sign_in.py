"""One generated password for the demonstration agents, on this machine only."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError

from helpdesk.core.models import User

_PASSWORD = re.compile(r"^\s*Password: (\S+)$", re.MULTILINE)


def refuse_off_loopback() -> None:
    """Raises CommandError where the helpdesk can be reached from elsewhere: everybody there shares a password."""
    if not settings.ON_LOOPBACK:
        raise CommandError(
            f"The demonstration company has sign-ins that anyone may know, so "
            f"it is loaded only on 127.0.0.1 (SITE_HOST is {settings.SITE_HOST})."
        )


def path() -> Path:
    return Path(settings.DATA_DIR) / "demo-sign-in.txt"


def password() -> str:
    """The one that is written down already, else a new one."""
    written = _PASSWORD.search(path().read_text(encoding="utf-8")) if path().exists() else None
    return written[1] if written else "-".join(secrets.token_hex(3) for _ in range(3))


def write_down(agents: list[User], secret: str) -> None:
    """Keep the sign-in where only this machine's user can read it; `manage.py up` prints it."""
    lines = [
        "Demonstration sign-in (all agents share the password):",
        *(f"  {agent.email:<24} {agent.get_role_display()}" for agent in agents),
        f"  Password: {secret}",
        "",
    ]
    target = path()
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)  # a file that was there keeps its mode otherwise
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write("\n".join(lines))
