"""Starts the parts, restarts one that crashes, stops all in order. One thread, woken by signals."""

import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from .children import WATCHED, fork
from .parts import Part

TICK = 0.5  # seconds between two looks when no signal comes
CRASHES_IN_A_ROW = 5
LIVES = 60.0  # seconds after which a part counts as started well
LONGEST_PAUSE = 15.0  # seconds before a crashed part is started again


@dataclass
class Running:
    """One part and how it fares."""

    part: Part
    pid: int = 0
    crashes: int = 0  # in a row
    start_at: float = 0.0  # not before
    started: float = 0.0


class Supervisor:
    """Runs `parts` until a signal or a part that keeps crashing; `look` is called every half second."""

    def __init__(self, parts: list[Part], say: Callable[[str], None], look: Callable[[], None]) -> None:
        self.running = [Running(part) for part in parts]
        self.say = say
        self.look = look
        self.failed = ""

    def run(self) -> str:
        """Until the end; returns what went wrong, empty after Ctrl-C or TERM."""
        signal.pthread_sigmask(signal.SIG_BLOCK, WATCHED)
        try:
            while not self.failed and self._wait() not in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                self._reap()
                self._start_what_is_due()
                self.look()
        finally:
            self._stop()
        return self.failed

    @staticmethod
    def _wait() -> int:
        if sys.platform != "linux":  # macOS has no sigtimedwait: blocked signals are asked for
            time.sleep(TICK)
            return int(next(iter(signal.sigpending() & (WATCHED - {signal.SIGCHLD})), 0))
        got = signal.sigtimedwait(WATCHED, TICK)
        return got.si_signo if got else 0

    def _start_what_is_due(self) -> None:
        for one in self.running:
            if not one.pid and time.monotonic() >= one.start_at:
                one.started = time.monotonic()
                one.pid = fork(one.part.name, one.part.work)

    def _reap(self) -> None:
        for one in self.running:
            if one.pid and (status := _ended(one.pid)) is not None:
                one.pid = 0
                self._note_crash(one, status)

    def _note_crash(self, one: Running, status: int) -> None:
        now = time.monotonic()
        one.crashes = 1 if now - one.started > LIVES else one.crashes + 1
        if one.crashes >= CRASHES_IN_A_ROW:
            self.failed = (
                f"The {one.part.name} part ended {one.crashes} times in a row ({_how(status)}): "
                "its reason stands above. Everything is stopped."
            )
            return
        pause = min(2.0 ** (one.crashes - 1), LONGEST_PAUSE)
        one.start_at = now + pause
        self.say(f"The {one.part.name} part ended unexpectedly ({_how(status)}); it starts again in {pause:.0f} s.")

    def _stop(self) -> None:
        for one in self.running:
            if one.pid and _ended(one.pid) is None:
                self._stop_one(one)
            one.pid = 0

    def _stop_one(self, one: Running) -> None:
        os.kill(one.pid, signal.SIGTERM)
        give_up = time.monotonic() + one.part.patience
        told = time.monotonic() + 2
        while _ended(one.pid) is None:
            if told and time.monotonic() > told:
                self.say(f"Waiting for the {one.part.name} part to finish its work; Ctrl-C again stops it at once.")
                told = 0
            if time.monotonic() > give_up or self._wait() == signal.SIGINT:
                os.kill(one.pid, signal.SIGKILL)
                os.waitpid(one.pid, 0)
                return


def _ended(pid: int) -> int | None:
    """The wait status of a child that ended, None while it runs."""
    try:
        done, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return 0
    return status if done else None


def _how(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"killed by {signal.Signals(os.WTERMSIG(status)).name}"
    return f"exit code {os.waitstatus_to_exitcode(status)}"
