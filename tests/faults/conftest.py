"""One running helpdesk for the tests that break its parts, with a mail server that counts what leaves it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.fire import IMPATIENT, Sink
from tests.plugins.stack import Stack, launch, wait_for_ready


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    """The mail server that our answers go to."""
    with Sink() as running:
        yield running


@pytest.fixture(scope="module")
def under_fire(sink: Sink) -> Iterator[Stack]:
    """An empty helpdesk with short waits, shared by the tests of one module: every test leaves it whole."""
    parent = Path(tempfile.mkdtemp(prefix="helpdesk-fire-"))
    parent.chmod(0o711)
    running = launch(parent / "data", EMAIL_URL=sink.url, **IMPATIENT)
    try:
        yield wait_for_ready(running)
    finally:
        running.stop()
        shutil.rmtree(parent, ignore_errors=True)
