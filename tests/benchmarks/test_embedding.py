"""How quick the local engine is. Prints figures, asserts none: `pytest -s tests/benchmarks/test_embedding.py`."""

from __future__ import annotations

import time

from helpdesk.core.embeddings import prepare
from helpdesk.core.embeddings.minilm import MiniLm

CHUNK = "Open the settings, choose the connector that has stopped, and read the last line of its log before you restart it. " * 8


def test_speed_of_the_local_engine() -> None:
    prepare()
    engine = MiniLm.from_settings()
    engine.prepare()
    queries = [f"my driver app number {number} shows the wrong position" for number in range(300)]
    milliseconds = sorted(_timed(engine, query) for query in queries)
    started = time.process_time()
    engine.embed([f"{number} {CHUNK}" for number in range(100)])
    per_second = 100 / (time.process_time() - started)
    print(f"\nquery p50 {milliseconds[150]:.2f} ms, p95 {milliseconds[285]:.2f} ms; {per_second:.0f} 200-token chunks a processor second")


def _timed(engine: MiniLm, text: str) -> float:
    started = time.perf_counter()
    engine.embed([text])
    return (time.perf_counter() - started) * 1000
