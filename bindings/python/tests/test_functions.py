"""Tensor functions against their formulas in numpy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import netsuke

sizes = st.integers(1, 40)
seeds = st.integers(0, 2**32 - 1)


def normal(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


@given(rows=sizes, columns=sizes, seed=seeds, sparsity=st.floats(0, 1, exclude_max=True))
@settings(max_examples=50, deadline=None)
def test_magnitude_masks_leave_out_the_smallest(rows: int, columns: int, seed: int, sparsity: float) -> None:
    w = normal(seed, rows, columns)
    mask = netsuke.prune_magnitude(w, sparsity)
    assert mask.dtype == bool
    assert mask.shape == w.shape
    assert abs((~mask).sum() - sparsity * w.size) <= 0.5
    if mask.any() and not mask.all():
        assert np.abs(w[~mask]).max() <= np.abs(w[mask]).min()
    pruned = netsuke.prune_apply(w, mask)
    np.testing.assert_array_equal(pruned, np.where(mask, w, 0))


@given(rows=sizes, columns=sizes, seed=seeds, sparsity=st.floats(0, 1, exclude_max=True))
@settings(max_examples=50, deadline=None)
def test_activation_norms_weigh_the_score_row_by_row(rows: int, columns: int, seed: int, sparsity: float) -> None:
    w, norms = normal(seed, rows, columns), np.abs(normal(seed + 1, columns)) + 0.1
    mask = netsuke.prune_magnitude(w, sparsity, input_norms=norms)
    assert (np.abs((~mask).sum(1) - sparsity * columns) <= 0.5).all()
    score = np.abs(w) * norms
    for row, kept in zip(score, mask, strict=True):
        if kept.any() and not kept.all():
            assert row[~kept].max() <= row[kept].min()


@given(seed=seeds, low=st.floats(-100, 0), high=st.floats(0.01, 100), signed=st.booleans(), symmetric=st.booleans())
@settings(max_examples=60, deadline=None)
def test_affine_codes_follow_the_formula(seed: int, low: float, high: float, signed: bool, symmetric: bool) -> None:
    dtype = "int8" if signed else "uint8"
    scale, zero = netsuke.quantize_params(low, high, dtype, symmetric)
    assert scale > 0
    if symmetric:
        assert zero == (0 if signed else 128)
    x = np.random.default_rng(seed).uniform(low, high, 100).astype(np.float32)
    codes = netsuke.quantize_affine(x, scale, zero, dtype)
    limits = np.iinfo(codes.dtype)
    want = np.clip(np.rint(x / np.float32(scale)) + zero, limits.min, limits.max)
    np.testing.assert_array_equal(codes, want)
    back = netsuke.dequantize_affine(codes, scale, zero)
    np.testing.assert_array_equal(back, np.float32(scale) * (codes.astype(np.int32) - zero).astype(np.float32))
    # Inside the range, rounding moves a value by half a step, and rounding the zero point by another half; float32 adds a little.
    inside = (codes > limits.min) & (codes < limits.max)
    assert (np.abs(back - x)[inside] <= 0.5001 * scale + 1e-6 * np.abs(x[inside])).all()


@given(channels=sizes, count=sizes, seed=seeds)
@settings(max_examples=50, deadline=None)
def test_per_channel_codes_follow_the_formula(channels: int, count: int, seed: int) -> None:
    w = normal(seed, channels, count)
    codes, scales = netsuke.quantize_per_channel(w)
    top = 127
    assert np.abs(codes).max() == top
    np.testing.assert_allclose(scales, np.abs(w).max(1) / top, rtol=1e-6)
    # A code is off by half a step at most; the division in float32 adds a few units in the last place.
    assert (np.abs(codes * scales[:, None] - w) <= 0.5001 * scales[:, None]).all()


@pytest.mark.parametrize(("method", "low", "high"), [("minmax", -3.0, 5.0), ("percentile", -3.0, 5.0), ("mse", -3.0, 5.0)])
def test_calibrators_stay_inside_what_was_seen(method: str, low: float, high: float) -> None:
    calibrator = netsuke.Calibrator(method)
    with pytest.raises(netsuke.NotFoundError):
        _ = calibrator.range
    values = np.random.default_rng(0).uniform(low, high, 20_000).astype(np.float32)
    values[:2] = low, high
    for part in np.split(values, 10):
        calibrator.observe(part)
    found = calibrator.range
    if method == "minmax":
        assert found == (low, high)
    # Uniform values have no tail: little is cut off, and a bin of the histogram at most is added.
    assert low - 0.05 <= found[0] <= low + 0.2
    assert high - 0.2 <= found[1] <= high + 0.05


def test_calibrators_refuse_what_is_not_finite() -> None:
    calibrator = netsuke.Calibrator()
    calibrator.observe([1.0])
    with pytest.raises(netsuke.NotFiniteError):
        calibrator.observe([2.0, np.nan])
    assert calibrator.range == (0.0, 1.0)


@given(rows=sizes, columns=sizes, width=sizes, seed=seeds, density=st.floats(0, 1))
@settings(max_examples=50, deadline=None)
def test_sparse_products(rows: int, columns: int, width: int, seed: int, density: float) -> None:
    generator = np.random.default_rng(seed)
    dense = normal(seed, rows, columns) * (generator.random((rows, columns)) < density)
    a = netsuke.csr_from_dense(dense)
    assert len(a.values) == np.count_nonzero(dense)
    again = np.zeros_like(dense)
    for row in range(rows):
        span = slice(a.row_offsets[row], a.row_offsets[row + 1])
        again[row, a.column_indices[span]] = a.values[span]
    np.testing.assert_array_equal(again, dense)
    b = normal(seed + 1, columns, width)
    want = dense.astype(np.float64) @ b.astype(np.float64)
    # A sum of k products in float32 is off by at most k·eps·Σ|a||b|.
    bound = columns * np.finfo(np.float32).eps * (np.abs(dense) @ np.abs(b)) + 1e-30
    assert (np.abs(netsuke.spmm(a, b) - want) <= bound).all()


@given(m=sizes, n=sizes, k=sizes, seed=seeds, zero=st.integers(0, 255))
@settings(max_examples=50, deadline=None)
def test_integer_products_are_exact(m: int, n: int, k: int, seed: int, zero: int) -> None:
    generator = np.random.default_rng(seed)
    a = generator.integers(0, 256, (m, k), dtype=np.uint8)
    b = generator.integers(-128, 128, (n, k), dtype=np.int8)
    np.testing.assert_array_equal(netsuke.gemm_u8s8s32(a, b, zero), (a.astype(np.int32) - zero) @ b.astype(np.int32).T)


@pytest.mark.parametrize("sparsity", [-0.1, 1.0, 1.1, float("nan")])
def test_an_impossible_sparsity(sparsity: float) -> None:
    with pytest.raises(netsuke.InvalidArgumentError):
        netsuke.prune_magnitude([1.0, 2.0], sparsity)


def test_arrays_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="differ in size"):
        netsuke.prune_apply(np.zeros(3, np.float32), [True, False])
    with pytest.raises(ValueError, match="dimensions"):
        netsuke.csr_from_dense([1.0, 2.0])
    with pytest.raises(ValueError, match="rows"):
        netsuke.spmm(netsuke.csr_from_dense(np.eye(3)), np.eye(2))
    with pytest.raises(ValueError, match=r"\[n\]\[k\]"):
        netsuke.gemm_u8s8s32(np.zeros((2, 3), np.uint8), np.zeros((2, 4), np.int8))
    with pytest.raises(TypeError):
        netsuke.gemm_u8s8s32(np.zeros((2, 3), np.float32), np.zeros((2, 3), np.int8))
    with pytest.raises(ValueError, match="dtype"):
        netsuke.quantize_affine([1.0], 1.0, 0, "int4")  # type: ignore[arg-type]
    broken = netsuke.csr_from_dense(np.eye(3, dtype=np.float32))._replace(column_indices=np.array([0, 1, 9], np.int32))
    with pytest.raises(netsuke.Error):
        netsuke.spmm(broken, np.eye(3))
    beyond = netsuke.csr_from_dense(np.eye(3, dtype=np.float32))._replace(row_offsets=np.array([0, 1, 2, 9], np.int32))
    with pytest.raises(netsuke.Error):
        netsuke.spmm(beyond, np.eye(3))
