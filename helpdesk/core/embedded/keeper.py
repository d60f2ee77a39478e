"""The keeper: owns the embedded PostgreSQL and Redis, restarts one that crashes, stops both when nobody uses them.

A program of its own, standard library only, so that it is small and nothing installed can break it; running.py
starts it and gives its orders as JSON on standard input. It answers lines on a pipe: `say: …`, `error: …`, `ready`.
Started by root it becomes the servers' own user before it touches a file. Both servers die with it, even when it
is killed (parent-death signal, Linux only), and neither is ever a daemon of its own.
"""

import ctypes
import encodings.idna
import fcntl
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

POSTGRES_VERSION = "18"
WATCH_EVERY = 0.25  # seconds between two looks whether anyone still uses the servers
LONGEST_RECOVERY = 290.0  # seconds for crash recovery or loading the append-only file
PG_NOT_YET = 2  # pg_isready: 1 is refusing, 2 is not answering
MOST_RESTARTS = 5  # within a minute
LARGEST_LOG = 10 * 2**20
PR_SET_PDEATHSIG = 1
SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD}
LOADED = encodings.idna  # everything is imported while root: afterwards Python's own folder may be out of reach


class CannotStart(Exception):
    """One sentence: what is wrong and what to do."""


class Server:
    """One server process; `die_with` is the signal it gets when the keeper dies, however it dies."""

    name = ""
    die_with = signal.SIGTERM
    stop_with = signal.SIGTERM

    def __init__(self, order: dict[str, Any]) -> None:
        self.home = Path(order["home"])
        self.sockets = Path(order["sockets"])
        self.order = order
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def answers(self) -> bool:
        raise NotImplementedError

    def prepare(self) -> None:
        """Make the data folder fit for a start."""

    @property
    def log(self) -> Path:
        return self.home / "logs" / f"{self.name.lower()}.log"

    def start(self) -> None:
        self.prepare()
        if self.log.exists() and self.log.stat().st_size > LARGEST_LOG:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as log:
            self.log_start = log.tell()
            self.process = subprocess.Popen(  # noqa: S603  our own programs
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=self._become_child,  # noqa: PLW1509  one thread only, and the death signal must be set in the child
                cwd=self.home,
            )

    def _become_child(self) -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(self.die_with))
            if os.getppid() != KEEPER_PID:  # the keeper died before the signal was set
                os._exit(1)

    def wait_until_it_answers(self) -> None:
        give_up = time.monotonic() + LONGEST_RECOVERY
        while not self.answers():
            assert self.process is not None  # noqa: S101  started before
            if self.process.poll() is not None:
                raise CannotStart(f"{self.name} ended while starting ({self.last_words()}): the whole log is {self.log}.")
            if time.monotonic() > give_up:
                raise CannotStart(f"{self.name} does not answer after {LONGEST_RECOVERY:.0f} s: see {self.log}, then try again.")
            time.sleep(0.03)

    def last_words(self) -> str:
        with self.log.open("rb") as log:
            log.seek(self.log_start)
            lines = log.read().decode(errors="replace").splitlines()
        telling = [
            line for line in lines if ("FATAL" in line and "starting up" not in line) or "error" in line.lower() or "denied" in line
        ] or lines[-1:]
        return telling[0].strip() if telling else "no word in its log"

    def stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(self.stop_with)
        try:
            self.process.wait(timeout=50)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Postgres(Server):
    name = "PostgreSQL"
    die_with = stop_with = signal.SIGINT  # fast shutdown: no new sessions, running ones end, a checkpoint is written

    def __init__(self, order: dict[str, Any]) -> None:
        super().__init__(order)
        self.data = self.home / "postgres" / "data"
        self.bin = Path(order["postgres_bin"])

    def command(self) -> list[str]:
        return [str(self.bin / "postgres"), "-D", str(self.data)]

    def prepare(self) -> None:
        if not (self.data / "PG_VERSION").exists():
            self._create()
        version = (self.data / "PG_VERSION").read_text().strip()
        if version != POSTGRES_VERSION:
            raise CannotStart(
                f"The data in {self.data} was written by PostgreSQL {version} and this release brings PostgreSQL {POSTGRES_VERSION}: "
                "restore a backup into a new DATA_DIR (docs/operations.md, Upgrade)."
            )
        self._write_settings(self.data)
        self._clear_stale_locks()

    def _create(self) -> None:
        """A new cluster, made beside its place and moved there whole: a start killed half-way leaves nothing half-made."""
        if self.data.exists():
            raise CannotStart(f"{self.data} is there but is no PostgreSQL data: move it away, or choose another DATA_DIR.")
        say("Creating the database")
        new = self.data.with_name("unfinished")
        shutil.rmtree(new, ignore_errors=True)
        self._run(
            "initdb", "-D", str(new), "-U", "postgres", "--auth-local=peer", "--auth-host=scram-sha-256",
            "--encoding=utf8", "--locale=C.UTF-8"
        )  # fmt: skip
        self._write_settings(new)
        # `vector` may only be made by a superuser: in template1 it is there in every later database, also the tests' own.
        self._run("postgres", "--single", "-D", str(new), "template1", words="CREATE EXTENSION vector\n")
        roles = "CREATE ROLE helpdesk LOGIN CREATEDB\nCREATE DATABASE helpdesk OWNER helpdesk\n"
        self._run("postgres", "--single", "-D", str(new), "postgres", words=roles)
        new.rename(self.data)

    def _run(self, program: str, *arguments: str, words: str = "") -> None:
        done = subprocess.run(  # noqa: S603  our own programs
            [str(self.bin / program), *arguments],
            input=words,
            text=True,
            capture_output=True,
            preexec_fn=self._become_child,
            check=False,
            cwd=self.home,
        )
        if done.returncode != 0 or "ERROR:" in done.stderr:
            words = next((line for line in done.stderr.splitlines() if "rror" in line or "FATAL" in line), f"exit code {done.returncode}")
            raise CannotStart(f"{program} could not make the database ({words.strip()}): put that right, then start again.")

    def _write_settings(self, data: Path) -> None:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            **self.order["postgres_settings"],
        }
        lines = [f"{name} = '{value.replace(chr(39), chr(39) * 2)}'" for name, value in settings.items()]
        (data / "helpdesk.conf").write_text(
            "# Written at every start; your own settings go below its include in postgresql.conf.\n" + "\n".join(lines) + "\n"
        )
        main = data / "postgresql.conf"
        include = "include_if_exists 'helpdesk.conf'"
        if include not in main.read_text():
            main.write_text(main.read_text() + f"\n{include}\n")
        # Peer only: the kernel says who calls. The user that runs the product may be both roles, nobody else may be any.
        names = {pwd.getpwuid(uid).pw_name for uid in (self.order["app_uid"], os.getuid())}
        (data / "pg_hba.conf").write_text("local all all peer map=helpdesk\n")
        (data / "pg_ident.conf").write_text(
            "".join(f'helpdesk "{name}" {role}\n' for name in sorted(names) for role in ("postgres", "helpdesk"))
        )

    def _clear_stale_locks(self) -> None:
        """Lock files of a killed server: PostgreSQL trusts a process id in them that may belong to another program by now."""
        for path in (self.data / "postmaster.pid", self.sockets / ".s.PGSQL.5432.lock"):
            give_up = time.monotonic() + 30
            while path.exists() and _runs_postgres(_first_number(path)):
                if time.monotonic() > give_up:
                    raise CannotStart(f"Another PostgreSQL (process {_first_number(path)}) uses {self.data}: stop it, then start again.")
                time.sleep(0.1)
            path.unlink(missing_ok=True)

    def answers(self) -> bool:
        probe = [str(self.bin / "pg_isready"), "-q", "-h", str(self.sockets)]
        done = subprocess.run(probe, check=False, capture_output=True, text=True)  # noqa: S603
        if done.returncode > PG_NOT_YET:  # the program itself cannot run
            raise CannotStart(
                f"pg_isready does not run ({done.stderr.strip() or done.returncode}): install the packages again with make clean up."
            )
        return done.returncode == 0


