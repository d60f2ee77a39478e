"""all-MiniLM-L6-v2 as an ONNX graph, written out from its weights: six BERT layers, mean over the words, length 1.

Inputs `input_ids` and `attention_mask`, both int64 (texts, tokens); output `embedding`, float32 (texts, 384).
Imported only while the model file is built.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

WIDTH, HEADS, LAYERS = 384, 12, 6
HEAD_WIDTH = WIDTH // HEADS
OPSET, IR_VERSION = 20, 9  # LayerNormalization and Gelu are single operators from opset 20 on; IR 9 is what carries it


def build_graph(weights: Path) -> onnx.ModelProto:
    """The whole network in float32. Raises onnx.checker.ValidationError if it is not well-formed."""
    net = _Network(weights)
    mask = net.op("Cast", "attention_mask", to=TensorProto.FLOAT)
    hidden = _embed_words(net)
    far_away = _mask_bias(net, mask)
    for number in range(LAYERS):
        hidden = _layer(net, hidden, far_away, f"encoder.layer.{number}")
    _mean_of_words(net, hidden, mask)
    return net.model()


def _embed_words(net: _Network) -> str:
    """Word + position + sentence-type vectors. The type is always 0, so it is added to the positions beforehand."""
    words = net.op("Gather", net.weight("embeddings.word_embeddings.weight"), "input_ids")
    places = net.weights["embeddings.position_embeddings.weight"] + net.weights["embeddings.token_type_embeddings.weight"][0]
    length = net.op("Slice", net.op("Shape", "input_ids"), net.ints([1]), net.ints([2]))
    here = net.op("Slice", net.constant("positions", places), net.ints([0]), length, net.ints([0]))
    return net.normalise(net.op("Add", words, here), "embeddings.LayerNorm")


def _mask_bias(net: _Network, mask: str) -> str:
    """0 for a word, -1e9 for padding: added before the softmax, so that nobody looks at padding."""
    padding = net.op("Sub", net.floats(1.0), net.op("Unsqueeze", mask, net.ints([1, 2])))
    return net.op("Mul", padding, net.floats(-1e9))


def _layer(net: _Network, hidden: str, bias: str, name: str) -> str:
    seen = net.dense(_attention(net, hidden, bias, f"{name}.attention.self"), f"{name}.attention.output.dense")
    hidden = net.normalise(net.op("Add", hidden, seen), f"{name}.attention.output.LayerNorm")
    wide = net.op("Gelu", net.dense(hidden, f"{name}.intermediate.dense"))
    return net.normalise(net.op("Add", hidden, net.dense(wide, f"{name}.output.dense")), f"{name}.output.LayerNorm")


def _attention(net: _Network, hidden: str, bias: str, name: str) -> str:
    split = net.ints([0, 0, HEADS, HEAD_WIDTH])
    query, key, value = (net.op("Reshape", net.dense(hidden, f"{name}.{part}"), split) for part in ("query", "key", "value"))
    query, value = (net.op("Transpose", part, perm=[0, 2, 1, 3]) for part in (query, value))
    scores = net.op("MatMul", query, net.op("Transpose", key, perm=[0, 2, 3, 1]))
    scaled = net.op("Mul", scores, net.floats(HEAD_WIDTH**-0.5))
    looked = net.op("MatMul", net.op("Softmax", net.op("Add", scaled, bias), axis=-1), value)
    return net.op("Reshape", net.op("Transpose", looked, perm=[0, 2, 1, 3]), net.ints([0, 0, WIDTH]))


def _mean_of_words(net: _Network, hidden: str, mask: str) -> None:
    total = net.op("ReduceSum", net.op("Mul", hidden, net.op("Unsqueeze", mask, net.ints([2]))), net.ints([1]), keepdims=0)
    mean = net.op("Div", total, net.op("ReduceSum", mask, net.ints([1]), keepdims=1))
    net.op("LpNormalization", mean, output="embedding", axis=1, p=2)


class _Network:
    """Nodes and constants as they are added. Every method returns the name of the tensor that it made."""

    def __init__(self, weights: Path) -> None:
        self.weights = {name.removeprefix("bert."): array for name, array in load_file(weights).items()}
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def op(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        output = output or f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], name=f"{len(self.nodes)}_{kind}", **attributes))
        return output

    def constant(self, name: str, array: np.ndarray) -> str:
        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(array), name)
        return name

    def weight(self, name: str) -> str:
        return self.constant(name, self.weights[name].astype(np.float32))

    def ints(self, values: list[int]) -> str:
        return self.constant(f"ints_{values}", np.array(values, np.int64))

    def floats(self, value: float) -> str:
        return self.constant(f"float_{value}", np.array(value, np.float32))

    def dense(self, hidden: str, name: str) -> str:
        """The weights are stored (out, in); MatMul wants (in, out)."""
        matrix = self.constant(f"{name}.matrix", self.weights[f"{name}.weight"].astype(np.float32).T)
        return self.op("Add", self.op("MatMul", hidden, matrix), self.weight(f"{name}.bias"))

    def normalise(self, hidden: str, name: str) -> str:
        return self.op("LayerNormalization", hidden, self.weight(f"{name}.weight"), self.weight(f"{name}.bias"), axis=-1, epsilon=1e-12)

    def model(self) -> onnx.ModelProto:
        shape = ["texts", "tokens"]
        inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name in ("input_ids", "attention_mask")]
        output = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["texts", WIDTH])
        graph = helper.make_graph(self.nodes, "minilm", inputs, [output], list(self.constants.values()))
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
        onnx.checker.check_model(model)
        return model
