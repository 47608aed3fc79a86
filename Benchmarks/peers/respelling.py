"""The same network in operators that onnx2tf reads rightly.

Two of its mistakes (2.6.9) are met by the networks of the comparison: batch norms that no convolution precedes, and channel shuffles
written with rank 4. Neither changes what LiteRT computes: a multiplication and an addition, and a transposition of rank 5.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import NodeProto, helper, numpy_helper


def respell(source: Path, target: Path) -> None:
    """Writes the model of `source`, whose shapes are all known, to `target`."""
    model = onnx.shape_inference.infer_shapes(onnx.load(str(source)))
    graph = model.graph
    constants = {tensor.name: tensor for tensor in graph.initializer}
    shapes = {
        value.name: [axis.dim_value for axis in value.type.tensor_type.shape.dim]
        for value in (*graph.input, *graph.value_info, *graph.output)
    }
    users: dict[str, list[NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)
    nodes = []
    for node in graph.node:
        if node.op_type == "BatchNormalization":
            nodes += _affine(graph, node, [numpy_helper.to_array(constants[name]) for name in node.input[1:5]], len(shapes[node.input[0]]))
            continue
        if node.op_type == "Reshape":
            _widen_shuffle(graph, node, users, shapes)
        nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)
    del graph.value_info[:]  # some of it is wrong now
    onnx.save(model, str(target))


def _constant(graph: onnx.GraphProto, name: str, values: np.ndarray) -> str:
    graph.initializer.append(numpy_helper.from_array(values, name))
    return name


def _affine(graph: onnx.GraphProto, node: NodeProto, parameters: list[np.ndarray], rank: int) -> list[NodeProto]:
    """A batch norm as a multiplication and an addition."""
    scale, bias, mean, variance = (array.astype(np.float64) for array in parameters)
    epsilon = next((attribute.f for attribute in node.attribute if attribute.name == "epsilon"), 1e-5)
    factor = scale / np.sqrt(variance + epsilon)
    shape = (1, -1, *[1] * (rank - 2))
    name = node.output[0]
    factors = _constant(graph, f"{name}/factor", factor.astype(np.float32).reshape(shape))
    terms = _constant(graph, f"{name}/term", (bias - mean * factor).astype(np.float32).reshape(shape))
    product = f"{name}/product"
    return [helper.make_node("Mul", [node.input[0], factors], [product]), helper.make_node("Add", [product, terms], [name])]


def _widen_shuffle(graph: onnx.GraphProto, first: NodeProto, users: dict[str, list[NodeProto]], shapes: dict[str, list[int]]) -> None:
    """N × C × H × W reshaped to N × g × C/g × HW, transposed and reshaped back: H and W are kept apart, as most exporters do."""
    whole, parted = shapes.get(first.input[0], []), shapes.get(first.output[0], [])
    following = users.get(first.output[0], [])
    if len(whole) != 4 or len(parted) != 4 or len(following) != 1 or following[0].op_type != "Transpose":
        return
    transposition = following[0]
    last = users.get(transposition.output[0], [])
    order = next((list(attribute.ints) for attribute in transposition.attribute if attribute.name == "perm"), [])
    if order != [0, 2, 1, 3] or len(last) != 1 or last[0].op_type != "Reshape" or shapes.get(last[0].output[0]) != whole:
        return
    if parted[3] != whole[2] * whole[3] or parted[1] * parted[2] != whole[1]:
        return
    first.input[1] = _constant(graph, f"{first.output[0]}/shape5", np.array([*parted[:3], *whole[2:]], np.int64))
    last[0].input[1] = _constant(graph, f"{last[0].output[0]}/shape4", np.array(whole, np.int64))
    for attribute in transposition.attribute:
        if attribute.name == "perm":
            attribute.ints[:] = [0, 2, 1, 3, 4]
