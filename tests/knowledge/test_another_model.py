"""Re-embedding with another model: beside the present one, with no gap, and to be gone on with after a kill."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from helpdesk.core.embeddings import get_embedder
from helpdesk.core.models import Embedding
from knowledge import cases
from knowledge.models import Article
from knowledge.search import find
from tests.plugins.embedding_server import Provider

Library = dict[str, Article]


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    from helpdesk.core.embeddings import engine

    one = Provider()
    settings.OPENAI_BASE_URL = one.url
    engine.cache_clear()
    yield one
    one.close()
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
