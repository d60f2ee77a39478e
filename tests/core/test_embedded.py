"""The embedded servers: private, durable, shared, and gone with their last user."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from helpdesk.core import embedded

USE_THEM = """
import sys, pathlib
from helpdesk.core import embedded
embedded.ensure(pathlib.Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    parent = Path(tempfile.mkdtemp(prefix="helpdesk-servers-"))
    parent.chmod(0o711)
    yield parent / "data"
    embedded.release(parent / "data", wait=True)
    shutil.rmtree(parent, ignore_errors=True)


def user_of(folder: Path) -> subprocess.Popen[bytes]:
    """Another process that uses the servers until its standard input closes."""
    process = subprocess.Popen([sys.executable, "-c", USE_THEM, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    return process


def connect(places: embedded.Layout, role: str = "helpdesk", database: str = "helpdesk") -> "psycopg.Connection[tuple[object, ...]]":
    return psycopg.connect(host=str(places.sockets), user=role, dbname=database, autocommit=True)


def shown(places: embedded.Layout, setting: str) -> object:
    with connect(places) as connection:
        row = connection.execute(f"SHOW {setting}").fetchone()
        return row[0] if row else None


def test_what_is_stored_survives_a_power_cut_by_its_settings(folder: Path) -> None:
    places = embedded.ensure(folder)
    assert {name: shown(places, name) for name in ("fsync", "full_page_writes", "synchronous_commit")} == dict.fromkeys(
        ("fsync", "full_page_writes", "synchronous_commit"), "on"
    )
    assert str(shown(places, "server_version")).startswith("18")
    line = redis.Redis(unix_socket_path=str(places.redis_socket))
    assert line.config_get("append*")["appendonly"] == "yes"
    assert line.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_only_their_user_gets_in(folder: Path) -> None:
    places = embedded.ensure(folder)
    assert shown(places, "listen_addresses") == ""
    for private in (places.postgres, places.redis, places.run, places.logs, places.sockets):
        assert private.stat().st_mode & 0o077 == 0
    assert "trust" not in (places.postgres / "data" / "pg_hba.conf").read_text()
    assert (places.postgres / "data").stat().st_uid != 0


def test_the_product_is_no_superuser_and_finds_the_vector_type_in_every_new_database(folder: Path) -> None:
    places = embedded.ensure(folder)
    with connect(places) as connection:
        assert connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone() == (False,)
        connection.execute("CREATE DATABASE another")
    with connect(places, database="another") as connection:
        assert connection.execute("SELECT '[1,2]'::halfvec::text").fetchone() == ("[1,2]",)


def test_a_second_process_shares_the_servers_and_keeps_them_when_the_first_leaves(folder: Path) -> None:
    first = user_of(folder)
    places = embedded.ensure(folder)
    first.kill()
    first.wait()
    with connect(places) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert embedded.is_kept(folder)


def test_two_processes_may_start_them_at_the_same_time(folder: Path) -> None:
    command = [sys.executable, "-c", USE_THEM, str(folder)]
    both = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(3)]
    for one in both:
        assert one.stdout is not None
        assert one.stdout.readline() == b"held\n"
    for one in both:
        one.communicate()
        assert one.returncode == 0


def test_they_stop_with_their_last_user_and_start_again_with_their_data(folder: Path) -> None:
    places = embedded.ensure(folder)
    with connect(places) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    redis.Redis(unix_socket_path=str(places.redis_socket)).set("kept", "42")
    embedded.release(folder, wait=True)
    assert not embedded.is_kept(folder)
    embedded.ensure(folder)
    with connect(places) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    assert redis.Redis(unix_socket_path=str(places.redis_socket)).get("kept") == b"42"


def test_a_long_path_gets_its_sockets_in_a_short_private_folder(folder: Path) -> None:
    long = folder / ("a-rather-long-name-" * 6)
    try:
        places = embedded.ensure(long)
        assert len(os.fsencode(places.sockets)) < 90
        assert places.sockets.stat().st_mode & 0o077 == 0
        assert shown(places, "fsync") == "on"
    finally:
        embedded.release(long, wait=True)


def test_a_socket_folder_laid_out_by_somebody_else_is_refused(folder: Path) -> None:
    folder.mkdir()
    (folder / "elsewhere").mkdir()
    (folder / "run").symlink_to(folder / "elsewhere")
    with pytest.raises(embedded.EmbeddedServersError, match="symbolic link"):
        embedded.ensure(folder)


def test_a_damaged_redis_file_is_set_aside_and_the_start_goes_on(folder: Path) -> None:
    places = embedded.ensure(folder)
    embedded.release(folder, wait=True)
    (places.redis / "appendonly.aof").write_bytes(b"*3\r\n$3\r\nSET\r\n$1\r\nnonsense" + b"\xff" * 100 + b"\r\n*1\r\n")
    heard: list[str] = []
    embedded.ensure(folder, say=heard.append)
    assert any("starts empty" in sentence for sentence in heard)
    assert redis.Redis(unix_socket_path=str(places.redis_socket)).ping()
