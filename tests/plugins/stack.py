"""The real thing for tests that need all of it: `manage.py up` with its own folder and ports.

    def test_it(stack): stack.get("/health") … stack.kill("worker") … stack.manage("api_key", "test", "--scope", "*")

`stack` is shared by a test module and starts empty in a few seconds; `office` is shared by the modules whose people,
articles and customers get along; `demo_stack` holds the demonstration company and is shared by the session.
`start_stack` gives a test one of its own, with any environment.
"""

import contextlib
import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from tests.plugins.servers import KEPT_BY, once_a_run

PROJECT = Path(__file__).resolve().parents[2]
READY = re.compile(r"^Ready: (\S+)", re.MULTILINE)
LONGEST_START = 120.0  # seconds; the first start converts the model


@dataclass
class Stack:
    """One running helpdesk. `env` is what a `manage.py` command needs to reach the same servers."""

    process: subprocess.Popen[bytes]
    env: dict[str, str]
    data_dir: Path
    url: str
    mail: tuple[str, int]
    log: Path

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def parts(self) -> dict[str, int]:
        """Process ids by name: web, mail, phones, worker, triage, beat, keeper, postgres, redis."""
        found = {}
        for child in psutil.Process(self.process.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):  # ended while we looked
                name = child.name().removeprefix("helpdesk-")
                if name.startswith("python"):
                    found["keeper"] = child.pid
                    found |= {server.name().removesuffix("-server"): server.pid for server in child.children()}
                else:
                    found[name] = child.pid
        return found

    def everything(self) -> list[psutil.Process]:
        """Every process of the stack, to see later that none is left."""
        root = psutil.Process(self.process.pid)
        return [root, *root.children(recursive=True)]

    def kill(self, part: str, sig: int = signal.SIGKILL) -> int:
        pid = self.parts()[part]
        os.kill(pid, sig)
        return pid

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of one page."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=30) as answer:  # noqa: S310  our own address
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.read().decode()

    def manage(self, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, str(PROJECT / "manage.py"), *arguments]
        return subprocess.run(command, env=self.env, input=stdin, capture_output=True, check=False, timeout=120)

    def wait_until(self, is_true: Callable[[], object], what: str, patience: float = 60) -> None:
        """Wait for something that happens by itself; fails with what the stack printed."""
        give_up = time.monotonic() + patience
        while not is_true():
            if time.monotonic() > give_up:
                pytest.fail(f"{what} did not happen within {patience:.0f} s.\n{self.output[-3000:]}")
            time.sleep(0.1)

    def stop(self, sig: int = signal.SIGTERM) -> int:
        """End it; returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(sig)
        return self.process.wait(timeout=150)


def free_port() -> int:
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return int(line.getsockname()[1])


def stack_environment(data_dir: Path, **more: str) -> dict[str, str]:
    """The environment of one stack: nothing of the suite's own servers or test settings gets in."""
    ours = ("DATABASE_URL", "REDIS_URL", "HELPDESK_TESTING", "DJANGO_SETTINGS_MODULE", "SITE_URL", "DEBUG")
    kept = {name: value for name, value in os.environ.items() if name not in ours and not name.startswith("PYTEST")}
    return {
        **kept,
        "DATA_DIR": str(data_dir),
        "DEMO": "0",
        "PORT": str(free_port()),
        "MAIL_PORT": str(free_port()),
        "PYTHONUNBUFFERED": "1",
        **more,
    }


def launch(data_dir: Path, **more: str) -> Stack:
    """Start `manage.py up` and return at once; see `wait_for_ready`. A new folder begins as a copy of one that a first start made."""
    if data_dir.parent.is_dir() and not data_dir.exists():
        subprocess.run(["cp", "-a", str(_first_start()), str(data_dir)], check=True)
    return _start(data_dir, **more)


