from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assist.triage import learned
from assist.triage.warming import learn, warm


@pytest.fixture
def forgetful(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A process that has learned nothing, with a folder of its own and an empty cache."""
    settings.DATA_DIR = tmp_path
    monkeypatch.setattr(learned, "_here", {})
    monkeypatch.setattr(learned, "_from_shared", lambda _key: None)
    return tmp_path / "models" / "learned"


def _never() -> str:
    raise AssertionError("learned again")


def test_what_was_learned_outlives_the_process_and_an_emptied_cache(forgetful: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert learned.learned("kind", "version", lambda: "value") == "value"
    monkeypatch.setattr(learned, "_here", {})
    assert learned.learned("kind", "version", _never) == "value"


def test_a_damaged_file_is_learned_anew(forgetful: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    learned.learned("kind", "version", lambda: "value")
    next(forgetful.glob("*.pickle")).write_bytes(b"half a")
    monkeypatch.setattr(learned, "_here", {})
    assert learned.learned("kind", "version", lambda: "again") == "again"


def test_only_the_newest_versions_keep_their_files(forgetful: Path) -> None:
    for number in range(learned.FILES_KEPT + 5):
        learned.learned("kind", str(number), lambda: "value")
    assert len(list(forgetful.glob("*.pickle"))) == learned.FILES_KEPT


def test_a_folder_that_cannot_be_written_is_no_error(forgetful: Path) -> None:
    forgetful.parent.mkdir()
    forgetful.write_text("in the way")
    assert learned.learned("kind", "version", lambda: "value") == "value"


@pytest.mark.django_db(transaction=True)
def test_after_warming_everything_is_learned(caplog: pytest.LogCaptureFixture) -> None:
    learn()
    with caplog.at_level("INFO", logger="assist.triage.warming"):
        warm()
    assert [record.errors for record in caplog.records if record.message == "triage_warm"] == [[]]  # type: ignore[attr-defined]
