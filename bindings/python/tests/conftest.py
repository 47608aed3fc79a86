"""Networks and data that the tests share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import netsuke

CHECKOUT = Path(__file__).resolve().parents[3]
FASHION = CHECKOUT / "examples" / "fashion-mnist"
SHARED = CHECKOUT.parent / "shared"

INT8 = {"steps": [{"method": "quantize.affine", "weights": 8, "activations": 8, "insist": True}]}  # whatever the clock says
PRUNED = {"steps": [{"method": "prune.magnitude", "sparsity": 0.8}]}


def fashion_images(name: str = "fashion-test.npz") -> tuple[np.ndarray, np.ndarray]:
    """Pictures as the network takes them, N x 1 x 28 x 28 in 0 ... 1, and their classes."""
    with np.load(FASHION / name) as content:
        return (content["images"][:, None] / np.float32(255)).astype(np.float32), content["labels"].astype(np.int64)


@pytest.fixture(scope="session")
def fashion_path() -> Path:
    return FASHION / "fashion.onnx"


@pytest.fixture(scope="session")
def fashion(fashion_path: Path) -> netsuke.Model:
    return netsuke.load(fashion_path)


@pytest.fixture(scope="session")
def images() -> np.ndarray:
    return fashion_images()[0]


@pytest.fixture(scope="session")
def calibration() -> np.ndarray:
    return fashion_images("fashion-calibration.npz")[0]


@pytest.fixture(scope="session")
def int8(fashion: netsuke.Model, calibration: np.ndarray) -> netsuke.Model:
    return fashion.compress(INT8, calibration=calibration[:64])


def onnx_bytes(nodes: list, inputs: list, outputs: list, initializers: dict[str, np.ndarray] | None = None, name: str = "sample") -> bytes:
    """An ONNX file. Inputs and outputs are (name, type, shape)."""
    constants = [numpy_helper.from_array(array, key) for key, array in (initializers or {}).items()]
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info(*value) for value in inputs],
        [helper.make_tensor_value_info(*value) for value in outputs],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return model.SerializeToString()


@pytest.fixture(scope="session")
def linear_bytes() -> bytes:
    """y = x · w + b, 3 to 2, with an open batch; the weights are small whole numbers."""
    w = np.array([[1, 2], [3, 4], [5, 6]], np.float32)
    b = np.array([10, 20], np.float32)
    node = helper.make_node("Gemm", ["x", "w", "b"], ["y"], name="dense")
    return onnx_bytes([node], [("x", TensorProto.FLOAT, ["N", 3])], [("y", TensorProto.FLOAT, ["N", 2])], {"w": w, "b": b})


@pytest.fixture(scope="session")
def two_bytes() -> bytes:
    """Two inputs, two outputs: sum and product."""
    nodes = [helper.make_node("Add", ["left", "right"], ["sum"]), helper.make_node("Mul", ["left", "right"], ["product"])]
    values = [(name, TensorProto.FLOAT, ["N", 4]) for name in ("left", "right", "sum", "product")]
    return onnx_bytes(nodes, values[:2], values[2:])
