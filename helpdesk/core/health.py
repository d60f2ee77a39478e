"""Is everything there? Checks register by name; each runs in its own thread and is given two seconds.

@check("queue")
def queue() -> str: ...     # one of the states below; an exception counts as `fails`
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache as once
from pathlib import Path

from django.conf import settings
from django.core.cache import cache
from django.db import connection, connections
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from helpdesk.core import circuit
from helpdesk.core.llm import provider as llm_provider
from helpdesk.core.tasks import HEARTBEAT_KEY

HEALTHY, DEGRADED, UNHEALTHY, NOT_CONFIGURED = "healthy", "degraded", "unhealthy", "not configured"
PATIENCE = 2.0  # seconds for all checks together: they run side by side
STALE_AFTER = timedelta(seconds=60)  # the scheduler beats every 15 s


@dataclass(frozen=True)
class _Check:
    name: str
    run: Callable[[], str]
    fails: str


_checks: dict[str, _Check] = {}
_running: dict[str, Future[str]] = {}
_threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="health")


def check(name: str, *, fails: str = DEGRADED) -> Callable[[Callable[[], str]], Callable[[], str]]:
    """Register a check. `fails` is what an exception or silence means: UNHEALTHY only if nothing works without it."""

    def register(run: Callable[[], str]) -> Callable[[], str]:
        _checks[name] = _Check(name, run, fails)
        return run

    return register


def examine() -> dict[str, str]:
    """Every component and its state, after at most PATIENCE seconds."""
    futures = {one.name: _start(one) for one in _checks.values()}
    wait(futures.values(), timeout=PATIENCE)
    return {name: future.result() if future.done() else _checks[name].fails for name, future in futures.items()}


def overall(components: dict[str, str]) -> str:
    """The worst state that counts; what is not configured does not."""
    return next((state for state in (UNHEALTHY, DEGRADED) if state in components.values()), HEALTHY)


def _start(one: _Check) -> Future[str]:
    """A check that still hangs from last time is not started again, so that they never pile up."""
    if one.name not in _running or _running[one.name].done():
        _running[one.name] = _threads.submit(_guarded, one)
    return _running[one.name]


def _guarded(one: _Check) -> str:
    try:
        return one.run()
    except Exception:
        return one.fails
    finally:
        connections.close_all()


@check("database", fails=UNHEALTHY)
def database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HEALTHY


@check("redis")
def redis() -> str:
    cache.ping()  # type: ignore[attr-defined]  # core.caching's; `get` would only shrug
    return HEALTHY


@check("worker")
def worker() -> str:
    """Scheduler, broker and worker in one: the heartbeat is a task that went through all three."""
    beat = cache.get(HEARTBEAT_KEY)
    alive = bool(beat) and datetime.now(UTC) - datetime.fromisoformat(beat) < STALE_AFTER
    return HEALTHY if alive else DEGRADED


@check("embeddings")
def embeddings() -> str:
    """Whether the engine's files are there: loading the model into the web process only to report would cost 100 MB."""
    if settings.EMBEDDING_BACKEND != "local":
        return HEALTHY if settings.OPENAI_API_KEY or settings.OPENAI_BASE_URL else DEGRADED
    folder = Path(getattr(settings, "MODEL_DIR", Path(settings.DATA_DIR) / "models"))
    return HEALTHY if any(folder.rglob("*.onnx")) else DEGRADED


@check("llm")
def llm() -> str:
    """Resting after failures is degraded: the local engine works on."""
    provider = llm_provider()
    if not provider.on:
        return NOT_CONFIGURED
    return DEGRADED if circuit.is_open(provider.circuit) else HEALTHY


@once
def version() -> str:
    """The release, from pyproject.toml."""
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())
    return str(project["project"]["version"])


@never_cache
@require_safe
def view(request: HttpRequest) -> JsonResponse:
    """Contract section 3; public, so it names states and never reasons."""
    components = examine()
    status = overall(components)
    body = {"status": status, "timestamp": _now(), "version": version(), "components": components}
    return JsonResponse(body, status=503 if status == UNHEALTHY else 200)


@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """Whether this process answers at all: for an orchestrator that restarts it, so no other part is asked."""
    return JsonResponse({"status": HEALTHY, "timestamp": _now(), "version": version()})


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
