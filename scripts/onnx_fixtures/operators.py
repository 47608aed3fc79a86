"""Every operator in the form of opset 18 (or the one that brought it)."""

import numpy as np
from onnx import TensorProto, helper

from .build import floats, ints, model, node

X = [2, 4, 7, 6]


def write(writer):
    x = floats(*X, seed=1, low=-4, high=4)

    def one(name, nodes, inputs=None, outputs=("y",), initializers=None, opset=18, feeds=None):
        nodes = nodes if isinstance(nodes, list) else [nodes]
        writer.add(name, model(nodes, inputs or {"x": X}, outputs, initializers, opset), feeds or {"x": x})

    w, b = floats(6, 4, 3, 3, seed=2), floats(6, seed=3)
    one("conv", node("Conv", "x w b", "y", pads=[1, 0, 1, 2], strides=[2, 1]), initializers={"w": w, "b": b})
    one("conv-group-dilated", node("Conv", "x w", "y", group=2, dilations=[2, 1], kernel_shape=[3, 3]), initializers={"w": w[:, :2]})
    one(
        "conv-depthwise-same-upper", node("Conv", "x w", "y", group=4, auto_pad="SAME_UPPER", strides=[2, 2]), initializers={"w": w[:4, :1]}
    )
    one("conv-same-lower", node("Conv", "x w", "y", auto_pad="SAME_LOWER", strides=[2, 2]), initializers={"w": w[..., :2, :2]})
    one("conv-valid", node("Conv", "x w", "y", auto_pad="VALID", strides=[1, 2]), initializers={"w": w})
    one(
        "gemm",
        node("Gemm", "x w b", "y", alpha=0.5, beta=2.0, transB=1),
        {"x": [3, 5]},
        initializers={"w": floats(4, 5), "b": floats(4, seed=1)},
        feeds={"x": floats(3, 5, seed=2)},
    )
    one(
        "gemm-trans-a",
        node("Gemm", "x w b", "y", transA=1),
        {"x": [5, 3]},
        initializers={"w": floats(5, 4), "b": floats(3, 1, seed=1)},
        feeds={"x": floats(5, 3, seed=2)},
    )
    one("gemm-no-c", node("Gemm", "x w", "y"), {"x": [3, 5]}, initializers={"w": floats(5, 4)}, feeds={"x": floats(3, 5, seed=2)})
    one(
        "matmul-transposed-weight",
        [node("Transpose", "w", "t", perm=[1, 0]), node("MatMul", "x t", "y")],
        {"x": [2, 3, 5]},
        initializers={"w": floats(4, 5)},
        feeds={"x": floats(2, 3, 5, seed=2)},
    )
    for name, words in {
        "resize-nearest": {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"},
        "resize-linear": {"mode": "linear", "coordinate_transformation_mode": "pytorch_half_pixel"},
        "resize-corners": {"mode": "linear", "coordinate_transformation_mode": "align_corners"},
        "resize-default": {},
    }.items():
        one(name, node("Resize", "x  s", "y", **words), opset=13, initializers={"s": np.float32([1, 1, 2, 1.5])})
    one("resize-sizes", node("Resize", "x   s", "y", mode="linear"), opset=13, initializers={"s": ints(2, 4, 9, 3)})
    one("resize-axes", node("Resize", "x   s", "y", axes=[3, 2]), initializers={"s": ints(11, 3)})
    one("upsample", node("Upsample", "x s", "y"), opset=9, initializers={"s": np.float32([1, 1, 2, 3])})
    statistics = {"s": floats(4, seed=4), "b": floats(4, seed=5), "m": floats(4, seed=6), "v": floats(4, seed=7, low=0.5, high=2)}
    one("batchnorm", node("BatchNormalization", "x s b m v", "y", epsilon=0.001, momentum=0.8), initializers=statistics)
    one("lrn", node("LRN", "x", "y", size=3, alpha=0.01, beta=0.7, bias=2.0))
    one("maxpool-ceil", node("MaxPool", "x", "y", kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 1, 1], ceil_mode=1))
    one("maxpool-dilated", node("MaxPool", "x", "y unused", kernel_shape=[2, 2], dilations=[2, 3]))
    one(
        "averagepool-include-pad",
        node("AveragePool", "x", "y", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], count_include_pad=1),
    )
    one("averagepool-exclude-pad", node("AveragePool", "x", "y", kernel_shape=[3, 2], pads=[1, 1, 0, 0]))
    one(
        "averagepool-ceil",
        node("AveragePool", "x", "y", kernel_shape=[2, 3], strides=[2, 2], pads=[0, 1, 0, 1], ceil_mode=1, count_include_pad=1),
        opset=19,
    )
    one("averagepool-dilated", node("AveragePool", "x", "y", kernel_shape=[2, 2], dilations=[2, 1]), opset=19)
    one("averagepool-same", node("AveragePool", "x", "y", kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER"))
    one("global-pools", [node("GlobalAveragePool", "x", "a"), node("GlobalMaxPool", "x", "m"), node("Concat", "a m", "y", axis=1)])
    one("reducemean", node("ReduceMean", "x axes", "y", keepdims=0), initializers={"axes": ints(-1, 2)})
    one(
        "reducemean-all",
        [node("ReduceMean", "x", "y"), node("ReduceMean", "x none", "z", noop_with_empty_axes=1)],
        outputs=("y", "z"),
        initializers={"none": ints()},
    )
    one(
        "activations",
        [
            node("Relu", "x", "a"),
            node("Sigmoid", "x", "b"),
            node("Tanh", "x", "c"),
            node("HardSigmoid", "x", "d", alpha=0.25, beta=0.4),
            node("HardSwish", "x", "e"),
            node("LeakyRelu", "x", "f", alpha=0.1),
            node("Concat", "a b c d e f", "y", axis=0),
        ],
        {"x": [2, 9]},
        feeds={"x": floats(2, 9, low=-4, high=4)},
    )
    one(
        "activation-defaults",
        [node("HardSigmoid", "x", "d"), node("LeakyRelu", "x", "f"), node("Concat", "d f", "y", axis=-1)],
        {"x": [2, 9]},
        feeds={"x": floats(2, 9, low=-4, high=4)},
    )
    one(
        "clip",
        [node("Clip", "x lo hi", "a"), node("Clip", "a  hi2", "b"), node("Clip", "b lo2", "y")],
        initializers={"lo": np.float32(-2), "hi": np.float32(3), "hi2": np.float32(2), "lo2": np.float32(-1)},
    )
    one("softmax", [node("Softmax", "x", "a"), node("Softmax", "a", "y", axis=1)])
    one(
        "arithmetic",
        [node("Add", "x a", "b"), node("Sub", "b c", "d"), node("Mul", "d e", "f"), node("Div", "f g", "y")],
        initializers={"a": floats(4, 1, 1), "c": np.float32(0.5), "e": floats(1, 4, 7, 1), "g": floats(6, low=1, high=2)},
    )
    one(
        "sum",
        [node("Sum", "x a b", "s"), node("Sum", "s", "t"), node("Sum", "t x", "y")],
        initializers={"a": floats(4, 1, 1), "b": floats(1, 1, 1, 6)},
    )
    one("concat-split", [node("Split", "x sizes", "a b", axis=1), node("Concat", "b a", "y", axis=-3)], initializers={"sizes": ints(1, 3)})
    one("split-num-outputs", [node("Split", "x", "a b c", axis=2, num_outputs=3), node("Concat", "c a b", "y", axis=2)])
    one(
        "slice",
        node("Slice", "x starts ends axes steps", "y"),
        initializers={"starts": ints(-1, 1), "ends": ints(-100, 2**62), "axes": ints(3, 2), "steps": ints(-2, 3)},
    )
    one("slice-int32", node("Slice", "x starts ends", "y"), initializers={"starts": np.int32([0, 1]), "ends": np.int32([1, 3])})
    one("reshape", [node("Reshape", "x a", "b"), node("Reshape", "b c", "y")], initializers={"a": ints(0, -1), "c": ints(2, 0, 1)})
    one(
        "reshape-allowzero",
        node("Reshape", "x a", "y", allowzero=1),
        {"x": [0, 3]},
        initializers={"a": ints(3, 0)},
        feeds={"x": np.zeros((0, 3), np.float32)},
    )
    one(
        "flatten",
        [node("Flatten", "x", "a"), node("Flatten", "x", "b", axis=-1), node("Flatten", "x", "c", axis=0)],
        outputs=("a", "b", "c"),
    )
    one("transpose", [node("Transpose", "x", "a"), node("Transpose", "a", "y", perm=[2, 0, 3, 1])])
    one(
        "squeeze-unsqueeze",
        [node("Unsqueeze", "x a", "b"), node("Squeeze", "b c", "d"), node("Squeeze", "d", "y")],
        initializers={"a": ints(0, -1), "c": ints(-1)},
    )
    one("pad", node("Pad", "x pads value", "y"), initializers={"pads": ints(0, 0, 1, 2, 0, 1, 0, 3), "value": np.float32(1.5)})
    one("pad-axes-reflect", node("Pad", "x pads  axes", "y", mode="reflect"), initializers={"pads": ints(2, 1, 0, 3), "axes": ints(-1, 2)})
    one("pad-edge-crop", node("Pad", "x pads", "y", mode="edge"), initializers={"pads": ints(0, 0, -1, 2, 0, 0, 1, -2)})
    one(
        "gather",
        [node("Gather", "x i", "a", axis=2), node("Gather", "a j", "y", axis=-1)],
        initializers={"i": np.int64([[0, 6], [-1, 2]]), "j": np.int64(-2)},
    )
    one(
        "expand-constantofshape",
        [
            node("Expand", "x shape", "a"),
            node("ConstantOfShape", "size", "b", value=helper.make_tensor("v", TensorProto.FLOAT, [1], [2.5])),
            node("ConstantOfShape", "size", "z"),
            node("Add", "a b", "c"),
            node("Add", "c z", "y"),
        ],
        {"x": [3, 1]},
        initializers={"shape": ints(2, 1, 4), "size": ints(3, 4)},
        feeds={"x": floats(3, 1)},
    )
    one(
        "shape-arithmetic",
        [
            node("Shape", "x", "s"),
            node("Shape", "x", "tail", start=1, end=-1),
            node("Gather", "s zero", "n"),
            node("Unsqueeze", "n zeros", "n1"),
            node("Mul", "tail two", "t2"),
            node("Div", "t2 two", "t1"),
            node("Concat", "n1 minus", "target", axis=0),
            node("Reshape", "x target", "y"),
            node("Cast", "t1", "z", to=TensorProto.FLOAT),
        ],
        {"x": ["N", 4, "H", 6]},
        outputs=("y", "z"),
        initializers={"zero": np.int64(0), "zeros": ints(0), "two": ints(2), "minus": ints(-1)},
    )
    one(
        "cast",
        [
            node("Cast", "x", "i", to=TensorProto.INT32),
            node("Cast", "i", "a", to=TensorProto.FLOAT),
            node("Cast", "x", "b", to=TensorProto.BOOL),
            node("Cast", "b", "c", to=TensorProto.INT64),
        ],
        outputs={"a": TensorProto.FLOAT, "c": TensorProto.INT64, "i": TensorProto.INT32},
    )
    one(
        "integers",
        [node("Add", "x a", "b"), node("Mul", "b b", "c"), node("Sub", "c a", "d"), node("Div", "d a", "y")],
        {"x": ([2, 3], TensorProto.INT64)},
        outputs={"y": TensorProto.INT64},
        initializers={"a": ints(3, -2, 5)},
        feeds={"x": np.int64([[1, 2, 3], [-7, 8, -9]])},
    )
    one("identity-dropout", [node("Identity", "x", "a"), node("Dropout", "a", "y unused")], outputs=("a", "y"))
    one(
        "quantize",
        [node("QuantizeLinear", "x s z", "q"), node("DequantizeLinear", "q s z", "y")],
        outputs={"y": TensorProto.FLOAT, "q": TensorProto.UINT8},
        initializers={"s": np.float32(1 / 32), "z": np.uint8(120)},
    )
    one(
        "quantize-per-axis",
        [node("QuantizeLinear", "x s z", "q", axis=-3), node("DequantizeLinear", "q s z", "y")],
        outputs={"y": TensorProto.FLOAT, "q": TensorProto.INT8},
        initializers={"s": np.float32([1 / 32, 1 / 64, 1 / 16, 1 / 128]), "z": np.int8([0, 3, -4, 100])},
    )
