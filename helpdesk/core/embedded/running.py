"""Attach to the embedded servers of one DATA_DIR, or start them; let go again."""

import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .layout import EmbeddedServersError, Layout, layout, postgres_binaries, prepare, redis_server

KEEPER = Path(__file__).with_name("keeper.py")
ROOM_FOR_FIRST_START = 300 * 2**20  # a fresh cluster with its write-ahead log is 60 MB, the demonstration data about as much
ROOM_FOR_LATER_STARTS = 50 * 2**20
LONGEST_STOP = 60.0  # seconds; PostgreSQL's fast shutdown writes a checkpoint first
LONGEST_START = 300.0  # seconds; recovery after a crash replays the log before it lets anyone in

# Beside PostgreSQL's own defaults. Memory is small on purpose (whole stack under 700 MB), durability is not negotiable.
POSTGRES_SETTINGS = {
    "max_connections": "60",
    "shared_buffers": "128MB",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "jit": "off",
    "io_method": "sync",  # one process less per worker; the data of a small helpdesk is in memory anyway
    "autovacuum_max_workers": "2",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


@dataclass(frozen=True)
class Needs:
    """Which servers a process needs, and what differs from a production-like start (only tests differ)."""

    postgres: bool = True
    redis: bool = True
    postgres_settings: dict[str, str] = field(default_factory=dict)
    throw_away: bool = False  # the keeper deletes everything when the last user is gone


_held: dict[Path, int] = {}  # DATA_DIR -> our open lock file


def ensure(data_dir: Path, needs: Needs | None = None, say: Callable[[str], object] = lambda sentence: None) -> Layout:
    """Have the servers of `data_dir` running until this process ends or calls `release`; safe to call again.

    Must be called before threads are started that write. Raises EmbeddedServersError with one sentence to show.
    """
    needs = needs or Needs()
    places = layout(data_dir)
    owner = prepare(places)
    if data_dir not in _held:
        _held[data_dir] = _lock(places.run / "users.lock", fcntl.LOCK_SH, LONGEST_STOP)
    try:
        starting = _lock(places.run / "start.lock", fcntl.LOCK_EX, LONGEST_START)
        try:
            if is_kept(data_dir):
                _check_kept(places, needs)
            else:
                _start_keeper(places, needs, owner, say)
        finally:
            os.close(starting)
    except BaseException:
        release(data_dir)
        raise
    return places


def release(data_dir: Path, wait: bool = False) -> None:
    """Let go of the servers; the last one to let go stops them. `wait` returns when they are down, if nobody else uses them."""
    held = _held.pop(data_dir, None)
    if held is None:
        return
    os.close(held)
    if wait:
        os.close(_lock(layout(data_dir).run / "start.lock", fcntl.LOCK_SH, LONGEST_STOP))
        _wait_for_keeper(layout(data_dir).run)


def _wait_for_keeper(run: Path) -> None:
    """Until the keeper is gone, or another process turns out to hold the servers."""
    give_up = time.monotonic() + LONGEST_STOP
    while time.monotonic() < give_up and _is_locked(run / "keeper.lock"):
        if _is_shared(run / "users.lock"):
            return
        time.sleep(0.05)


def is_kept(data_dir: Path) -> bool:
    """Whether a keeper is alive for `data_dir`: it holds its lock as long as it lives."""
    return _is_locked(layout(data_dir).run / "keeper.lock")


def _is_locked(path: Path) -> bool:
    try:
        os.close(_try_lock(path, fcntl.LOCK_SH))
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


def _is_shared(path: Path) -> bool:
    try:
        os.close(_try_lock(path, fcntl.LOCK_EX))
    except BlockingIOError:
        # The keeper takes it alone while it stops: then no one can share it.
        return not _is_locked(path)
    except FileNotFoundError:  # a keeper of throw-away servers deletes it as its last deed
        return False
    return False


def _try_lock(path: Path, kind: int) -> int:
    handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BaseException:
        os.close(handle)
        raise
    return handle


def _lock(path: Path, kind: int, patience: float) -> int:
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    os.chown(path, path.parent.stat().st_uid, path.parent.stat().st_gid, follow_symlinks=False)
    give_up = time.monotonic() + patience
    while True:
        try:
            return _try_lock(path, kind)
        except BlockingIOError:
            if time.monotonic() > give_up:
                raise EmbeddedServersError(f"Another process keeps {path} locked for {patience:.0f} s: end it, then try again.") from None
            time.sleep(0.05)


def _check_kept(places: Layout, needs: Needs) -> None:
    kept = json.loads((places.run / "keeper.json").read_text())
    missing = [name for name in ("postgres", "redis") if getattr(needs, name) and not kept[name]]
    if missing:
        raise EmbeddedServersError(
            f"The servers running in {places.data_dir} were started without "
            f"{' and '.join(missing)}: stop what uses them (process {kept['pid']}), then try again."
        )


def _start_keeper(places: Layout, needs: Needs, owner: tuple[int, int], say: Callable[[str], object]) -> None:
    _check_room(places)
    said, answers = os.pipe()
    order = {
        **asdict(needs),
        "postgres_settings": {**POSTGRES_SETTINGS, **needs.postgres_settings},
        "postgres_bin": str(postgres_binaries(places)) if needs.postgres else "",
        "redis_server": str(redis_server(places)) if needs.redis else "",
        "home": str(places.home),
        "sockets": str(places.sockets),
        "app_uid": os.geteuid(),
        "uid": owner[0],
        "gid": owner[1],
        "answers": answers,
    }
    # -E -s -S: the standard library only. No site-packages, hence about 10 MB of memory and no way to be broken by them.
    command = [sys.executable, "-E", "-s", "-S", str(KEEPER)]
    keeper = subprocess.Popen(  # noqa: S603  our own file
        command, stdin=subprocess.PIPE, pass_fds=(answers,), start_new_session=True, cwd="/", stdout=subprocess.DEVNULL, text=True
    )
    os.close(answers)
    assert keeper.stdin is not None  # noqa: S101  asked for above
    with keeper.stdin as orders, os.fdopen(said) as heard:
        json.dump(order, orders)
        orders.close()
        _hear(heard, keeper, say)
    _forget(keeper)


def _hear(heard: Iterable[str], keeper: "subprocess.Popen[str]", say: Callable[[str], object]) -> None:
    """Lines of the keeper until it says `ready`; `error: …` or silence ends in EmbeddedServersError."""
    for line in heard:
        word, _, sentence = line.rstrip("\n").partition(": ")
        if word == "ready":
            return
        if word == "error":
            keeper.wait()
            raise EmbeddedServersError(sentence)
        say(sentence)
    raise EmbeddedServersError(
        f"The embedded servers ended while starting (exit code {keeper.wait()}): start again; the logs are under DATA_DIR/logs."
    )


def _forget(keeper: "subprocess.Popen[str]") -> None:
    """The keeper outlives us if others use its servers; tell `subprocess` not to warn about it."""
    keeper.returncode = 0


def _check_room(places: Layout) -> None:
    needed = ROOM_FOR_LATER_STARTS if (places.postgres / "data" / "PG_VERSION").exists() else ROOM_FOR_FIRST_START
    found = os.statvfs(places.home)
    free = found.f_bavail * found.f_frsize
    if free < needed:
        raise EmbeddedServersError(
            f"Only {free // 2**20} MB are free on the disk of {places.home}, and "
            f"{needed // 2**20} MB are needed: make room, or choose another DATA_DIR."
        )
