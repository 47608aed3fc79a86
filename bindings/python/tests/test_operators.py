"""Operators against their formulas in numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import netsuke

EPS = float(np.finfo(np.float32).eps)


def normal(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize("format", ["f32", "sparse"])
@pytest.mark.parametrize(("batch", "inputs", "outputs"), [(1, 1, 1), (3, 17, 5), (8, 64, 33), (2, 100, 130)])
def test_linear_layers(format: Any, batch: int, inputs: int, outputs: int) -> None:
    w, b, x = normal(1, outputs, inputs), normal(2, outputs), normal(3, batch, inputs)
    if format == "sparse":
        w = netsuke.prune_apply(w, netsuke.prune_magnitude(w, 0.8))
    layer = netsuke.Linear(w, b, format=format)
    want = x.astype(np.float64) @ w.T.astype(np.float64) + b
    # A sum of k + 1 terms in float32 is off by at most (k + 1)·eps·Σ|x||w|.
    bound = (inputs + 1) * EPS * (np.abs(x) @ np.abs(w).T + np.abs(b))
    assert (np.abs(layer(x) - want) <= bound).all()
    assert (np.abs(layer(x[0]) - want[0]) <= bound[0]).all()


def test_int8_linear_layers_are_near_and_small() -> None:
    w, x = normal(1, 64, 256), normal(2, 16, 256)
    layer = netsuke.Linear(w, format="int8", input_range=(float(x.min()), float(x.max())))
    want = x @ w.T
    # Codes are off by half a step: of the weights 1/254 of a row's largest, of the inputs 1/510 of their range. Both errors are
    # independent over 256 products, so their sums stay below 6 standard deviations of a uniform error.
    step_w, step_x = np.abs(w).max(1) / 127, (x.max() - x.min()) / 255
    deviation = np.sqrt(((x**2).sum(1)[:, None] * step_w**2 + step_x**2 * (w**2).sum(1)[None]) / 12)
    assert (np.abs(layer(x) - want) <= 6 * deviation + step_x * step_w * 256 / 4).all()
    assert layer.nbytes < 0.3 * w.nbytes
    assert "int8" in repr(layer)


@pytest.mark.parametrize(
    ("activation", "formula"),
    [
        ("relu", lambda y: np.maximum(y, 0)),
        (("clip", 0.0, 1.0), lambda y: np.clip(y, 0, 1)),
        ("clip", lambda y: np.clip(y, 0, 6)),
        (("leaky_relu", 0.2), lambda y: np.where(y < 0, 0.2 * y, y)),
        ("hard_swish", lambda y: y * np.clip(y / 6 + 0.5, 0, 1)),
        ("hard_sigmoid", lambda y: np.clip(0.2 * y + 0.5, 0, 1)),
        ("sigmoid", lambda y: 1 / (1 + np.exp(-y))),
        ("tanh", np.tanh),
    ],
)
def test_activations(activation: Any, formula: Any) -> None:
    x = normal(3, 4, 9) * 3
    identity = netsuke.Linear(np.eye(9, dtype=np.float32), activation=activation)
    # One product and an elementary function: a few units in the last place of a result of size 6 or less.
    np.testing.assert_allclose(identity(x), formula(x.astype(np.float64)), atol=32 * EPS, rtol=16 * EPS)


def convolution(x: np.ndarray, w: np.ndarray, stride: int, pads: tuple[int, int, int, int], dilation: int, groups: int) -> np.ndarray:
    """ONNX Conv by its definition, in double precision, NCHW."""
    top, left, bottom, right = pads
    padded = np.pad(x.astype(np.float64), ((0, 0), (0, 0), (top, bottom), (left, right)))
    outputs, inputs, kernel_h, kernel_w = w.shape
    height = (padded.shape[2] - dilation * (kernel_h - 1) - 1) // stride + 1
    width = (padded.shape[3] - dilation * (kernel_w - 1) - 1) // stride + 1
    y = np.zeros((x.shape[0], outputs, height, width))
    for o in range(outputs):
        first = o // (outputs // groups) * inputs
        for i in range(kernel_h):
            for j in range(kernel_w):
                rows = slice(i * dilation, i * dilation + stride * (height - 1) + 1, stride)
                columns = slice(j * dilation, j * dilation + stride * (width - 1) + 1, stride)
                y[:, o] += np.einsum("nchw,c->nhw", padded[:, first : first + inputs, rows, columns], w[o, :, i, j].astype(np.float64))
    return y


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("format", ["f32", "sparse"])
@pytest.mark.parametrize(
    ("channels", "outputs", "kernel", "stride", "padding", "dilation", "groups"),
    [(3, 8, 3, 2, 1, 1, 1), (16, 16, 3, 1, 1, 1, 16), (8, 12, 1, 1, 0, 1, 1), (4, 6, 3, 1, (2, 1, 0, 2), 2, 2)],
)
def test_convolutions(
    layout: Any, format: Any, channels: int, outputs: int, kernel: int, stride: int, padding: Any, dilation: int, groups: int
) -> None:
    x, b = normal(1, 2, channels, 11, 13), normal(3, outputs)
    w = normal(2, outputs, channels // groups, kernel, kernel)
    layer = netsuke.Conv2D(w, b, stride=stride, padding=padding, dilation=dilation, groups=groups, layout=layout, format=format)
    pads = padding if isinstance(padding, tuple) else (padding,) * 4
    want = convolution(x, w, stride, pads, dilation, groups) + b[:, None, None]
    size = convolution(np.abs(x), np.abs(w), stride, pads, dilation, groups) + np.abs(b)[:, None, None]
    given = x if layout == "NCHW" else x.transpose(0, 2, 3, 1)
    y = layer(given)
    got = y if layout == "NCHW" else y.transpose(0, 3, 1, 2)
    assert got.shape == want.shape
    # A sum of k + 1 terms in float32 is off by at most (k + 1)·eps·Σ|x||w|.
    assert (np.abs(got - want) <= (w[0].size + 1) * EPS * size).all()


def test_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match="format"):
        netsuke.Linear(np.eye(3), format="int3")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="activation"):
        netsuke.Linear(np.eye(3), activation="gelu")
    with pytest.raises(ValueError, match="parameters"):
        netsuke.Linear(np.eye(3), activation=("relu", 1.0))
    with pytest.raises(netsuke.ShapeMismatchError):
        netsuke.Linear(np.eye(3), np.zeros(4))
    with pytest.raises(netsuke.NotFiniteError):
        netsuke.Linear(np.full((2, 2), np.nan))
    with pytest.raises(netsuke.ShapeMismatchError):
        netsuke.Linear(np.eye(3))(np.zeros((1, 4)))
    with pytest.raises(ValueError, match="layout"):
        netsuke.Conv2D(np.zeros((1, 1, 1, 1)), layout="CHWN")  # type: ignore[arg-type]
    with pytest.raises(netsuke.Error):
        netsuke.Conv2D(np.zeros((4, 1, 3, 3)), groups=0)
    with pytest.raises(netsuke.ShapeMismatchError, match="channels"):
        netsuke.Conv2D(np.zeros((4, 3, 3, 3)))(np.zeros((1, 2, 8, 8)))
    with pytest.raises(netsuke.Error):
        netsuke.Conv2D(np.zeros((4, 3, 3, 3)))(np.zeros((1, 3, 2, 2)))


def test_factors_of_a_matrix_run_as_one_layer() -> None:
    w, b, x = normal(1, 40, 60), normal(2, 40), normal(3, 5, 60)
    left, right, error = netsuke.factorize.svd(w, 40)
    assert error < 1e-6
    layer = netsuke.Linear.from_factors([right, left], b, activation="relu")
    assert (layer.in_features, layer.out_features) == (60, 40)
    # Two products of f32 and factors rounded to f32.
    np.testing.assert_allclose(layer(x), np.maximum(x @ w.T + b, 0), atol=1e-4)
    with pytest.raises(netsuke.ShapeMismatchError, match="factor 1 reads 60 features where there are 40"):
        netsuke.Linear.from_factors([w, w])
    with pytest.raises(ValueError, match="one at least"):
        netsuke.Linear.from_factors([])


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize(("stride", "padding", "dilation"), [(1, 1, 1), (2, (0, 2), 1), ((2, 1), (1, 0, 2, 1), (1, 2))])
def test_factors_of_a_convolution_run_as_one_layer(layout: Any, stride: Any, padding: Any, dilation: Any) -> None:
    w, b, x = normal(1, 8, 6, 3, 3), normal(2, 8), normal(3, 2, 6, 13, 11)
    if layout == "NHWC":
        x = np.ascontiguousarray(x.transpose(0, 2, 3, 1))
    options: Any = {"stride": stride, "padding": padding, "dilation": dilation, "layout": layout}
    dense = netsuke.Conv2D(w, b, **options)(x)
    vertical, horizontal, _ = netsuke.factorize.spatial(w, 18)
    pair = netsuke.Conv2D.from_factors([vertical[..., None], horizontal[:, :, None, :]], b, **options)
    first, core, last, _ = netsuke.factorize.tucker2(w, 6, 8)
    triple = netsuke.Conv2D.from_factors([first[..., None, None], core, last[..., None, None]], b, **options)
    spatial, pointwise, _ = netsuke.factorize.depthwise(w, 8)
    chain = netsuke.Conv2D.from_factors([spatial.reshape(-1, 1, 3, 3), pointwise.reshape(8, -1, 1, 1)], b, groups=6, **options)
    # Full ranks: three products of f32 and factors rounded to f32.
    for layer in (pair, triple, chain):
        np.testing.assert_allclose(layer(x), dense, atol=2e-4)
