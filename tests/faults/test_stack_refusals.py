"""`manage.py up` where it cannot start: one clear sentence with the remedy, exit code 1, nothing left running."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.plugins.embedding_server import Provider
from tests.plugins.stack import Stack, launch, wait_for_ready

pytestmark = pytest.mark.faults


def refused(data_dir: Path, **environment: str) -> str:
    """Start, expect the end; returns what was said."""
    stack = launch(data_dir, **environment)
    assert stack.process.wait(timeout=90) == 1, stack.output
    assert "Traceback" not in stack.output
    return stack.output


@pytest.mark.parametrize("variable", ["PORT", "MAIL_PORT"])
def test_a_busy_port_is_named_with_the_way_to_another(data_dir: Path, variable: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        said = refused(data_dir, **{variable: port})
    assert f"Port {port} on 127.0.0.1 is in use by another program" in said
    assert f"{variable}=" in said


def test_a_second_start_in_the_same_folder_says_where_the_first_one_is(stack: Stack) -> None:
    said = refused(stack.data_dir)
    assert "A helpdesk already runs in" in said
    assert f"process {stack.process.pid}, {stack.url}" in said
    assert stack.get("/health/live")[0] == 200


def test_a_folder_that_cannot_be_made_is_explained(data_dir: Path) -> None:
    data_dir.parent.joinpath("a-file").write_text("")
    said = refused(data_dir.parent / "a-file" / "data")
    assert "cannot be written" in said
    assert "DATA_DIR=" in said


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_explained(data_dir: Path) -> None:
    data_dir.mkdir(mode=0o500)
    assert "cannot be written" in refused(data_dir)


def test_data_of_another_postgresql_is_explained(data_dir: Path) -> None:
    first = wait_for_ready(launch(data_dir))
    first.stop()
    (data_dir / "postgres" / "data" / "PG_VERSION").write_text("16\n")
    said = refused(data_dir)
    assert "written by PostgreSQL 16" in said
    assert "restore a backup" in said


def test_locks_of_a_killed_run_do_not_hinder(data_dir: Path) -> None:
    first = wait_for_ready(launch(data_dir))
    first.stop()
    # As after a power cut: the files are there, and their process id belongs to something else by now (to this test).
    stale = f"{os.getpid()}\n{data_dir}/postgres/data\n1\n5432\n{data_dir}/run\n\n\n"
    (data_dir / "postgres" / "data" / "postmaster.pid").write_text(stale)
    (data_dir / "run" / ".s.PGSQL.5432.lock").write_text(stale)
    (data_dir / "run" / "keeper.json").write_text(json.dumps({"pid": os.getpid(), "postgres": True, "redis": True}))
    (data_dir / "run" / "redis.sock").touch()
    wait_for_ready(launch(data_dir)).stop()


def test_a_server_that_does_not_answer_is_explained(data_dir: Path) -> None:
    said = refused(data_dir, DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert "does not answer" in said


def test_vectors_that_do_not_fit_are_refused_with_the_remedy(data_dir: Path) -> None:
    provider = Provider()
    provider.width = 768
    try:
        said = refused(data_dir, EMBEDDING_BACKEND="openai", EMBEDDING_MODEL="wide", OPENAI_BASE_URL=provider.url)
    finally:
        provider.close()
    assert "Set EMBEDDING_MODEL to one that knows `dimensions`" in said


def test_an_embedding_server_that_is_away_leaves_the_helpdesk_with_words_and_it_says_so(data_dir: Path) -> None:
    started = wait_for_ready(launch(data_dir, EMBEDDING_BACKEND="openai", OPENAI_BASE_URL="http://127.0.0.1:1/v1"))
    try:
        assert "Search goes by words alone until it does." in started.output
        code, page = started.get("/help/search/?q=password")
        assert code == 200 and "words only" in page
    finally:
        started.stop()


def test_a_command_without_its_servers_ends_with_a_sentence_and_the_mail_pipe_with_75(data_dir: Path) -> None:
    data_dir.parent.joinpath("a-file").write_text("")
    env = {**os.environ, "DATA_DIR": str(data_dir.parent / "a-file" / "data")}
    env.pop("REDIS_URL", None)
    for command, code in (("migrate", 1), ("receive_mail", 75)):
        done = subprocess.run([sys.executable, "manage.py", command], env=env, input=b"", capture_output=True, check=False)
        assert (done.returncode, done.stderr.count(b"\n")) == (code, 1), done.stderr
