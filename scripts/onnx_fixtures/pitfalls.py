"""What real files do that a reader of the specification does not expect."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from .build import floats, ints, model, node

X = [2, 4, 7, 6]


def typed(name, kind, shape, values):
    """A tensor whose elements are in the typed field."""
    return helper.make_tensor(name, kind, shape, values)


def write(writer):
    x = floats(*X, seed=1, low=-4, high=4)

    def one(name, proto, feeds=None):
        writer.add(name, proto, feeds or {"x": x})

    w, b = floats(6, 4, 1, 1, seed=2), floats(6, seed=3)
    conv = node("Conv", "x w b", "y")

    one(
        "typed-fields",
        model(
            [
                node("Conv", "x w b", "c"),
                node("Reshape", "c shape", "r"),
                node("Cast", "codes", "k", to=1),
                node("Cast", "small", "l", to=1),
                node("Cast", "bytes", "m", to=1),
                node("Cast", "big", "o", to=1),
                node("Cast", "truth", "t", to=1),
                node("Sum", "r k l m o t", "y"),
            ],
            {"x": X},
            ["y"],
            {
                "w": typed("w", TensorProto.FLOAT, w.shape, w.ravel()),
                "b": typed("b", TensorProto.FLOAT, [6], b),
                "shape": typed("shape", TensorProto.INT64, [2], [-1, 6]),
                "codes": typed("codes", TensorProto.INT8, [6], [-128, -1, 0, 1, 2, 127]),
                "small": typed("small", TensorProto.INT32, [6], [-5, 4, 3, 2, 1, 2**20]),
                "bytes": typed("bytes", TensorProto.UINT8, [6], [0, 1, 2, 127, 128, 255]),
                "big": typed("big", TensorProto.UINT64, [6], [0, 1, 2, 3, 4, 5]),
                "truth": typed("truth", TensorProto.BOOL, [6], [0, 1, 0, 1, 1, 1]),
            },
        ),
    )
    one(
        "narrow-floats",
        model(
            [
                node("Cast", "h", "h32", to=1),
                node("Cast", "d", "d32", to=1),
                node("Cast", "ht", "ht32", to=1),
                node("Cast", "bf", "bf32", to=1),
                node("Sum", "x h32 d32 ht32 bf32", "y"),
            ],
            {"x": X},
            ["y"],
            {
                "h": np.float16([1, -2.5, 6e-8, 65504, 0.1, 3e-5]),
                "d": np.float64([1e-3, 2, 3, 4, 5, 1 / 3]),
                "ht": typed("ht", TensorProto.FLOAT16, [6], np.float16([0.5, 1, 2, 3, 4, -7])),
                "bf": typed("bf", TensorProto.BFLOAT16, [6], [1.0, 2.0, -0.5, 8.0, 100.0, 0.0]),
            },
        ),
    )
    one(
        "constant-forms",
        model(
            [
                node("Constant", "", "w", value=numpy_helper.from_array(w, "any")),
                node("Conv", "x w", "c"),
                node("Constant", "", "f", value_float=0.5),
                node("Constant", "", "fs", value_floats=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
                node("Constant", "", "i", value_int=1),
                node("Constant", "", "is", value_ints=[-1, 6]),
                node("Reshape", "c is", "r"),
                node("Mul", "r f", "m"),
                node("Add", "m fs", "a"),
                node("Gather", "a i", "y", axis=0),
            ],
            {"x": X},
            ["y"],
        ),
    )
    one(
        "identity-of-initializer",
        model(
            [node("Identity", "s", "s2"), node("Identity", "s2", "s3"), node("BatchNormalization", "x s s2 s3 v", "y")],
            {"x": X},
            ["y"],
            {"s": floats(4, seed=4), "v": floats(4, seed=7, low=0.5, high=2)},
        ),
    )
    one("initializers-as-inputs", model([conv], {"x": X, "w": list(w.shape), "b": [6]}, ["y"], {"w": w, "b": b}, opset=8, ir=3))
    unnamed = model([node("Relu", "x", "a"), node("Relu", "a", "c"), node("Add", "a c", "d"), node("Add", "d a", "y")], {"x": X}, ["y"])
    one("names-missing-and-twice", unnamed)
    for entry, name in zip(unnamed.graph.node, ["", "", "same", "same"]):
        entry.name = name  # onnxruntime refuses the second "same"
    (writer.folder / "names-missing-and-twice.onnx").write_bytes(unnamed.SerializeToString())
    shuffled = model([node("Add", "a c", "y"), node("Relu", "a", "c"), node("Sigmoid", "x", "a")], {"x": X}, ["y"])
    # onnxruntime refuses unsorted nodes, so the outputs come from the sorted twin.
    one("unsorted", model([node("Sigmoid", "x", "a"), node("Relu", "a", "c"), node("Add", "a c", "y")], {"x": X}, ["y"]))
    (writer.folder / "unsorted.onnx").write_bytes(shuffled.SerializeToString())
    one("dynamic-dims", model([conv], {"x": ["", 4, "?", None]}, ["y"], {"w": w, "b": b}))
    standard = model([conv], {"x": X}, ["y"], {"w": w, "b": b})
    standard.opset_import[0].domain = "ai.onnx"
    standard.graph.node[0].domain = "ai.onnx"
    one("standard-domain", standard)
    one(
        "outputs-of-every-kind",
        model(
            [node("Identity", "x", "same"), node("Relu", "x", "r"), node("Dropout", "r", "dropped"), node("Identity", "k", "constant")],
            {"x": X},
            ["same", "r", "dropped", "constant"],
            {"k": floats(3)},
        ),
    )
    sparse = model([conv], {"x": X}, ["y"], {"b": b})
    dense = np.where(np.abs(w) > 0.6, w, 0).astype(np.float32)
    indices = np.flatnonzero(dense)
    one("sparse-initializer", model([conv], {"x": X}, ["y"], {"w": dense, "b": b}))
    sparse.graph.sparse_initializer.append(
        helper.make_sparse_tensor(
            numpy_helper.from_array(dense.ravel()[indices], "w"),
            numpy_helper.from_array(indices.astype(np.int64), "w_i"),
            list(dense.shape),
        )
    )
    (writer.folder / "sparse-initializer.onnx").write_bytes(sparse.SerializeToString())
    one("sparse-coordinates", model([conv], {"x": X}, ["y"], {"w": dense, "b": b}))
    del sparse.graph.sparse_initializer[:]
    sparse.graph.sparse_initializer.append(
        helper.make_sparse_tensor(
            numpy_helper.from_array(dense.ravel()[indices], "w"),
            numpy_helper.from_array(np.argwhere(dense).astype(np.int64), "w_i"),
            list(dense.shape),
        )
    )
    (writer.folder / "sparse-coordinates.onnx").write_bytes(sparse.SerializeToString())

    external = model(
        [node("Conv", "x w b", "c"), node("Mul", "c h", "y")], {"x": X}, ["y"], {"w": w, "b": b, "h": floats(6, 7, 6, seed=12)}
    )
    onnx.save_model(external, writer.folder / "external.onnx", save_as_external_data=True, location="external.data", size_threshold=0)
    writer.expect("external", {"x": x})

    # Quantized weights: per channel and symmetric, per tensor and asymmetric, an s32 bias, one quantized from float in the file.
    codes = np.random.default_rng(5).integers(-127, 128, (6, 4, 1, 1)).astype(np.int8)
    scales = np.float32([0.01, 0.02, 0.005, 0.03, 0.01, 0.007])
    one(
        "quantized-weights",
        model(
            [
                node("QuantizeLinear", "x sx zx", "xq"),
                node("DequantizeLinear", "xq sx zx", "xd"),
                node("DequantizeLinear", "wq sw zw", "w", axis=0),
                node("DequantizeLinear", "bq sb", "b", axis=0),
                node("Conv", "xd w b", "c"),
                node("QuantizeLinear", "v sv zv", "vq"),
                node("DequantizeLinear", "vq sv zv", "vd"),
                node("DequantizeLinear", "uq su", "u"),
                node("Mul", "c vd", "m"),
                node("Mul", "m u", "y"),
            ],
            {"x": X},
            ["y"],
            {
                "sx": np.float32(1 / 32),
                "zx": np.uint8(128),
                "wq": codes,
                "sw": scales,
                "zw": np.zeros(6, np.int8),
                "bq": np.int32([100, -200, 3, 4, 50000, 6]),
                "sb": scales / np.float32(32),
                "v": floats(7, 6, seed=13),
                "sv": np.float32(1 / 128),
                "zv": np.int8(3),
                "uq": np.uint8([0, 1, 5, 200, 255, 7]),
                "su": np.float32(0.02),
            },
            opset=13,
        ),
    )
    one(
        "constantofshape-weight",
        model(
            [node("ConstantOfShape", "shape", "w", value=typed("v", TensorProto.FLOAT, [1], [0.25])), node("Conv", "x w b", "y")],
            {"x": X},
            ["y"],
            {"shape": ints(6, 4, 3, 3), "b": b},
        ),
    )
