#!/usr/bin/env python
"""The command line: every command finds its servers, or has them started for as long as it runs."""

import os
import sys

# Commands that read no data: starting servers for them would only cost time.
WITHOUT_SERVERS = {
    "help", "version", "makemessages", "compilemessages", "collectstatic", "findstatic", "startapp", "diffsettings", "spectacular", "check",
}  # fmt: skip
# Exit codes of a failed start, where 1 would be wrong: to a mail server 75 means "try again later".
FAILED_START = {"receive_mail": 75}


def main() -> int:
    """Run one command; returns the exit code of a start that failed, else leaves by the command's own."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if not ({"--help", "-h", "--version"} & set(sys.argv) or command in WITHOUT_SERVERS):
        failed = start_servers(command)
        if failed:
            return failed
    from django.core.management import execute_from_command_line  # noqa: PLC0415  late: a missing installation is explained below

    execute_from_command_line(sys.argv)
    return 0


def start_servers(command: str) -> int:
    """Attach to the servers of DATA_DIR or start them; an exit code if that fails, 0 if all is well."""
    from helpdesk.core.embedded import EmbeddedServersError  # noqa: PLC0415
    from helpdesk.core.embedded.choice import start_what_is_missing  # noqa: PLC0415

    try:
        start_what_is_missing(say=print if command == "up" else lambda sentence: None)
    except EmbeddedServersError as problem:
        print(f"{command}: {problem}", file=sys.stderr)  # noqa: T201  the command line speaks
        return FAILED_START.get(command, 1)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ModuleNotFoundError as missing:
        if missing.name not in {"django", "environ", "celery", "psycopg"}:
            raise
        sys.exit(f"{missing.name} is not installed here: run `make up` once, then use .venv/bin/python manage.py.")
