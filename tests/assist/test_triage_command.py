from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

pytestmark = pytest.mark.django_db(transaction=True)


def triage(*args: Any) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("triage", *map(str, args), stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def backlog(tmp_path: Path) -> Path:
    good = [{"ticket_id": f"T-{number}", "subject": "Refund", "body": f"Please refund payment {number}"} for number in range(6)]
    rows = [json.dumps(row) for row in good]
    path = tmp_path / "backlog.jsonl"
    path.write_text("\n".join([*rows[:3], "not json", "", '{"ticket_id": "empty"}', *rows[3:]]) + "\n")
    return path


def test_one_ticket_from_a_file_is_printed_as_json(tmp_path: Path) -> None:
    path = tmp_path / "ticket.json"
    path.write_text(json.dumps({"ticket_id": "T-1", "subject": "Refund", "body": "I was charged twice"}))
    found = json.loads(triage(path)[0])
    assert (found["ticket_id"], found["analysis"]["category"]) == ("T-1", "billing")


def test_a_ticket_may_come_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO('{"id": "T-2", "content": "My password does not work"}'))
    assert json.loads(triage("-")[0])["ticket_id"] == "T-2"


def test_a_backlog_keeps_its_order_and_bad_lines_are_reported_not_fatal(backlog: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    _, said = triage("--batch", backlog, "--workers", 3, "--out", out)
    assert [row["ticket_id"] for row in lines_of(out)] == [f"T-{number}" for number in range(6)]
    assert "6 tickets triaged, 0 were done before, 2 lines could not be read." in said
    assert "line 4: not JSON" in said
    assert "line 6: The ticket is not valid" in said


def test_a_backlog_that_was_killed_goes_on_where_it_stopped(backlog: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    triage("--batch", backlog, "--out", out)
    whole = out.read_text().splitlines(keepends=True)
    out.write_text("".join(whole[:2]) + whole[2][:40])  # the third line was cut off in the middle
    _, said = triage("--batch", backlog, "--out", out)
    assert [row["ticket_id"] for row in lines_of(out)] == [f"T-{number}" for number in range(6)]
    assert "4 tickets triaged, 2 were done before" in said


@pytest.mark.parametrize(
    "args", [(), ("--batch", "missing.jsonl"), ("missing.json",), ("--batch", "missing.jsonl", "--out", "x", "--workers", "0")]
)
def test_a_wrong_call_is_explained(args: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        triage(*args)