class Redis(Server):
    name = "Redis"

    def command(self) -> list[str]:
        # everysec, not always: Redis rings bells and carries live updates; what must not be lost is in PostgreSQL, whose
        # sweep rings again (core.events). noeviction: a full memory must refuse, never forget a bell silently.
        return [
            self.order["redis_server"], "--port", "0", "--unixsocket", str(self.sockets / "redis.sock"), "--unixsocketperm", "700",
            "--dir", str(self.home / "redis"), "--appendonly", "yes", "--appendfsync", "everysec", "--save", "",
            "--maxmemory-policy", "noeviction", "--databases", "64", "--daemonize", "no",
        ]  # fmt: skip

    def answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(2)
            try:
                line.connect(str(self.sockets / "redis.sock"))
                line.sendall(b"PING\r\n")
                return line.recv(64).startswith(b"+PONG")
            except OSError:
                return False

    def wait_until_it_answers(self) -> None:
        try:
            super().wait_until_it_answers()
        except CannotStart:
            damaged = self.home / "redis" / "appendonly.aof"
            if "Bad file format" not in self.log.read_text(errors="replace")[self.log_start :]:
                raise
            aside = damaged.with_name(f"damaged-{int(time.time())}.aof")
            damaged.rename(aside)
            say(f"Redis could not read its file; it starts empty, the old file is kept as {aside}")
            self.start()
            super().wait_until_it_answers()


