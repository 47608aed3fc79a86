"""Operators on codes: ONNX's QLinear ones and onnxruntime's of domain com.microsoft."""

import numpy as np
from onnx import TensorProto, helper

from .build import floats, model, node

MICROSOFT = "com.microsoft"
U8, S8 = TensorProto.UINT8, TensorProto.INT8


def codes(seed, *shape, kind=np.uint8):
    """Codes of the whole range."""
    limits = np.iinfo(kind)
    return np.random.default_rng(seed).integers(limits.min, limits.max + 1, shape).astype(kind)


def contributed(proto):
    """With onnxruntime's operators allowed."""
    proto.opset_import.append(helper.make_opsetid(MICROSOFT, 1))
    return proto


def parameters(kind=np.uint8):
    """Scales and zero points of two operands, weights and a result."""
    zero = 128 if kind is np.uint8 else 0
    return {
        "sx": np.float32(0.02),
        "zx": kind(zero - 5),
        "sv": np.float32(0.013),
        "zv": kind(zero + 9),
        "sy": np.float32(0.031),
        "zy": kind(zero - 3),
    }


def write(writer):
    for kind, onnx_kind, name in ((np.uint8, U8, "u8"), (np.int8, S8, "s8")):
        x = codes(1, 2, 4, 6, 6, kind=kind)
        inputs = {"x": (x.shape, onnx_kind)}
        for groups, channels in ((1, 4), (2, 2), (4, 1)):
            weights = {
                "w": codes(2, 8, channels, 3, 3, kind=np.int8),
                "sw": np.float32([0.01, 0.02, 0.005, 0.03, 0.01, 0.007, 0.004, 0.015]),
                "zw": np.zeros(8, np.int8),
                "b": np.int32([100, -200, 3, 4, 5000, 6, -7000, 8]),
            }
            writer.add(
                f"qlinearconv-{name}-{groups}",
                model(
                    [node("QLinearConv", "x sx zx w sw zw sy zy b", "y", group=groups, pads=[1, 1, 1, 1], strides=[2, 2])],
                    inputs,
                    {"y": onnx_kind},
                    {**parameters(kind), **weights, "sy": np.float32(0.21)},
                ),
                {"x": x},
            )
        x = codes(3, 5, 7, kind=kind)
        writer.add(
            f"qlinearmatmul-{name}",
            model(
                [node("QLinearMatMul", "x sx zx w sw zw sy zy", "y")],
                {"x": (x.shape, onnx_kind)},
                {"y": onnx_kind},
                {**parameters(kind), "w": codes(4, 7, 6, kind=np.int8), "sw": np.float32(0.01), "zw": np.int8(3), "sy": np.float32(0.09)},
            ),
            {"x": x},
        )
        v = codes(5, 2, 4, 6, 6, kind=kind)
        x = codes(6, 2, 4, 6, 6, kind=kind)
        pair = {"x": (x.shape, onnx_kind), "v": (v.shape, onnx_kind)}
        for operator in ("QLinearAdd", "QLinearMul"):
            writer.add(
                f"{operator.lower()}-{name}",
                contributed(
                    model([node(operator, "x sx zx v sv zv sy zy", "y", domain=MICROSOFT)], pair, {"y": onnx_kind}, parameters(kind))
                ),
                {"x": x, "v": v},
            )
        writer.add(
            f"qlinearconcat-{name}",
            contributed(
                model(
                    [node("QLinearConcat", "sy zy x sx zx v sv zv", "y", domain=MICROSOFT, axis=1)],
                    pair,
                    {"y": onnx_kind},
                    parameters(kind),
                )
            ),
            {"x": x, "v": v},
        )
        unary = {
            "QLinearGlobalAveragePool": {"channels_last": 0},
            "QLinearAveragePool": {"kernel_shape": [2, 2], "strides": [2, 2]},
            "QLinearSigmoid": {},
            "QLinearLeakyRelu": {"alpha": 0.125},
        }
        for operator, attributes in unary.items():
            writer.add(
                f"{operator.lower()}-{name}",
                contributed(
                    model(
                        [node(operator, "x sx zx sy zy", "y", domain=MICROSOFT, **attributes)],
                        {"x": (x.shape, onnx_kind)},
                        {"y": onnx_kind},
                        {**parameters(kind), "sy": np.float32(0.017)},
                    )
                ),
                {"x": x},
            )
        writer.add(
            f"maxpool-{name}",
            model([node("MaxPool", "x", "y", kernel_shape=[3, 3], pads=[1, 1, 1, 1])], {"x": (x.shape, onnx_kind)}, {"y": onnx_kind}),
            {"x": x},
        )
    x = codes(7, 3, 10)
    for name, outputs, kind in (("codes", "x sx zx w sw zw b sy zy", U8), ("reals", "x sx zx w sw zw b", TensorProto.FLOAT)):
        writer.add(
            f"qgemm-{name}",
            contributed(
                model(
                    [node("QGemm", outputs, "y", domain=MICROSOFT, transB=1, alpha=0.5)],
                    {"x": (x.shape, U8)},
                    {"y": kind},
                    {
                        **parameters(),
                        "w": codes(8, 6, 10, kind=np.int8),
                        "sw": np.float32([0.01, 0.02, 0.005, 0.03, 0.01, 0.007]),
                        "zw": np.zeros(6, np.int8),
                        "b": np.int32([100, -200, 3, 4, 5000, 6]),
                        "sy": np.float32(0.11),
                    },
                )
            ),
            {"x": x},
        )
    x = codes(9, 3, 10)
    writer.add(
        "qlinearsoftmax",
        contributed(
            model(
                [node("QLinearSoftmax", "x sx zx sy zero", "y", domain=MICROSOFT, axis=-1, opset=13)],
                {"x": (x.shape, U8)},
                {"y": U8},
                {**parameters(), "sy": np.float32(1 / 256), "zero": np.uint8(0)},
            )
        ),
        {"x": x},
    )
    # A network in this form: real values in and out, codes between.
    x = floats(1, 4, 6, 6, seed=10)
    writer.add(
        "qoperator-network",
        model(
            [
                node("QuantizeLinear", "x sx zx", "xq"),
                node("QLinearConv", "xq sx zx w sw zw sy zy b", "c", pads=[1, 1, 1, 1]),
                node("MaxPool", "c", "p", kernel_shape=[2, 2], strides=[2, 2]),
                node("DequantizeLinear", "p sy zy", "y"),
            ],
            {"x": list(x.shape)},
            ["y"],
            {
                **parameters(),
                "w": codes(11, 5, 4, 3, 3, kind=np.int8),
                "sw": np.float32([0.01, 0.02, 0.005, 0.03, 0.01]),
                "zw": np.zeros(5, np.int8),
                "b": np.int32([100, -200, 3, 4, 5000]),
            },
        ),
        {"x": x},
    )