def _first_start() -> Path:
    """Made once a run, by whichever worker is first: database, migrations, language model. They cost a quarter of a minute."""
    made = Path(os.environ[KEPT_BY]) / "first-start"
    with once_a_run("first-start") as mark:
        if not mark.exists():
            made.mkdir(mode=0o711)
            wait_for_ready(_start(made / "data")).stop()
            mark.touch()
    return made / "data"


def _start(data_dir: Path, **more: str) -> Stack:
    env = stack_environment(data_dir, **more)
    folder = next(parent for parent in data_dir.parents if parent.is_dir())
    log = folder / f"up-{time.monotonic_ns()}.log"
    with log.open("wb") as output:
        command = [sys.executable, str(PROJECT / "manage.py"), "up"]
        process = subprocess.Popen(command, env=env, stdout=output, stderr=output, start_new_session=True, preexec_fn=_die_with_us)  # noqa: PLW1509
    return Stack(process, env, data_dir, f"http://127.0.0.1:{env['PORT']}", ("127.0.0.1", int(env["MAIL_PORT"])), log)


def _die_with_us() -> None:
    """A killed test run leaves no helpdesk behind either."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, int(signal.SIGTERM))


def wait_for_ready(stack: Stack) -> Stack:
    """Until it says `Ready:`; fails with its output when it ends before."""
    stack.wait_until(lambda: READY.search(stack.output) or stack.process.poll() is not None, "“Ready:”", LONGEST_START)
    if stack.process.poll() is not None:
        pytest.fail(f"manage.py up ended with {stack.process.returncode}:\n{stack.output[-3000:]}")
    return stack


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The tests that share a stack go to one worker (`--dist loadgroup`), else each worker would start one of its own."""
    for item in items:
        if "stack" in getattr(item, "fixturenames", ()) and isinstance(item, pytest.Function):
            item.add_marker(pytest.mark.xdist_group(item.module.__name__))
        if "office" in getattr(item, "fixturenames", ()) and item.get_closest_marker("e2e"):
            item.add_marker(pytest.mark.xdist_group("office"))
        if getattr(config.option, "loadgroup", False) and (group := item.get_closest_marker("xdist_group")):
            _name_the_group(item, group.args[0])


def _name_the_group(item: pytest.Item, group: str) -> None:
    """As xdist 3.8 means to: it writes to `_nodeid`, which pytest from 9.1 on no longer reads."""
    if not item.nodeid.endswith(f"@{group}"):
        item._id = type(item._id).parse(f"{item.nodeid}@{group}")  # type: ignore[attr-defined]


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A short, private, empty folder for one stack."""
    yield from _folder()


def _folder() -> Iterator[Path]:
    parent = Path(tempfile.mkdtemp(prefix="helpdesk-stack-"))
    parent.chmod(0o711)
    yield parent / "data"
    shutil.rmtree(parent, ignore_errors=True)


@pytest.fixture
def start_stack(data_dir: Path) -> Iterator[Callable[..., Stack]]:
    """`start_stack(**environment)`: a stack of this test's own; a second call starts another one in the same folder."""
    started: list[Stack] = []

    def start(**more: str) -> Stack:
        started.append(launch(data_dir, **more))
        return wait_for_ready(started[-1])

    yield start
    for one in started:
        one.stop()


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """An empty helpdesk, shared by the tests of one module."""
    yield from _running(DEMO="0")


@pytest.fixture(scope="session")
def office() -> Iterator[Stack]:
    """A helpdesk that begins empty, shared by journeys: each brings its own people and things, and looks at nobody else's."""
    yield from _running(DEMO="0")


@pytest.fixture(scope="session")
def demo_stack() -> Iterator[Stack]:
    """A helpdesk with the demonstration company, shared by the session: read it, do not change what others look at."""
    yield from _running(DEMO="1")


def _running(**more: str) -> Iterator[Stack]:
    for folder in _folder():
        running = launch(folder, **more)
        try:
            yield wait_for_ready(running)
        finally:
            running.stop()
