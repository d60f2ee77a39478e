"""Live assist at size: how long a customer's sentence takes, and a hundred calls at once. Prints figures.

`pytest -s -n 0 tests/benchmarks/test_live_calls.py -k sentence` (10,000 articles and 10,000 solved cases in the test's own PostgreSQL)
`pytest -s -n 0 tests/benchmarks/test_live_calls.py -k hundred`  (a whole stack, its load generator and its watchers on this machine)
`pytest -s -n 0 tests/benchmarks/test_live_calls.py -k idle`     (memory of 1,000 idle sockets)
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import psutil  # type: ignore[import-untyped]
import pytest
from websockets.asyncio.client import connect

from assist.calls import switchboard
from assist.calls.switchboard import Opening, Spoken
from assist.models import AgentAction
from tests.benchmarks import processor
from tests.benchmarks import test_search as filling
from tests.plugins.stack import Stack

CALLS = int(os.environ.get("CALLS", "100"))
PER_SECOND = float(os.environ.get("SEGMENTS_PER_SECOND", "150"))  # half of them the customer's
SECONDS = float(os.environ.get("SECONDS", "60"))
COMING = float(
    os.environ.get("COMING", "15")
)  # seconds in which the calls begin, one after another; 0: all speak for the first time at once
SETTLING = float(os.environ.get("SETTLING", "25"))  # seconds: a stack that has just loaded its demonstration still indexes and learns
SOCKETS = int(os.environ.get("SOCKETS", "1000"))


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def sentences() -> list[tuple[str, str]]:
    """Who said what, from our own transcripts."""
    said = []
    for path in sorted(Path("helpdesk/demo/calls").glob("*.json")):
        said += [(one["speaker"], one["text"]) for one in json.loads(path.read_text())["segments"] if one["speaker"] != "system"]
    return said


@pytest.mark.timeout(900)
def test_a_customers_sentence(transactional_db: None) -> None:  # as in production: steps run side by side, no savepoints
    filling._fill(random.Random(7))
    milliseconds: list[float] = []
    processor_ms: list[float] = []
    for number in range(8):
        session, _ = switchboard.start(Opening(call_id=f"bench-{number}", customer_phone=f"+4520111{number:03}"))
        for place, (speaker, text) in enumerate(sentences()[number * 25 : number * 25 + 25]):
            began = time.process_time()
            heard = switchboard.hear(session, Spoken(speaker=speaker, text=text, start_time=place * 3.0))
            if heard.status == "processed" and number:
                milliseconds.append(heard.processing_time_ms)
                processor_ms.append((time.process_time() - began) * 1000)
    p50, p95 = percentile(milliseconds, 0.5), percentile(milliseconds, 0.95)
    print(f"\ncustomer's sentence: p50 {p50:.0f} ms, p95 {p95:.0f} ms, n {len(milliseconds)}", end="")
    print(f"; processor time of Python p50 {percentile(processor_ms, 0.5):.1f} ms, p95 {percentile(processor_ms, 0.95):.1f} ms")
    for name in sorted(set(AgentAction.objects.values_list("agent_name", flat=True))):
        spent = list(AgentAction.objects.filter(agent_name=name, segment__isnull=False).values_list("processing_time_ms", flat=True))
        print(f"  {name:<20} p50 {percentile(spent, 0.5):6.1f} ms, p95 {percentile(spent, 0.95):6.1f} ms")
    assert milliseconds


@pytest.mark.e2e
@pytest.mark.timeout(600)
def test_a_hundred_calls_at_once(start_stack: Callable[..., Stack]) -> None:
    stack = start_stack(DEMO="1")
    key = stack.manage("api_key", "load", "--scope", "*").stdout.decode().strip()
    time.sleep(SETTLING)
    before = processor.spent(stack)
    found = asyncio.run(_load(stack.url, key))
    used, posted, seen = processor.since(before, stack), found["post"], found["screen"]
    print(f"\n{CALLS} calls, {PER_SECOND:.0f} segments/s for {SECONDS:.0f} s: {found['sent']} sent, statuses {found['statuses']}")
    print(f"  POST p50 {percentile(posted, 0.5):.0f} ms, p95 {percentile(posted, 0.95):.0f} ms")
    print(f"  to the screen p50 {percentile(seen, 0.5):.0f} ms, p95 {percentile(seen, 0.95):.0f} ms, n {len(seen)} of {found['customers']}")
    print(f"  processor time of a segment, ms: {processor.in_words(used, found['sent'])}; load average {os.getloadavg()[0]:.1f}")
    assert found["kept"] == found["sent"], "every segment is stored"


def client(key: str) -> httpx2.AsyncClient:
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
    return httpx2.AsyncClient(headers={"Authorization": f"Bearer {key}"}, limits=limits, timeout=60)


def authorization(http: httpx2.AsyncClient) -> dict[str, str]:
    return {"Authorization": http.headers["Authorization"]}


def path_of(url: str, session: str) -> str:
    return f"{url.replace('http', 'ws', 1)}/api/realtime/ws/{session}"


async def _load(url: str, key: str) -> dict[str, Any]:
    """Every call has one watcher; a sentence is on the screen when a `suggestions` frame knows its segment or a later one."""
    chance, lines, run = random.Random(3), sentences(), uuid4().hex[:8]
    found: dict[str, Any] = {"post": [], "screen": [], "statuses": {}, "sent": 0, "customers": 0, "kept": 0}
    async with client(key) as http:
        started = [await _post(http, f"{url}/api/realtime/call/start", {"call_id": f"load-{run}-{n}"}) for n in range(CALLS)]
        sessions = [one["session_id"] for one in started]
        waiting: dict[str, dict[int, float]] = {session: {} for session in sessions}
        watchers = [asyncio.create_task(_watch(http, url, session, waiting[session], found)) for session in sessions]
        await asyncio.sleep(3)
        began, posts, number = time.perf_counter(), [], 0
        while time.perf_counter() - began < SECONDS:
            here = min(CALLS, 1 + int(CALLS * (time.perf_counter() - began) / COMING)) if COMING else CALLS
            session, (speaker, text) = sessions[number % here], lines[(number * 7 + number // CALLS) % len(lines)]
            speaker = ("customer", "agent")[(number // CALLS) % 2]
            body = {"session_id": session, "speaker": speaker, "text": text, "start_time": number // CALLS * 1.3 + chance.random() / 10}
            posts.append(asyncio.create_task(_say(http, url, body, waiting[session], found)))
            number += 1
            await asyncio.sleep(max(0.0, began + number / PER_SECOND - time.perf_counter()))
        await asyncio.gather(*posts)
        await asyncio.sleep(6)
        for watcher in watchers:
            watcher.cancel()
    return found


async def _post(http: httpx2.AsyncClient, url: str, body: dict[str, Any]) -> dict[str, Any]:
    return dict((await http.post(url, json=body)).json())


async def _say(http: httpx2.AsyncClient, url: str, body: dict[str, Any], waiting: dict[int, float], found: dict[str, Any]) -> None:
    sent = time.perf_counter()
    answer = await _post(http, f"{url}/api/realtime/transcription", body)
    found["post"].append((time.perf_counter() - sent) * 1000)
    found["sent"] += 1
    status = str(answer["status"])  # of a problem: its HTTP status
    found["statuses"][status] = found["statuses"].get(status, 0) + 1
    found["kept"] += "segment_id" in answer
    if body["speaker"] == "customer" and "segment_id" in answer:
        found["customers"] += 1
        waiting[answer["segment_id"]] = sent
        _settle(waiting, found)


async def _watch(http: httpx2.AsyncClient, url: str, session: str, waiting: dict[int, float], found: dict[str, Any]) -> None:
    async with connect(path_of(url, session), additional_headers=authorization(http)) as socket:
        async for message in socket:
            frame = json.loads(message)
            if frame["type"] == "suggestions" and frame["segment_id"]:
                waiting[-1] = frame["segment_id"]
                waiting[-2] = time.perf_counter()
                _settle(waiting, found)


def _settle(waiting: dict[int, float], found: dict[str, Any]) -> None:
    """The frame may come before the answer to the POST; both are measured from the POST on."""
    shown, at = waiting.get(-1, 0), waiting.get(-2, 0.0)
    for segment in [one for one in waiting if 0 < one <= shown]:
        found["screen"].append((at - waiting.pop(segment)) * 1000)


@pytest.mark.e2e
@pytest.mark.timeout(600)
def test_a_thousand_idle_sockets(start_stack: Callable[..., Stack]) -> None:
    stack = start_stack(DEMO="0")
    key = stack.manage("api_key", "idle", "--scope", "*").stdout.decode().strip()
    web = psutil.Process(stack.parts()["web"])

    async def sit() -> tuple[float, float]:
        async with client(key) as http:
            session = (await _post(http, f"{stack.url}/api/realtime/call/start", {"call_id": "idle"}))["session_id"]
            path, headers = path_of(stack.url, session), authorization(http)
            warm = [await connect(path, additional_headers=headers) for _ in range(10)]
            before = web.memory_info().rss
            sockets = [await connect(path, additional_headers=headers) for _ in range(SOCKETS)]
            await asyncio.sleep(20)
            after = web.memory_info().rss
            for one in (*sockets, *warm):
                await one.close()
            return before / 2**20, after / 2**20

    before, after = asyncio.run(sit())
    print(f"\n{SOCKETS} idle sockets: {before:.0f} MB → {after:.0f} MB, {after - before:.0f} MB more")
