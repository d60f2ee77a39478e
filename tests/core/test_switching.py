"""Another embedding engine takes over without a gap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextvars import Context
from typing import Any

import numpy as np
import pytest

import assist.tasks  # noqa: F401 - as a worker does: whoever keeps vectors registers
from customers import memory
from customers.memory import observing
from customers.models import Customer, MemoryTrace
from helpdesk.core import embeddings
from helpdesk.core.embeddings import EmbeddingUnavailable, get_embedder, switching
from helpdesk.core.models import ApiKey, Embedding, EmbeddingEngine
from knowledge import search
from knowledge.models import Article
from tests.cast import receive
from tests.knowledge.conftest import make_article
from tickets.models import Queue

pytestmark = pytest.mark.django_db

STAFF = ApiKey(name="tests")


class Other:
    """A second engine: the first one's vectors, turned round."""

    name, dimensions = "other-1", 384
    away = False

    def __init__(self) -> None:
        self._inner = embeddings.engine("local")

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        if self.away:
            raise EmbeddingUnavailable("away")
        return self._inner.embed(texts)[:, ::-1].copy()

    def prepare(self, progress: Any = None) -> None:
        """Nothing to do."""


@pytest.fixture
def changing(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Other]:
    """The settings name a new engine, and the old one before it."""
    other, local = Other(), embeddings.engine("local")
    settings.EMBEDDING_BACKEND, settings.EMBEDDING_MODEL, settings.EMBEDDING_PREVIOUS = "openai", "new", "local"
    monkeypatch.setattr(embeddings, "engine", lambda backend, model="": other if backend == "openai" else local)
    monkeypatch.setattr(switching, "engine", lambda *_: other)
    switching.forget_here()
    yield other
    monkeypatch.undo()
    switching.forget_here()


def vectors(name: str) -> int:
    return Embedding.objects.filter(model=name).count()


def test_the_old_engine_serves_until_everything_is_there_and_then_the_new_one(settings: Any, changing: Other) -> None:
    for n in range(3):
        make_article(f"gate-{n}", f"Opening gate {n}", "Press the green button.")
    assert get_embedder().name == embeddings.engine("local").name
    assert [hit.slug for hit in search.find("how do I open gate 1", viewer=STAFF).hits][:1] == ["gate-1"]
    before = vectors(get_embedder().name)
    assert switching.go_on() is True
    assert vectors("other-1") == before
    switching.forget_here()  # another process asks within five seconds
    assert get_embedder().name == "other-1"
    assert [hit.slug for hit in search.find("how do I open gate 1", viewer=STAFF).hits][:1] == ["gate-1"]


def test_search_answers_by_meaning_at_every_step_of_the_change(changing: Other, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(12):
        make_article(f"dock-{n}", f"Opening dock {n}", "Press the green button.")
    answers: list[tuple[bool, str]] = []
    made = Other.embed

    def asked_meanwhile(self: Other, texts: Sequence[str]) -> np.ndarray:
        found = Context().run(search.find, "how do I open dock 7", viewer=STAFF)  # as another process, which knows of no change
        answers.append((found.by_meaning, found.hits[0].slug))
        return made(self, texts)

    monkeypatch.setattr(Other, "embed", asked_meanwhile)
    assert switching.go_on() is True
    assert len(answers) > 1 and set(answers) == {(True, "dock-7")}


def test_tickets_are_read_again_under_the_new_engine(support: Queue, changing: Other, drain: Any) -> None:
    ticket = receive("a@b.example", "Horn", "The forklift horn hums at night.").ticket
    drain()
    switching.go_on()
    assert Embedding.objects.filter(object_kind="ticket", object_id=ticket.pk, model="other-1").count() == 1


def test_memories_keep_their_meaning_while_engines_change(ingrid: Customer, changing: Other) -> None:
    memory.grant(ingrid)
    memory.observe([ingrid], memory.Observed("Observation", "x", "The label printer jams"), source=memory.Source("api"))
    asked = memory.Query("What prints the labels?", customers=(ingrid.pk,))

    def similarity() -> float:
        (found,) = memory.recall(asked, viewer=None)
        return found.parts["similarity"]

    before = similarity()
    assert before > 0
    switching.go_on()
    assert similarity() == before, "the old engine serves with its own vectors"
    switching.forget_here()
    assert get_embedder().name == "other-1"
    assert observing.read_the_unread() == 0, "nothing is left to read"
    assert set(MemoryTrace.objects.values_list("model", "next_model")) == {("other-1", "")}
    assert similarity() == pytest.approx(before, abs=0.01)


def test_a_provider_that_is_away_changes_nothing_and_is_asked_again(changing: Other) -> None:
    make_article("gate", "Opening the gate", "Press the green button.")
    changing.away = True
    assert switching.go_on() is False
    row = EmbeddingEngine.objects.get()
    assert (row.ready_at, row.error) == (None, "away")
    switching.forget_here()
    assert get_embedder().name != "other-1"
    changing.away = False
    assert switching.go_on() is True


def test_an_article_that_changes_meanwhile_is_made_again(changing: Other, monkeypatch: pytest.MonkeyPatch) -> None:
    article = make_article("gate", "Opening the gate", "Press the green button.")
    made = switching._made_within

    def meanwhile(coming: Any, until: float) -> bool:
        done = made(coming, until)
        if not EmbeddingEngine.objects.get().made > 100:
            Article.objects.filter(pk=article.pk).update(title="Opening the dock")
            EmbeddingEngine.objects.update(made=101)
            return made(coming, until)
        return done

    monkeypatch.setattr(switching, "_made_within", meanwhile)
    switching.go_on()
    from helpdesk.core.embeddings import store

    title = Embedding.objects.get(object_kind="article", object_id=article.pk, part=0, model="other-1")
    assert title.text_hash == store.text_hash("Opening the dock")


def test_without_a_change_nothing_is_asked_of_the_database(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert get_embedder().name
        assert switching.go_on() is True
