"""The library's linear algebra against LAPACK's, through numpy, and against what the decompositions promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import netsuke
from netsuke import linalg

sizes = st.integers(0, 40)
seeds = st.integers(0, 2**32 - 1)
EPS = np.finfo(np.float64).eps


def normal(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def of_rank(seed: int, rows: int, columns: int, rank: int) -> np.ndarray:
    return normal(seed, rows, rank) @ normal(seed + 1, rank, columns)


def check_svd(a: np.ndarray) -> None:
    # Householder reflections and rotations are backward stable: a few roundings for each of the steps, of the largest value.
    rows, columns = a.shape
    k = min(rows, columns)
    bound = 40 * EPS * max(rows, columns, 1)
    u, s, vt = linalg.svd(a)
    assert (u.shape, s.shape, vt.shape) == ((rows, k), (k,), (k, columns))
    assert (s >= 0).all()
    assert (np.diff(s) <= 0).all()
    largest = np.abs(a).max(initial=0)
    scaled = a / largest if largest else a
    reference = np.linalg.svd(scaled, compute_uv=False) if a.size else np.zeros(k)
    top = reference.max(initial=0)
    np.testing.assert_allclose(s / (largest or 1), reference, rtol=0, atol=bound * top)
    np.testing.assert_allclose(u.T @ u, np.eye(k), rtol=0, atol=bound)
    np.testing.assert_allclose(vt @ vt.T, np.eye(k), rtol=0, atol=bound)
    np.testing.assert_allclose((u * (s / (largest or 1))) @ vt, scaled, rtol=0, atol=bound * max(top, EPS))


@given(rows=sizes, columns=sizes, seed=seeds)
@settings(max_examples=60, deadline=None)
def test_singular_values_are_lapacks(rows: int, columns: int, seed: int) -> None:
    check_svd(normal(seed, rows, columns))


@given(rows=st.integers(1, 30), columns=st.integers(1, 30), rank=st.integers(0, 5), seed=seeds, exponent=st.integers(-300, 300))
@settings(max_examples=60, deadline=None)
def test_rank_deficient_huge_and_tiny_matrices_have_singular_values(rows: int, columns: int, rank: int, seed: int, exponent: int) -> None:
    check_svd(of_rank(seed, rows, columns, rank) * 10.0**exponent)


@pytest.mark.parametrize("size", [60, 150])
def test_graded_spectra_keep_their_small_values(size: int) -> None:
    want = np.logspace(0, -12, size)
    q, _ = np.linalg.qr(normal(1, size, size))
    r, _ = np.linalg.qr(normal(2, size, size))
    np.testing.assert_allclose(linalg.svd((q * want) @ r).s, want, rtol=0, atol=40 * EPS * size)


@given(size=sizes, seed=seeds)
@settings(max_examples=60, deadline=None)
def test_eigenvalues_are_lapacks(size: int, seed: int) -> None:
    a = normal(seed, size, size)
    a = a + a.T
    values, vectors = linalg.eigh(np.tril(a) + np.triu(np.full_like(a, np.inf), 1)) if size else linalg.eigh(a)
    top = np.abs(values).max(initial=0)
    bound = 40 * EPS * max(size, 1)
    np.testing.assert_allclose(values, np.linalg.eigvalsh(a)[::-1], rtol=0, atol=bound * top)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(size), rtol=0, atol=bound)
    np.testing.assert_allclose((vectors * values) @ vectors.T, a, rtol=0, atol=bound * top)


@given(size=st.integers(1, 40), seed=seeds)
@settings(max_examples=40, deadline=None)
def test_cholesky_factors_multiply_to_the_matrix(size: int, seed: int) -> None:
    a = normal(seed, size, size + 5)
    a = a @ a.T
    factor = linalg.cholesky(a)
    np.testing.assert_array_equal(np.triu(factor, 1), 0)
    np.testing.assert_allclose(factor @ factor.T, a, rtol=0, atol=4 * EPS * size * np.abs(a).max())


@given(rows=st.integers(1, 30), columns=st.integers(1, 30), rank=st.integers(1, 30), count=st.integers(1, 4), seed=seeds)
@settings(max_examples=60, deadline=None)
def test_least_squares_is_lapacks_least_norm_solution(rows: int, columns: int, rank: int, count: int, seed: int) -> None:
    a = of_rank(seed, rows, columns, min(rank, rows, columns))
    b = normal(seed + 2, rows, count)
    x, found = linalg.lstsq(a, b)
    values = np.linalg.svd(a, compute_uv=False)
    if values[min(rank, rows, columns) - 1] < 1e-6 * values[0]:
        return  # so badly conditioned that solutions differ by more than a test can bound
    assert found == min(rank, rows, columns)
    want = np.linalg.lstsq(a, b, rcond=max(rows, columns) * EPS)[0]
    condition = values[0] / values[found - 1]
    bound = 100 * EPS * max(rows, columns) * condition**2 * np.abs(b).max() / values[0] * np.sqrt(rows)
    np.testing.assert_allclose(x, want, rtol=0, atol=bound)


def test_one_column_is_as_a_vector() -> None:
    a, b = normal(1, 8, 3), normal(2, 8)
    x, rank = linalg.lstsq(a, b)
    assert (x.shape, rank) == ((3,), 3)
    np.testing.assert_allclose(x, np.linalg.lstsq(a, b, rcond=None)[0], atol=1e-12)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_is_refused(bad: float) -> None:
    a = np.eye(3)
    a[2, 1] = bad
    for function in (linalg.svd, linalg.eigh, linalg.cholesky):
        with pytest.raises(netsuke.NotFiniteError):
            function(a)
    with pytest.raises(netsuke.NotFiniteError):
        linalg.lstsq(a, np.ones(3))


def test_wrong_shapes_and_indefinite_matrices_are_named() -> None:
    with pytest.raises(ValueError, match="square"):
        linalg.eigh(np.ones((2, 3)))
    with pytest.raises(ValueError, match="a matrix is needed"):
        linalg.svd(np.ones(3))
    with pytest.raises(ValueError, match="2 elements"):
        linalg.lstsq(np.ones((2, 3)), np.ones(3))
    with pytest.raises(netsuke.InvalidArgumentError, match="positive definite"):
        linalg.cholesky(-np.eye(2))
