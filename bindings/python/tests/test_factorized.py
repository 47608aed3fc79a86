"""Every factorization of a network: the graph that comes of it runs elsewhere, joins other steps, and takes hostile weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

import netsuke
from conftest import onnx_bytes

CHANNELS, OUTPUTS = 12, 24
METHODS: dict[str, dict[str, Any]] = {
    "svd": {"method": "factorize.svd"},
    "svd, weights alone": {"method": "factorize.svd", "data_aware": False},
    "spatial": {"method": "factorize.spatial"},
    "channel, linear": {"method": "factorize.channel", "mode": "linear"},
    "channel, nonlinear": {"method": "factorize.channel", "mode": "nonlinear"},
    "channel, asymmetric": {"method": "factorize.channel", "mode": "asymmetric"},
    "channel, 3-D": {"method": "factorize.channel", "spatial": True},
    "tucker2": {"method": "factorize.tucker2"},
    "tucker2, Bayesian": {"method": "factorize.tucker2", "ranks": "vbmf"},
    "cp": {"method": "factorize.cp", "sweeps": 20},
    "depthwise": {"method": "factorize.depthwise"},
    "dct": {"method": "factorize.dct"},
    "dct, centres and codes": {"method": "factorize.dct", "centres": 4, "bits": 6},
}
# Kernel, strides, padding (top, left, bottom, right), dilations, groups.
WINDOWS = [
    ([3, 3], [1, 1], [1, 1, 1, 1], [1, 1], 1),
    ([3, 3], [2, 2], [0, 1, 1, 0], [1, 1], 1),
    ([5, 3], [1, 2], [2, 0, 2, 2], [1, 1], 1),
    ([3, 3], [1, 1], [2, 2, 2, 2], [2, 2], 1),
    ([2, 5], [3, 1], [1, 3, 0, 1], [1, 1], 1),
    ([3, 3], [1, 1], [1, 1, 1, 1], [1, 1], 3),
]
# The others leave grouped convolutions as they are.
GROUPED = ("svd", "spatial", "channel", "depthwise")


def network(
    kernel: list[int],
    strides: list[int],
    pads: list[int],
    dilations: list[int],
    groups: int,
    change: Callable[[np.ndarray], np.ndarray] = lambda w: w,
) -> bytes:
    """A convolution, ReLU, and a 1x1 behind it, on 15 x 13."""
    random = np.random.default_rng(7)
    shape = (OUTPUTS, CHANNELS // groups, *kernel)
    w = change(random.normal(0, np.sqrt(2 / np.prod(shape[1:])), shape).astype(np.float32))
    constants = {
        "w": w,
        "b": random.normal(0, 0.1, OUTPUTS).astype(np.float32),
        "v": random.normal(0, 0.2, (8, OUTPUTS, 1, 1)).astype(np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["x", "w", "b"], ["h"], name="windowed", strides=strides, pads=pads, dilations=dilations, group=groups),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("Conv", ["r", "v"], ["y"], name="pointwise"),
    ]
    inputs = [("x", TensorProto.FLOAT, ["N", CHANNELS, 15, 13])]
    return onnx_bytes(nodes, inputs, [("y", TensorProto.FLOAT, ["N", 8, "H", "W"])], constants)


PLAIN = WINDOWS[0]


def inputs(count: int, seed: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, (count, CHANNELS, 15, 13)).astype(np.float32)


def compress(source: bytes | netsuke.Model, *steps: dict[str, Any]) -> netsuke.Model:
    model = netsuke.load(source) if isinstance(source, bytes) else source
    return model.compress({"steps": list(steps)}, calibration=list(inputs(16)[:, None]))


def step(name: str, **options: Any) -> dict[str, Any]:
    return {"layers": "windowed", "keep": "always", **METHODS[name], **options}


def relative_error(got: np.ndarray, want: np.ndarray) -> float:
    return float(np.abs(got - want).max() / np.abs(want).max())


def elsewhere(model: netsuke.Model, x: np.ndarray) -> np.ndarray:
    onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.to_bytes("onnx"), settings, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: x})[0]


@pytest.mark.parametrize("window", WINDOWS, ids=str)
@pytest.mark.parametrize("name", METHODS)
def test_exported_factors_agree(name: str, window: Any) -> None:
    rank = {} if "Bayesian" in name else {"energy": 0.3 if name == "cp" else 0.5}
    if window[4] > 1 and not name.startswith(GROUPED):
        with pytest.raises(netsuke.Error, match="none of the selected layers"):
            compress(network(*window), step(name, **rank))
        return
    small = compress(network(*window), step(name, **rank))
    assert len(small.report["layers"][0]["factors"]) >= 2
    x = inputs(3, seed=4)
    # Chains of up to four layers of f32 sums: far below 1e-4 of the largest output.
    assert relative_error(small.session().run(x), elsewhere(small, x)) <= 1e-4


# At what rank the terms of a canonical decomposition give a tensor back is not known.
@pytest.mark.parametrize("name", [name for name in METHODS if name not in ("cp", "tucker2, Bayesian", "dct, centres and codes")])
def test_all_ranks_are_the_layer(name: str) -> None:
    for window in WINDOWS:
        if window[4] > 1 and not name.startswith(GROUPED):
            continue
        model = netsuke.load(network(*window))
        x = inputs(3, seed=4)
        # 3-D splits both ways and keeps less where it splits; damping draws to the same factors.
        small = compress(model, step(name, energy=1, **({} if name.startswith("dct") else {"damping": 0})))
        assert relative_error(small.session().run(x), model.session().run(x)) <= 2e-3


OTHERS: dict[str, dict[str, Any]] = {
    "magnitude": {"method": "prune.magnitude", "sparsity": 0.5},
    "channels": {"method": "prune.channels", "ratio": 0.25},
    "int8": {"method": "quantize.affine", "weights": 8, "activations": 8, "insist": True},
    "weights": {"method": "quantize.affine", "weights": 6, "activations": None},
}


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("name", ["svd", "spatial", "channel, asymmetric", "tucker2", "cp", "depthwise", "dct"])
def test_other_steps_before_and_behind(name: str, other: str) -> None:
    model = netsuke.load(network(*PLAIN))
    x = inputs(4, seed=4)
    want = model.session().run(x)
    factors = compress(model, step(name, energy=0.9))
    lost = relative_error(factors.session().run(x), want)
    behind = compress(model, step(name, energy=0.9), OTHERS[other])
    assert len(behind.to_bytes()) < len(factors.to_bytes())
    got = behind.session().run(x)
    if other in ("int8", "weights"):
        # Six bits step by a thirtieth of a channel's largest weight, and the chain has up to four layers.
        assert relative_error(got, want) <= lost + 0.25
        return
    assert relative_error(got, elsewhere(behind, x)) <= 1e-4
    before = compress(model, OTHERS[other], step(name, energy=0.9))
    assert relative_error(before.session().run(x), elsewhere(before, x)) <= 1e-4


def low_rank(name: str) -> Callable[[np.ndarray], np.ndarray]:
    """Kernels of which four terms of the method are enough."""

    def change(w: np.ndarray) -> np.ndarray:
        n, c, h, k = w.shape
        random = np.random.default_rng(5)
        if name.startswith("spatial"):
            return (np.einsum("chr,nkr->nchk", random.normal(size=(c, h, 4)), random.normal(size=(n, k, 4))) / 8).astype(np.float32)
        if name.startswith("tucker2"):
            core = np.einsum("na,abhk->nbhk", random.normal(size=(n, 4)), random.normal(size=(4, 4, h, k)))
            return (np.einsum("nbhk,bc->nchk", core, random.normal(size=(4, c))) / 32).astype(np.float32)
        if name.startswith("depthwise"):
            return (np.einsum("ncr,crhk->nchk", random.normal(size=(n, c, 4)), random.normal(size=(c, 4, h, k))) / 16).astype(np.float32)
        if name.startswith("cp"):
            parts = [random.normal(size=(extent, 4)) for extent in w.shape]
            return (np.einsum("nr,cr,hr,kr->nchk", *parts) / 8).astype(np.float32)
        u, s, v = np.linalg.svd(w.reshape(n, -1), full_matrices=False)
        return ((u[:, :4] * s[:4]) @ v[:4]).reshape(w.shape).astype(np.float32)

    return change


@pytest.mark.parametrize("scale", [1, 1e-30, 1e30])
@pytest.mark.parametrize("name", ["svd", "spatial", "channel, linear", "channel, asymmetric", "tucker2", "cp", "depthwise"])
def test_exact_ranks_are_recovered(name: str, scale: float) -> None:
    model = netsuke.load(network(*PLAIN, change=lambda w: low_rank(name)(w) * np.float32(scale)))
    # Sums of 1e30 would be too large for the squares of other layers: the network ends with them.
    x = inputs(3, seed=4)
    # Of Tucker's pairs of ranks one path is looked at: what keeps everything is on it.
    kept = {"energy": 1 - 1e-7} if name == "tucker2" else {"rank": 8 if name == "cp" else 4}
    small = compress(model, step(name, **kept))
    got, want = small.session().run(x), model.session().run(x)
    assert np.isfinite(want).all()
    # Alternating least squares come near the tensor; the others to rounding of f32 factors and moments.
    assert relative_error(got, want) <= (5e-2 if name == "cp" else 1e-3)


@pytest.mark.parametrize("name", METHODS)
def test_zeros_stay_zeros(name: str) -> None:
    model = netsuke.load(network(*PLAIN, change=np.zeros_like))
    x = inputs(3, seed=4)
    if name.startswith("dct"):
        # No coefficient is there to keep.
        with pytest.raises(netsuke.Error, match="none of the selected layers"):
            compress(model, step(name))
        return
    small = compress(model, step(name))
    assert np.abs(small.session().run(x) - model.session().run(x)).max() <= 1e-6


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("name", METHODS)
def test_weights_that_are_not_finite(name: str, bad: float) -> None:
    def change(w: np.ndarray) -> np.ndarray:
        w[3, 2, 1, 1] = bad
        return w

    with pytest.raises(netsuke.Error) as caught:
        compress(network(*PLAIN, change=change), step(name))
    assert caught.value.status == netsuke.Status.NOT_FINITE
    assert str(caught.value)
