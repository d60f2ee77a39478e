"""Forked children of `up`. Forked, not executed: Django is imported once and its memory is shared by all parts.

The parent has one thread and no open connection, so that a fork is safe; whatever opens threads or connections
(migrations too) runs in a child.
"""

import ctypes
import os
import signal
import sys
import traceback
from collections.abc import Callable

from django.core.management.base import CommandError

from helpdesk.core.errors import HelpdeskError

WATCHED = {signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
PR_SET_PDEATHSIG, PR_SET_NAME = 1, 15


def fork(name: str, work: Callable[[], object]) -> int:
    """Run `work` in a child; returns its process id. The child ends with 0, or 1 after saying what went wrong."""
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    if pid := os.fork():
        return pid
    code = 1
    try:
        _become_child(name, parent)
        work()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except (CommandError, HelpdeskError) as problem:
        _say(f"{name}: {problem}")
    except BaseException:  # a child must never run on into its parent's code
        _say(f"{name}: {traceback.format_exc()}")
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _become_child(name: str, parent: int) -> None:
    for kind in WATCHED:
        signal.signal(kind, signal.SIG_DFL)
    # Ctrl-C reaches the whole group at once; it stays blocked here, because the supervisor stops the parts in their order.
    signal.pthread_sigmask(signal.SIG_SETMASK, {signal.SIGINT, signal.SIGHUP})
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
        libc.prctl(PR_SET_NAME, f"helpdesk-{name}"[:15].encode())
    if os.getppid() != parent:
        os._exit(1)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201  the command line's own voice
