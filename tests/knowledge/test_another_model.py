"""Re-embedding with another model: beside the present one, with no gap, and to be gone on with after a kill."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from helpdesk.core.embeddings import get_embedder
from helpdesk.core.models import Embedding
from knowledge import cases
from knowledge.models import Article
from knowledge.search import find

Library = dict[str, Article]


class Provider:
    """An OpenAI-compatible server on this machine: hashed words as meaning, so that equal words are near."""

    def __init__(self) -> None:
        self.width, self.answers_left, self.texts = 384, 10**9, 0
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                provider.answers_left -= 1
                good = provider.answers_left >= 0 and self.path.endswith("/embeddings")
                self.send_response(200 if good else 400)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(provider.answer(asked) if good else {"error": {"message": "gone"}}).encode())

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.texts += len(asked["input"])
        data = [{"object": "embedding", "index": n, "embedding": self.vector(text)} for n, text in enumerate(asked["input"])]
        return {"object": "list", "model": asked["model"], "data": data, "usage": {"prompt_tokens": 1, "total_tokens": 1}}

    def vector(self, text: str) -> list[float]:
        found = np.full(self.width, 0.01)
        for word in text.lower().split():
            found[sum(map(ord, word.strip(".,?!"))) % self.width] += 1
        return [float(one) for one in found]


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    from helpdesk.core.embeddings import engine

    one = Provider()
    settings.OPENAI_BASE_URL = f"http://127.0.0.1:{one.server.server_port}/v1"
    engine.cache_clear()
    yield one
    one.server.shutdown()
    one.server.server_close()
    engine.cache_clear()


def count(model: str) -> int:
    return Embedding.objects.filter(model=model).count()


def test_another_model_is_made_ready_while_the_present_one_serves(
    library: Library, provider: Provider, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    cases.remember(
        [
            cases.Solved(
                ("ticket", "1"), "lorries dance\non the map\nall day", opening="lorries dance\non the map", article=library["invoice"]
            )
        ]
    )
    before, local = find("download an invoice", viewer=None), get_embedder().name
    call_command("reindex", "--model", "openai:big")
    assert count("openai:big") == count(local) > 0 and "everything is there for openai:big" in capsys.readouterr().out
    assert find("download an invoice", viewer=None) == before  # nothing changed for anybody yet
    settings.EMBEDDING_BACKEND, settings.EMBEDDING_MODEL = "openai", "big"
    assert find("download an invoice", viewer=None).hits[0].slug == "invoice"
    assert find("lorries dance", viewer=None).hits[0].why.startswith("Solved 1 similar case")
    call_command("reindex", "--drop-others")
    assert count(local) == 0 and count("openai:big") > 0


def test_a_run_that_was_cut_off_goes_on_where_it_stopped(library: Library, provider: Provider) -> None:
    cases.remember([cases.Solved(("ticket", "1"), "the lorries dance", article=library["invoice"])])
    provider.answers_left = 2  # "ready", then the articles; the cases are refused
    with pytest.raises(CommandError, match="does not answer"):
        call_command("reindex", "--model", "openai:big")
    stored, provider.answers_left, provider.texts = count("openai:big"), 10**9, 0
    assert stored >= 2 * len(library)
    call_command("reindex", "--model", "openai:big")
    assert provider.texts == 1  # the case alone


def test_a_dimension_that_does_not_fit_is_refused_with_the_remedy(library: Library, provider: Provider) -> None:
    provider.width = 768
    with pytest.raises(CommandError, match="Set EMBEDDING_MODEL to one that knows `dimensions`"):
        call_command("reindex", "--model", "openai:wide")
    assert count("openai:wide") == 0
    with pytest.raises(CommandError, match="Name local"):
        call_command("reindex", "--model", "nonsense")


def test_a_provider_that_is_away_leaves_the_words(library: Library, provider: Provider, settings: Any) -> None:
    settings.EMBEDDING_BACKEND, provider.answers_left = "openai", 0
    found = find("download an invoice", viewer=None)
    assert found.hits[0].slug == "invoice" and not found.by_meaning and "words only" in found.notice
