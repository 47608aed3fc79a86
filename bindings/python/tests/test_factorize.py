"""Factorizations of arrays against their formulas, and against what numpy says is best."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import netsuke
from netsuke import factorize

seeds = st.integers(0, 2**32 - 1)
# Factors are rounded to float32: each of a product's terms by 2^-24 of itself, twice; terms are as large as the weights' norm at most.
ROUNDING = 1e-6


def normal(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def distance(made: np.ndarray, wanted: np.ndarray) -> float:
    """Relative, in double precision, without overflow; of zeros the largest element made."""
    if not wanted.any():
        return float(np.abs(made).max())
    scale = np.abs(wanted).max()
    return float(np.linalg.norm(made / scale - wanted / scale) / np.linalg.norm(wanted / scale))


def doubles(*arrays: np.ndarray) -> list[np.ndarray]:
    return [array.astype(np.float64) for array in arrays]


def product(factors: factorize.Factors) -> np.ndarray:
    left, right = doubles(factors.left, factors.right)
    return left @ right


def of_spatial(factors: factorize.Spatial) -> np.ndarray:
    return np.einsum("orx,riy->oiyx", *doubles(factors.horizontal, factors.vertical))


def of_tucker(factors: factorize.Tucker2) -> np.ndarray:
    return np.einsum("op,pqyx,qi->oiyx", *doubles(factors.last, factors.core, factors.first))


def of_cp(factors: factorize.CP) -> np.ndarray:
    return np.einsum("or,ry,rx,ri->oiyx", *doubles(factors.last, factors.vertical, factors.horizontal, factors.first))


def of_depthwise(factors: factorize.Depthwise) -> np.ndarray:
    return np.einsum("oir,iryx->oiyx", *doubles(factors.pointwise, factors.spatial))


@given(rows=st.integers(1, 40), columns=st.integers(1, 40), share=st.floats(0, 1), seed=seeds)
@settings(max_examples=40, deadline=None)
def test_two_factors_are_as_near_as_can_be(rows: int, columns: int, share: float, seed: int) -> None:
    w = normal(seed, rows, columns)
    rank = 1 + int(share * (min(rows, columns) - 1))
    factors = factorize.svd(w, rank)
    values = np.linalg.svd(w.astype(np.float64), compute_uv=False)
    best = float(np.sqrt((values[rank:] ** 2).sum() / (values**2).sum()))
    assert factors.error == pytest.approx(best, abs=1e-7)
    assert distance(product(factors), w) == pytest.approx(best, abs=ROUNDING)


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
def test_exact_ranks_come_back_to_rounding(scale: float) -> None:
    scaled = np.float32(scale)
    w = (normal(1, 30, 4) @ normal(2, 4, 50)) * scaled
    assert distance(product(factorize.svd(w, 4)), w) < ROUNDING
    spatial = np.einsum("orx,riy->oiyx", normal(3, 6, 2, 3), normal(4, 2, 5, 3)).astype(np.float32) * scaled
    assert distance(of_spatial(factorize.spatial(spatial, 2)), spatial) < ROUNDING
    tucker = np.einsum("op,pqyx,qi->oiyx", normal(5, 9, 3), normal(6, 3, 2, 3, 3), normal(7, 2, 8)).astype(np.float32) * scaled
    found = factorize.tucker2(tucker, 2, 3)
    assert distance(of_tucker(found), tucker) < ROUNDING
    assert found.error < ROUNDING
    dense = np.einsum("oir,iryx->oiyx", normal(8, 7, 5, 2), normal(9, 5, 2, 3, 3)).astype(np.float32) * scaled
    assert distance(of_depthwise(factorize.depthwise(dense, 2)), dense) < ROUNDING


def test_zeros_have_factors_without_error() -> None:
    assert factorize.svd(np.zeros((5, 6)), 2).error == 0
    assert not product(factorize.svd(np.zeros((5, 6)), 2)).any()
    zeros = np.zeros((4, 3, 3, 3))
    for made in (
        of_spatial(factorize.spatial(zeros, 2)),
        of_tucker(factorize.tucker2(zeros, 2, 2)),
        of_cp(factorize.cp(zeros, 2)),
        of_depthwise(factorize.depthwise(zeros, 2)),
    ):
        assert not made.any()


@given(rank=st.integers(1, 11), inputs=st.integers(1, 30), seed=seeds)
@settings(max_examples=40, deadline=None)
def test_moments_make_outputs_the_measure(rank: int, inputs: int, seed: int) -> None:
    w, x = normal(seed, 12, 20).astype(np.float64), normal(seed + 1, 20, inputs).astype(np.float64) * np.logspace(0, -3, 20)[:, None]
    moments = x @ x.T / inputs  # rank-deficient where there are fewer inputs than elements
    plain, aware = factorize.svd(w, rank), factorize.svd(w, rank, moments)
    wx = w.astype(np.float32).astype(np.float64) @ x
    values = np.linalg.svd(wx, compute_uv=False)
    best = float(np.sqrt((values[rank:] ** 2).sum() / (values**2).sum()))
    # The moments' jitter of 20 · 2^-46 is 1e-6 in the root, and least values may be 1e-3 of the largest.
    assert distance(product(aware) @ x, wx) <= best + 2e-5
    assert distance(product(aware) @ x, wx) <= distance(product(plain) @ x, wx) + 2e-5
    assert aware.error == pytest.approx(best, abs=2e-5)


def test_moments_that_are_none_are_refused() -> None:
    w = normal(1, 3, 4)
    with pytest.raises(netsuke.InvalidArgumentError, match="semidefinite"):
        factorize.svd(w, 1, np.array([[1, 2, 0, 0], [2, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]]))
    with pytest.raises(netsuke.InvalidArgumentError, match="diagonal"):
        factorize.svd(w, 1, -np.eye(4))
    with pytest.raises(ValueError, match="4 × 4"):
        factorize.svd(w, 1, np.eye(3))
    with pytest.raises(netsuke.NotFiniteError):
        factorize.svd(w, 1, np.full((4, 4), np.nan))


@given(rank=st.integers(1, 12), seed=seeds)
@settings(max_examples=20, deadline=None)
def test_spatial_factors_are_the_truncated_unfolding(rank: int, seed: int) -> None:
    w = normal(seed, 6, 4, 3, 3)
    values = np.linalg.svd(w.transpose(1, 2, 0, 3).reshape(12, 18).astype(np.float64), compute_uv=False)
    best = float(np.sqrt((values[rank:] ** 2).sum() / (values**2).sum()))
    factors = factorize.spatial(w, rank)
    assert distance(of_spatial(factors), w) == pytest.approx(best, abs=ROUNDING)
    assert factors.error == pytest.approx(best, abs=ROUNDING)


def test_separable_filters_are_recognised() -> None:
    sobel = np.outer([1, 2, 1], [1, 0, -1]).astype(np.float32)
    laplace = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]], np.float32)
    found = factorize.separable(np.stack([sobel, laplace, np.zeros((3, 3), np.float32)]))
    assert found.error[0] < 1e-6
    assert found.error[1] > 0.1
    assert found.error[2] == 0
    np.testing.assert_allclose(np.einsum("ry,rx->yx", found.columns[0], found.rows[0]), sobel, atol=1e-5)
    whole = factorize.separable(laplace, rank=3)
    assert whole.error < 1e-6
    np.testing.assert_allclose(np.einsum("ry,rx->yx", whole.columns, whole.rows), laplace, atol=1e-5)


def test_orthogonal_iteration_is_no_worse_than_the_hosvd() -> None:
    w = normal(3, 12, 10, 3, 3)
    found = factorize.tucker2(w, 4, 5)
    exact = w.astype(np.float64)
    u = np.linalg.svd(exact.reshape(12, -1))[0][:, :5]
    v = np.linalg.svd(exact.transpose(1, 0, 2, 3).reshape(10, -1))[0][:, :4]
    hosvd = np.einsum("op,iq,oiyx,Op,Iq->OIyx", u, v, exact, u, v, optimize=True)
    assert distance(of_tucker(found), w) <= distance(hosvd, w) + ROUNDING
    assert found.error == pytest.approx(distance(of_tucker(found), w), abs=ROUNDING)


def test_ranks_under_noise_are_found() -> None:
    random = np.random.default_rng(1)
    signal = random.standard_normal((60, 5)) @ random.standard_normal((5, 200))
    assert factorize.rank(signal + 0.3 * random.standard_normal((60, 200))) == 5
    assert factorize.rank(random.standard_normal((60, 200))) == 0
    assert factorize.rank(np.zeros((3, 4))) == 0


def test_cp_recovers_sums_of_few_terms() -> None:
    w = np.einsum("or,ry,rx,ri->oiyx", normal(1, 8, 3), normal(2, 3, 3), normal(3, 3, 3), normal(4, 3, 6)).astype(np.float32)
    found = factorize.cp(w, 3)
    assert distance(of_cp(found), w) < 0.02  # the penalty shrinks terms a little
    assert found.error == pytest.approx(distance(of_cp(found), w), abs=1e-5)
    # What diverges has large terms that cancel.
    terms = np.linalg.norm(found.last, axis=0) * np.linalg.norm(found.first, axis=1)
    terms = terms * np.linalg.norm(found.vertical, axis=1) * np.linalg.norm(found.horizontal, axis=1)
    assert terms.max() < 5 * np.linalg.norm(w)


def test_depthwise_factors_are_best_channel_by_channel() -> None:
    w = normal(4, 10, 6, 3, 3)
    for multiplier in (1, 3, 9):
        lost = sum((np.linalg.svd(w[:, i].reshape(10, 9).astype(np.float64), compute_uv=False)[multiplier:] ** 2).sum() for i in range(6))
        best = float(np.sqrt(lost / (w.astype(np.float64) ** 2).sum()))
        assert distance(of_depthwise(factorize.depthwise(w, multiplier)), w) == pytest.approx(best, abs=ROUNDING)


def test_the_cosine_transform_is_orthonormal_and_comes_back() -> None:
    w = normal(5, 4, 2, 5, 7)
    k, n = np.arange(5)[:, None], np.arange(5)[None]
    rows = np.sqrt(2 / 5) * np.cos(np.pi * (2 * n + 1) * k / 10) * np.where(k, 1, np.sqrt(0.5))
    k, n = np.arange(7)[:, None], np.arange(7)[None]
    columns = np.sqrt(2 / 7) * np.cos(np.pi * (2 * n + 1) * k / 14) * np.where(k, 1, np.sqrt(0.5))
    np.testing.assert_allclose(factorize.dct2(w), np.einsum("ky,oiyx,lx->oikl", rows, w, columns), atol=1e-5)
    np.testing.assert_allclose(factorize.dct2(factorize.dct2(w), inverse=True), w, atol=1e-5)


def test_channels_are_principal_components_and_the_nonlinear_ones_no_worse_behind_the_activation() -> None:
    random = np.random.default_rng(2)
    y = (random.standard_normal((3000, 6)) @ random.standard_normal((6, 16)) + 0.2 * random.standard_normal((3000, 16)) - 0.5).astype(
        np.float32
    )
    linear, relu = factorize.channel(y, 4, nonlinear=False), factorize.channel(y, 4, nonlinear=True)
    centred = y.astype(np.float64) - y.mean(0, dtype=np.float64)
    values = np.linalg.svd(centred, compute_uv=False)
    best = float(np.sqrt((values[4:] ** 2).sum() / (values**2).sum()))

    def made(found: factorize.Channel) -> np.ndarray:
        expand, reduce, bias = doubles(found.expand, found.reduce, found.bias)
        return y.astype(np.float64) @ (expand @ reduce).T + bias

    assert np.linalg.norm(made(linear) - y) / np.linalg.norm(centred) == pytest.approx(best, rel=1e-3)
    assert linear.error == pytest.approx(best, rel=1e-3)

    def behind(found: factorize.Channel) -> float:
        return float(np.linalg.norm(np.maximum(made(found), 0) - np.maximum(y, 0)))

    assert behind(relu) < 0.98 * behind(linear)


def test_equal_arguments_give_equal_bits_on_any_number_of_threads() -> None:
    w = normal(6, 32, 24, 3, 3)
    one, two = factorize.tucker2(w, 8, 9, threads=1), factorize.tucker2(w, 8, 9, threads=2)
    np.testing.assert_array_equal(one.core, two.core)
    np.testing.assert_array_equal(factorize.cp(w, 5).last, factorize.cp(w, 5).last)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_is_refused(bad: float) -> None:
    w = normal(1, 4, 3, 3, 3)
    w[1, 2, 0, 1] = bad
    for call in (
        lambda: factorize.svd(w.reshape(4, 27), 1),
        lambda: factorize.spatial(w, 1),
        lambda: factorize.separable(w.reshape(12, 3, 3)),
        lambda: factorize.tucker2(w, 1, 1),
        lambda: factorize.cp(w, 1),
        lambda: factorize.depthwise(w, 1),
        lambda: factorize.rank(w.reshape(4, 27)),
        lambda: factorize.channel(w.reshape(4, 27), 1),
        lambda: factorize.dct2(w),
    ):
        with pytest.raises(netsuke.NotFiniteError):
            call()


def test_ranks_that_cannot_be_are_named() -> None:
    w = normal(1, 4, 3, 3, 3)
    for call in (
        lambda: factorize.svd(w.reshape(4, 27), 5),
        lambda: factorize.svd(w.reshape(4, 27), 0),
        lambda: factorize.spatial(w, 10),
        lambda: factorize.separable(w.reshape(12, 3, 3), 4),
        lambda: factorize.tucker2(w, 4, 4),
        lambda: factorize.depthwise(w, 5),
    ):
        with pytest.raises(ValueError, match="must be from 1 to"):
            call()
