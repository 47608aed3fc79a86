"""The same operators in the forms of older and newer opsets, and every opset from 7 to 22."""

import numpy as np
from onnx import TensorProto

from .build import floats, model, node

X = [2, 4, 7, 6]


def write(writer):
    x = floats(*X, seed=1, low=-4, high=4)

    def one(name, opset, nodes, outputs=("y",), initializers=None, inputs=None, feeds=None):
        nodes = nodes if isinstance(nodes, list) else [nodes]
        writer.add(name, model(nodes, inputs or {"x": X}, outputs, initializers, opset), feeds or {"x": x})

    one(
        "clip-6",
        7,
        [
            node("Clip", "x", "a", min=-1.0, max=2.0),
            node("Clip", "a", "b", max=1.5),
            node("Clip", "b", "c", min=-0.5),
            node("Clip", "c", "y"),
        ],
    )
    one(
        "slice-1",
        9,
        [node("Slice", "x", "a", starts=[1, -3], ends=[4, 2**31 - 1], axes=[1, 3]), node("Slice", "a", "y", starts=[0], ends=[1])],
    )
    one(
        "pad-2",
        10,
        [
            node("Pad", "x", "a", pads=[0, 0, 1, 2, 0, 1, 0, 3], value=1.5),
            node("Pad", "a", "y", pads=[0, 0, 1, 1, 0, 0, 1, 1], mode="edge"),
        ],
    )
    one("squeeze-1", 11, [node("Unsqueeze", "x", "a", axes=[0, 5]), node("Squeeze", "a", "b", axes=[0]), node("Squeeze", "b", "y")])
    one(
        "split-2",
        11,
        [node("Split", "x", "a b", axis=1, split=[3, 1]), node("Split", "a", "c d e", axis=1), node("Concat", "e b d c", "y", axis=1)],
    )
    one("split-13", 13, [node("Split", "x", "a b", axis=1), node("Concat", "b a", "y", axis=1)])
    one("reducemean-13", 13, [node("ReduceMean", "x", "a", axes=[2, -1], keepdims=0), node("ReduceMean", "x", "b")], outputs=("a", "b"))
    for axis in (0, 1, 2, 3):
        one(f"softmax-1-axis-{axis}", 12, node("Softmax", "x", "y", axis=axis))
    one("softmax-1-default", 7, node("Softmax", "x", "y"))
    one("softmax-11-negative", 11, node("Softmax", "x", "y", axis=-2))
    one("softmax-1-vector", 9, node("Softmax", "x", "y"), inputs={"x": ["N", 10]}, feeds={"x": floats(3, 10, high=5)})
    one("softmax-1-pixel", 9, node("Softmax", "x", "y"), inputs={"x": ["N", 10, 1, 1]}, feeds={"x": floats(3, 10, 1, 1, high=5)})
    statistics = {"s": floats(4, seed=4), "b": floats(4, seed=5), "m": floats(4, seed=6), "v": floats(4, seed=7, low=0.5, high=2)}
    one("batchnorm-7", 8, node("BatchNormalization", "x s b m v", "y", spatial=1), initializers=statistics)
    one("batchnorm-14", 15, node("BatchNormalization", "x s b m v", "y", training_mode=0), initializers=statistics)
    one("dropout-7", 7, [node("Dropout", "x", "a mask", ratio=0.3), node("Relu", "a", "y")])
    one(
        "dropout-12",
        13,
        [node("Dropout", "x ratio off", "a"), node("Relu", "a", "y")],
        initializers={"ratio": np.float32(0.5), "off": np.bool_(False)},
    )
    one(
        "gemm-7",
        7,
        node("Gemm", "x w b", "y", transB=1),
        inputs={"x": ["N", 5]},
        initializers={"w": floats(4, 5), "b": floats(4, seed=1)},
        feeds={"x": floats(3, 5, seed=2)},
    )
    one(
        "pools-7",
        7,
        [
            node("MaxPool", "x", "a", kernel_shape=[3, 3], strides=[2, 2]),
            node("AveragePool", "a", "y", kernel_shape=[2, 2], count_include_pad=1, pads=[1, 1, 0, 0]),
        ],
    )
    one(
        "quantize-10",
        10,
        [node("QuantizeLinear", "x s", "q"), node("DequantizeLinear", "q s", "y")],
        initializers={"s": np.float32(1 / 32)},
    )
    one(
        "quantize-output-dtype",
        21,
        [node("QuantizeLinear", "x s", "q", output_dtype=TensorProto.INT8), node("DequantizeLinear", "q s", "y")],
        initializers={"s": np.float32(1 / 16)},
    )
    one("cast-19", 19, [node("Cast", "x", "d", to=TensorProto.DOUBLE, saturate=1), node("Cast", "d", "y", to=TensorProto.FLOAT)])
    one("flatten-21", 21, node("Flatten", "x", "y", axis=2))

    # A small network in every opset: convolution, pooling, a residual, a classifier.
    weights = {
        "w1": floats(4, 4, 3, 3, seed=8),
        "b1": floats(4, seed=9),
        "w2": floats(5, 4, seed=10),
        "b2": floats(5, seed=11),
        **statistics,
    }
    for opset in range(7, 23):
        nodes = [
            node("Conv", "x w1 b1", "c", pads=[1, 1, 1, 1]),
            node("BatchNormalization", "c s b m v", "n"),
            node("Relu", "n", "r"),
            node("Add", "r x", "a"),
            node("MaxPool", "a", "p", kernel_shape=[2, 2], strides=[2, 2]),
            node("GlobalAveragePool", "p", "g"),
            node("Flatten", "g", "f"),
            node("Gemm", "f w2 b2", "l", transB=1),
            node("Softmax", "l", "y"),
        ]
        one(f"network-{opset}", opset, nodes, initializers=weights, inputs={"x": ["N", 4, 7, 6]})
