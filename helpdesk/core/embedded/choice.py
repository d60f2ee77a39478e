"""Which servers are ours to start: those that the environment does not name."""

import os
from collections.abc import Callable
from pathlib import Path

import environ

from .layout import Layout
from .running import Needs, ensure

PROJECT = Path(__file__).resolve().parents[3]


def data_dir() -> Path:
    """DATA_DIR from the environment, `.data` beside manage.py without it; readable before Django is set up."""
    return Path(os.environ.get("DATA_DIR") or PROJECT / ".data").resolve()


def start_what_is_missing(say: Callable[[str], object] = lambda sentence: None) -> Layout | None:
    """Have the servers that no URL names; None when both are named. Raises EmbeddedServersError."""
    environ.Env.read_env(PROJECT / ".env")  # as the settings do; they are not loaded yet
    needs = Needs(postgres=not os.environ.get("DATABASE_URL"), redis=not os.environ.get("REDIS_URL"))
    return ensure(data_dir(), needs, say) if needs.postgres or needs.redis else None
