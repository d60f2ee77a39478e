"""Text becomes vectors: on this machine or at a provider, the same to whoever asks."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from django.conf import settings
from openai import OpenAIError

from helpdesk.core.embeddings import EmbeddingUnavailable, get_embedder, model_file, prepare, store
from helpdesk.core.embeddings.minilm import MiniLm
from helpdesk.core.embeddings.openai import OpenAiEmbedder
from helpdesk.core.models import Embedding


@pytest.fixture(scope="session", autouse=True)
def _model() -> None:
    prepare()


def test_texts_that_mean_the_same_are_near_each_other() -> None:
    vectors = get_embedder().embed(["I forgot my password", "How do I reset my password?", "The invoice is wrong"])
    nearness = vectors @ vectors.T
    assert nearness[0, 1] > 0.7 and nearness[0, 2] < 0.3


def test_vectors_are_float32_of_length_one_in_the_order_of_the_texts() -> None:
    texts = ["short", "a much longer text " * 30, "in between, somewhat longer", ""]
    together = get_embedder().embed(texts)
    assert together.dtype == np.float32 and together.shape == (4, 384)
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    for vector, text in zip(together, texts, strict=True):
        assert np.array_equal(vector, get_embedder().embed([text])[0])  # whatever company it keeps


def test_no_texts_give_no_vectors() -> None:
    assert get_embedder().embed([]).shape == (0, 384)


def test_odd_text_is_embedded_and_not_refused() -> None:
    odd = ["\ud800 half a character", "\x00\x01", "😀" * 3000, "ﷺ" * 2000, "a" * 1_000_000, " \n\t "]
    assert np.isfinite(get_embedder().embed(odd)).all()


def test_a_repeated_text_is_remembered_and_cannot_be_spoilt_by_its_reader() -> None:
    first = get_embedder().embed(["the same question"])
    with pytest.raises(ValueError, match="read-only"):
        first[0, 0] = 7
    assert np.array_equal(first, get_embedder().embed(["the same question"]))


def test_threads_share_one_engine() -> None:
    engine, found = MiniLm.from_settings(), []
    threads = [Thread(target=lambda number=number: found.append(engine.embed([f"question {number}", "another"]))) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and all(vectors.shape == (2, 384) for vectors in found)


def test_a_forked_child_embeds_too() -> None:
    get_embedder().embed(["in the parent"])
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply_async(_nearness_in_child).get(timeout=60) > 0.9


def _nearness_in_child() -> float:
    vectors = get_embedder().embed(["in the child", "in the  child"])
    return float(vectors[0] @ vectors[1])


def test_importing_the_package_loads_no_engine() -> None:
    check = "import sys, helpdesk.core.embeddings; print(sorted({'onnxruntime', 'tokenizers', 'openai', 'onnx'} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True, cwd=settings.BASE_DIR)
    assert answer.stdout.strip() == "[]"


class TestTheModelFile:
    def test_is_built_once_and_then_left_alone(self) -> None:
        files = model_file.ensure(Path(settings.DATA_DIR) / "models")
        before = files.graph.stat().st_mtime_ns
        assert model_file.ensure(Path(settings.DATA_DIR) / "models").graph.stat().st_mtime_ns == before
        assert 20e6 < files.graph.stat().st_size < 30e6

    def test_is_built_by_one_of_many_that_ask_at_once(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        built = []

        def build(files: model_file.ModelFiles, progress: Any) -> None:
            built.append(files)
            files.tokenizer.touch()
            files.graph.touch()

        monkeypatch.setattr(model_file, "_build", build)
        threads = [Thread(target=model_file.ensure, args=(tmp_path,)) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(built) == 1

    def test_a_build_that_dies_leaves_nothing_that_looks_finished(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def dies(*_: Any) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(model_file, "_quantise", dies)
        with pytest.raises(KeyboardInterrupt):
            model_file.ensure(tmp_path)
        assert [file.name for file in tmp_path.iterdir()] == [f"{model_file.BUILD}.lock"]

    def test_other_weights_are_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(model_file, "WEIGHTS_SHA256", "0" * 64)
        with pytest.raises(EmbeddingUnavailable, match="not the published ones"):
            model_file.ensure(tmp_path)

    def test_missing_weights_say_how_to_install_them(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(model_file, "PACKAGE", "no_such_package")
        with pytest.raises(EmbeddingUnavailable, match=r"requirements-model\.txt"):
            model_file.ensure(tmp_path)

    def test_a_damaged_file_is_unavailable_and_not_a_crash(self, tmp_path: Path) -> None:
        (tmp_path / f"{model_file.BUILD}.onnx").write_bytes(b"not a model")
        (tmp_path / f"{model_file.BUILD}.tokenizer.json").write_text("{}")
        with pytest.raises(EmbeddingUnavailable, match="cannot be loaded"):
            MiniLm(tmp_path).embed(["hello"])


class _Server:
    """Speaks like the SDK's client at the vendor's edge."""

    def __init__(self, width: int = 384, fails: bool = False) -> None:
        self.width, self.fails, self.asked = width, fails, []
        self.embeddings = self

    def create(self, *, model: str, input: list[str], dimensions: int) -> Any:
        self.asked.append((model, input, dimensions))
        if self.fails:
            raise OpenAIError("no route to host")
        rows = [SimpleNamespace(index=number, embedding=[float(number + 2)] * self.width) for number in range(len(input))]
        return SimpleNamespace(data=rows[::-1])


class TestAProvider:
    def test_is_asked_for_our_width_and_its_vectors_are_put_in_order_and_to_length_one(self) -> None:
        server = _Server()
        vectors = OpenAiEmbedder(server, "some-model").embed(["a", "", "c"])
        assert server.asked == [("some-model", ["a", ".", "c"], 384)]
        assert vectors.shape == (3, 384) and np.allclose(np.linalg.norm(vectors, axis=1), 1)

    def test_a_long_list_goes_in_several_requests(self) -> None:
        server = _Server()
        assert OpenAiEmbedder(server, "m").embed([str(number) for number in range(200)]).shape == (200, 384)
        assert [len(texts) for _, texts, _ in server.asked] == [96, 96, 8]

    def test_its_failure_means_unavailable(self) -> None:
        with pytest.raises(EmbeddingUnavailable, match="does not answer"):
            OpenAiEmbedder(_Server(fails=True), "m").embed(["a"])

    def test_another_width_is_refused(self) -> None:
        with pytest.raises(EmbeddingUnavailable, match="384 numbers"):
            OpenAiEmbedder(_Server(width=768), "m").embed(["a"])

    def test_is_chosen_by_the_settings(self, settings: Any) -> None:
        settings.EMBEDDING_BACKEND = "openai"
        settings.EMBEDDING_MODEL = "text-embedding-3-large"
        assert get_embedder().name == "openai:text-embedding-3-large"


class TestTheStore:
    def test_embeds_what_is_new_or_changed_and_nothing_else(self, db: None) -> None:
        one, two = uuid4(), uuid4()
        assert store.remember("test", [store.Passage(one, 0, "first"), store.Passage(two, 0, "second")]) == 2
        assert store.remember("test", [store.Passage(one, 0, "first"), store.Passage(two, 0, "changed")]) == 1
        assert Embedding.objects.filter(object_kind="test").count() == 2

    def test_goes_on_where_it_was_stopped(self, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(store, "AT_ONCE", 2)
        passages = [store.Passage(uuid4(), 0, f"text {number}") for number in range(5)]

        def stops_after_three() -> Any:
            yield from passages[:3]
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            store.remember("test", stops_after_three())
        assert store.remember("test", passages) == 3

    def test_drops_the_parts_that_are_gone(self, db: None) -> None:
        one = uuid4()
        store.remember("test", [store.Passage(one, part, f"part {part}") for part in range(4)])
        store.trim("test", {one: 2})
        assert sorted(Embedding.objects.values_list("part", flat=True)) == [0, 1]

    def test_keeps_two_engines_apart_until_the_old_one_is_dropped(self, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
        one = uuid4()
        store.remember("test", [store.Passage(one, 0, "text")])
        monkeypatch.setattr(get_embedder(), "name", "another", raising=False)
        assert store.remember("test", [store.Passage(one, 0, "text")]) == 1
        assert Embedding.objects.count() == 2
        assert store.drop_other_engines() == 1
        assert Embedding.objects.get().model == "another"
