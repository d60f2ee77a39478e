"""The suite's own throw-away PostgreSQL and Redis: one pair a session, shared by the xdist workers.

Loaded by `-p` so that it speaks before pytest-django reads the settings. Each worker has its own database (pytest-django
names it) and its own three Redis databases (here). The servers go, and their files with them, when the session ends,
even when it is killed: they live as long as the lock that the session holds.
"""

import fcntl
import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from helpdesk.core import embedded

KEPT_BY = "HELPDESK_TESTS_DATA_DIR"
MIGRATED = "helpdesk_migrated"
FIRST_MAY_TAKE = 600  # seconds
_BEGUN = pytest.StashKey[bool]()
REDIS_DATABASES_EACH = 3  # cache, live updates, bells: helpdesk/settings/servers.py
# Nothing here has to outlive a power cut, and waiting for the disk is half of the suite's time.
QUICK = {"synchronous_commit": "off", "fsync": "off", "full_page_writes": "off", "max_connections": "200", "autovacuum": "off"}
if os.environ.get("DURABLE"):  # benchmarks of what is promised to survive a power cut
    QUICK = {"max_connections": "200"}


def _own_environment() -> None:
    """Point this process at the session's folder; never at a server that the environment happens to name."""
    if KEPT_BY not in os.environ:
        folder = Path(tempfile.mkdtemp(prefix="helpdesk-tests-"))
        folder.chmod(0o711)  # as root the servers run as a user of their own, who must get in
        (folder / "static").mkdir()  # else whitenoise warns in every test that asks for a page
        os.environ[KEPT_BY] = str(folder)
    folder = Path(os.environ[KEPT_BY])
    os.environ.pop("DATABASE_URL", None)
    os.environ["HELPDESK_TESTING"] = "1"  # quick password hashes, plain static files: helpdesk/settings
    os.environ["DATA_DIR"] = str(folder)
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw-1").removeprefix("gw")) + 1
    os.environ["REDIS_URL"] = f"unix://{embedded.layout(folder).redis_socket}?db={1 + worker * REDIS_DATABASES_EACH}"


_own_environment()


@contextmanager
def once_a_run(what: str) -> Iterator[Path]:
    """Alone among the workers while `what` is made. Yields its mark: the first to come makes it and touches that."""
    mark = Path(os.environ[KEPT_BY]) / f"{what}.done"
    with mark.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield mark


def _is_worker() -> bool:
    return "PYTEST_XDIST_WORKER" in os.environ


def pytest_sessionstart(session: pytest.Session) -> None:
    if not _is_worker() and not session.config.option.collectonly:
        embedded.ensure(Path(os.environ[KEPT_BY]), embedded.Needs(postgres_settings=QUICK, throw_away=True))


def pytest_collection_finish() -> None:
    """Five thousand tests and all their modules live to the end: the collector need not walk them again and again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True, tryfirst=True)  # outside pytest-timeout's own, which reads the mark
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """The first test of a process also pays for its database: on a busy machine migrations alone may outlast a test's time."""
    if not item.config.stash.get(_BEGUN, False):
        item.config.stash[_BEGUN] = True
        item.add_marker(pytest.mark.timeout(FIRST_MAY_TAKE))
    return (yield)


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Nobody need drop them, nor wait for a last thread to let go: the whole cluster is thrown away."""
    return True


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None, django_db_blocker: Any) -> None:
    """Migrations run once: the database of each worker is a copy of what they made."""
    from django.db import connection

    wanted = connection.settings_dict["TEST"]
    with once_a_run("migrated") as mark, django_db_blocker.unblock():
        if not mark.exists():
            given, own = connection.settings_dict["NAME"], wanted["NAME"]
            wanted["NAME"] = MIGRATED
            connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
            connection.creation.destroy_test_db(given, verbosity=0, keepdb=True)
            wanted["NAME"] = own
            mark.touch()
    wanted["TEMPLATE"] = MIGRATED


def pytest_unconfigure(config: pytest.Config) -> None:
    if not _is_worker():
        folder = Path(os.environ.pop(KEPT_BY))
        embedded.release(folder, wait=True)
        shutil.rmtree(folder, ignore_errors=True)
