"""Taking the ports before anything starts, and asking whether the parts behind them answer."""

import errno
import fcntl
import http.client
import json
import socket
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError


def listen(host: str, port: int, variable: str) -> socket.socket:
    """A listening socket on host:port. The supervisor keeps it, so that a restarted web part loses no visitor.

    Raises CommandError that names `variable`, the way to another port.
    """
    taken = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
        taken.listen(1024)
    except OSError as error:
        taken.close()
        raise CommandError(_why(error, host, port, variable)) from error
    taken.set_inheritable(True)
    return taken


def check_free(host: str, port: int, variable: str) -> None:
    """Raises CommandError when host:port cannot be taken; lets it go again, because lmtpd binds it itself."""
    listen(host, port, variable).close()


def _why(error: OSError, host: str, port: int, variable: str) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is in use by another program: stop it, or choose another port with {variable}=."
    if error.errno == errno.EACCES:
        return f"Port {port} may not be used without root's rights: choose one above 1023 with {variable}=."
    return f"{host}:{port} cannot be used ({error.strerror}): choose another address with {variable}=."


def health(host: str, port: int, site_host: str) -> dict[str, Any] | None:
    """What /health says, or None while nobody answers within a second."""
    line = http.client.HTTPConnection(_reachable(host), port, timeout=3)
    try:
        line.request("GET", "/health", headers={"Host": site_host})
        answer: dict[str, Any] = json.loads(line.getresponse().read())
        return answer
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        line.close()


def running_at(data_dir: Path) -> str:
    """The address of the helpdesk that runs in this folder, as `up` wrote it down; "" when none does."""
    try:
        with (data_dir / "up.lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:  # `up` holds it
        written = (data_dir / "up.lock").read_text().strip().rpartition(", ")[2]
        return written if written.startswith("http://") else ""
    except OSError:
        return ""
    return ""


def accepts(host: str, port: int) -> bool:
    """Whether the mail part takes connections."""
    try:
        socket.create_connection((_reachable(host), port), timeout=1).close()
    except OSError:
        return False
    return True


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  compared, not bound