def _first_number(path: Path) -> int:
    try:
        return int(path.read_text().split("\n", 1)[0])
    except (ValueError, FileNotFoundError):
        return 0


def _runs_postgres(pid: int) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return False  # another user's process: never ours
    try:
        return b"postgres" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0", 1)[0]
    except OSError:
        return sys.platform != "linux" and pid != os.getpid()


def say(sentence: str, word: str = "say") -> None:
    """One line to whoever started us; nobody listens any more once we are ready."""
    if ANSWERS >= 0:
        os.write(ANSWERS, f"{word}: {' '.join(sentence.split())}\n".encode())


def become_service_user(uid: int, gid: int) -> None:
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    os.umask(0o077)


def take_lock(run: Path) -> int:
    handle = os.open(run / "keeper.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise CannotStart(f"{run} is kept by another process: try again.") from None
    return handle


def nobody_uses(users: int) -> bool:
    """Whether the last user is gone. Then we hold the lock alone, and newcomers wait until we have stopped."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def told_to_stop() -> bool:
    """Wait a moment; whether TERM or INT came in it."""
    if sys.platform != "linux":  # no sigtimedwait there: ask for what was blocked
        time.sleep(WATCH_EVERY)
        return bool(signal.sigpending() & {signal.SIGTERM, signal.SIGINT})
    got = signal.sigtimedwait(SIGNALS, WATCH_EVERY)
    return got is not None and got.si_signo in (signal.SIGTERM, signal.SIGINT)


def watch(servers: list[Server], users: int) -> None:
    """Until nobody uses the servers or we are told to stop; a server that ends is started again, five times within a minute."""
    ends: list[float] = []
    while not nobody_uses(users):
        if told_to_stop():
            return
        for server in servers:
            if server.process is not None and server.process.poll() is not None:
                ends = [at for at in ends if at > time.monotonic() - 60] + [time.monotonic()]
                if len(ends) > MOST_RESTARTS:
                    return
                server.start()
                server.wait_until_it_answers()


def main() -> None:
    global ANSWERS  # noqa: PLW0603  the one line back to our starter
    order = json.load(sys.stdin)
    ANSWERS = order["answers"]
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    become_service_user(order["uid"], order["gid"])
    servers: list[Server] = [kind(order) for kind, asked in ((Postgres, order["postgres"]), (Redis, order["redis"])) if asked]
    try:
        run = Path(order["home"]) / "run"
        lock = take_lock(run)
        users = os.open(run / "users.lock", os.O_RDWR | os.O_NOFOLLOW)
        for server in servers:
            server.start()
        for server in servers:
            server.wait_until_it_answers()
        (run / "keeper.json").write_text(json.dumps({"pid": os.getpid(), "postgres": order["postgres"], "redis": order["redis"]}))
        say("", word="ready")
        silence()
        watch(servers, users)
    except CannotStart as problem:
        fail(str(problem), servers)
    except OSError as error:
        fail(f"{error.strerror}: {error.filename}. Put that right, then start again.", servers)
    for server in reversed(servers):
        server.stop()
    if order["throw_away"]:
        discard(Path(order["home"]))
    os.close(lock)


def silence() -> None:
    global ANSWERS  # noqa: PLW0603
    os.close(ANSWERS)
    ANSWERS = -1


def fail(sentence: str, servers: list[Server]) -> NoReturn:
    for server in reversed(servers):
        server.stop()
    say(sentence, word="error")
    sys.exit(1)


def discard(home: Path) -> None:
    """Only what is ours: as the servers' own user we may not even list DATA_DIR."""
    for folder in ("postgres", "redis", "logs", "run"):
        shutil.rmtree(home / folder, ignore_errors=True)


ANSWERS = -1
KEEPER_PID = os.getpid()

if __name__ == "__main__":
    main()
