"""The demonstration where somebody works already, and where it must not be: what a load leaves alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from customers.models import ContactPoint
from helpdesk.core.embeddings import EmbeddingUnavailable
from helpdesk.core.models import User
from helpdesk.demo import loading, sign_in
from tests.cast import make_agent, receive
from tickets.models import Queue, Ticket


@pytest.fixture
def own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where the sign-in is written down. DATA_DIR itself stays: it holds the model."""
    monkeypatch.setattr(sign_in, "path", lambda: tmp_path / "demo-sign-in.txt")
    return tmp_path


@pytest.fixture
def load(db: None, own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Loads while the engine is away, which is quick."""

    def do(**options: Any) -> None:
        with monkeypatch.context() as patched:
            patched.setattr("helpdesk.core.embeddings.minilm.MiniLm.embed", _away)
            call_command("demo", **options)

    return do


def _away(*_args: Any) -> Any:
    raise EmbeddingUnavailable("away")


def test_loading_leaves_alone_what_is_not_its_own(load: Callable[..., None], support: Queue) -> None:
    support.email_address = "support@fernway.example"
    support.save()
    colleague = make_agent("Maya Lindqvist", support)
    own = receive("ingrid@nordhavn.example", "A real ticket", "Written before the demonstration was loaded.").ticket
    state = (colleague.password, own.customer_id, own.updated_at)
    load()
    load()
    colleague.refresh_from_db()
    own.refresh_from_db()
    assert (colleague.password, own.customer_id, own.updated_at) == state
    assert ContactPoint.objects.get(value="ingrid@nordhavn.example").customer_id == own.customer_id
    assert Queue.objects.get(is_default=True) == support
    assert own.messages.count() == 1


def test_the_first_start_loads_only_where_nobody_works_yet(load: Callable[..., None]) -> None:
    make_agent("Hanna Berg")
    assert not loading.is_empty()
    load(if_empty=True)
    assert not Ticket.objects.exists()


def test_off_loopback_there_is_no_demonstration(load: Callable[..., None], settings: Any, own_folder: Path) -> None:
    settings.ON_LOOPBACK = False
    with pytest.raises(CommandError, match="only on 127"):
        load()
    assert not User.objects.exists()
    assert not (own_folder / "demo-sign-in.txt").exists()
