"""`manage.py up` under bad luck: what was killed comes back or goes away, what was stored stays."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.plugins.stack import Stack, launch, wait_for_ready

pytestmark = pytest.mark.faults


def _none_left(processes: list[psutil.Process]) -> bool:
    return not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in processes)


def test_a_killed_parent_leaves_no_process_behind(data_dir: Path) -> None:
    stack = wait_for_ready(launch(data_dir))
    everything = stack.everything()
    stack.process.kill()
    stack.process.wait()
    stack.wait_until(lambda: _none_left(everything), "The end of every process")


def test_the_next_start_after_a_kill_is_ready_and_keeps_the_data(start_stack: Callable[..., Stack]) -> None:
    stack = start_stack()
    made = stack.manage("api_key", "kept", "--scope", "*")
    assert made.returncode == 0, made.stderr
    stack.process.kill()
    stack.process.wait()
    again = start_stack()
    kept = again.manage("shell", "-c", "from helpdesk.core.models import ApiKey; print(ApiKey.objects.filter(name='kept').count())")
    assert kept.stdout.split()[-1:] == [b"1"], kept.stderr


def test_killed_servers_are_started_again_and_the_data_is_there(start_stack: Callable[..., Stack]) -> None:
    stack = start_stack()
    killed = stack.kill("postgres"), stack.kill("redis")
    stack.wait_until(lambda: {"postgres", "redis"} <= stack.parts().keys() and not set(killed) & set(stack.parts().values()), "New servers")
    stack.wait_until(lambda: stack.get("/health")[0] == 200, "A healthy answer")


def test_a_killed_keeper_is_replaced(start_stack: Callable[..., Stack]) -> None:
    stack = start_stack()
    killed = stack.kill("keeper")
    stack.wait_until(lambda: "they are started again" in stack.output, "Word of the restart")
    stack.wait_until(lambda: stack.get("/health")[0] == 200, "A healthy answer")
    assert not psutil.pid_exists(killed) or psutil.Process(killed).status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("part", ["web", "mail", "phones", "worker", "triage", "writer", "beat"])
def test_a_killed_part_is_started_again_and_named(stack: Stack, part: str) -> None:
    killed = stack.kill(part)
    stack.wait_until(lambda: stack.parts().get(part, killed) != killed, f"A new {part}")
    assert f"The {part} part ended unexpectedly (killed by SIGKILL)" in stack.output


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_cleanly_and_completely(data_dir: Path, sig: int) -> None:
    stack = wait_for_ready(launch(data_dir))
    everything = stack.everything()
    os.killpg(stack.process.pid, sig)  # as a terminal does: the whole foreground group gets it
    assert stack.process.wait(timeout=60) == 0
    assert stack.output.rstrip().endswith("Stopped.")
    assert _none_left(everything)


def test_all_parts_are_in_one_process_group(stack: Stack) -> None:
    parts = stack.parts()
    assert {os.getpgid(parts[name]) for name in ("web", "mail", "phones", "worker", "beat")} == {stack.process.pid}


def test_a_command_beside_it_uses_its_servers(stack: Stack) -> None:
    before = stack.parts()["keeper"]
    done = stack.manage("migrate", "--check")
    assert done.returncode == 0, done.stderr
    assert stack.parts()["keeper"] == before
