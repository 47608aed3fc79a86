"""Factorizations of weights as numpy arrays: the factors that `factorize.*` steps of recipes put in a layer's place.

Filters are [n][c][kh][kw], n output and c input channels, as in ONNX; matrices are [outputs][inputs]. Each function returns a named tuple
that ends in `error`, the relative error: the root of the squared distance over the weights' squares. `threads` (0: one for each processor)
is for products of large matrices. Ctrl-C ends a long one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from . import _netsuke
from ._arrays import converted, float_array

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray


class Factors(NamedTuple):
    """weights ≈ left · right: [rows][rank] and [rank][columns]."""

    left: NDArray[np.float32]
    right: NDArray[np.float32]
    error: float


class Spatial(NamedTuple):
    """weights[o, i, y, x] ≈ Σ_r horizontal[o, r, x] · vertical[r, i, y]: [rank][c][kh] and [n][rank][kw]."""

    vertical: NDArray[np.float32]
    horizontal: NDArray[np.float32]
    error: float


class Separable(NamedTuple):
    """filters[f, y, x] ≈ Σ_r columns[f, r, y] · rows[f, r, x]; `error` has one element for each filter."""

    columns: NDArray[np.float32]
    rows: NDArray[np.float32]
    error: NDArray[np.float64]


class Channel(NamedTuple):
    """y ≈ expand · (reduce · y) + bias: [channels][rank], [rank][channels] and [channels]."""

    expand: NDArray[np.float32]
    reduce: NDArray[np.float32]
    bias: NDArray[np.float32]
    error: float


class Tucker2(NamedTuple):
    """weights[o, i] ≈ Σ_pq last[o, p] · core[p, q] · first[q, i]: [rank_in][c], [rank_out][rank_in][kh][kw] and [n][rank_out]."""

    first: NDArray[np.float32]
    core: NDArray[np.float32]
    last: NDArray[np.float32]
    error: float


class CP(NamedTuple):
    """weights[o, i, y, x] ≈ Σ_r last[o, r] · vertical[r, y] · horizontal[r, x] · first[r, i]."""

    first: NDArray[np.float32]
    vertical: NDArray[np.float32]
    horizontal: NDArray[np.float32]
    last: NDArray[np.float32]
    error: float


class Depthwise(NamedTuple):
    """weights[o, i] ≈ Σ_r pointwise[o, i, r] · spatial[i, r]: [c][multiplier][kh][kw] and [n][c][multiplier]."""

    spatial: NDArray[np.float32]
    pointwise: NDArray[np.float32]
    error: float


def svd(weights: ArrayLike, rank: int, moments: ArrayLike | None = None, threads: int = 0) -> Factors:
    """The best factors of a matrix [rows][columns] of a rank from 1 to min(rows, columns).

    With `moments`, the second moments E[x·xᵀ] [columns][columns] of the inputs x, best is least E‖(W - left · right) · x‖², and `error` is
    relative to E‖W · x‖²; without, least distance of the weights (the truncated singular value decomposition).
    """
    import numpy as np

    matrix = float_array(weights, "weights", 2)
    known = None if moments is None else converted(moments, "f64", "moments")
    if known is not None and known.shape != (matrix.shape[1],) * 2:
        raise ValueError(f"moments: {matrix.shape[1]} × {matrix.shape[1]} are needed, not {known.shape}")
    _require(rank, min(matrix.shape), "rank")
    left, right = np.empty((matrix.shape[0], rank), np.float32), np.empty((rank, matrix.shape[1]), np.float32)
    return Factors(left, right, _netsuke.factorize_svd(matrix, known, rank, threads, left, right))


def spatial(weights: ArrayLike, rank: int, threads: int = 0) -> Spatial:
    """A kh×1 convolution to `rank` ≤ min(c·kh, n·kw) channels and a 1×kw one (Jaderberg et al. 2014, scheme 2), in closed form."""
    import numpy as np

    filters = float_array(weights, "weights", 4)
    n, c, kh, kw = filters.shape
    _require(rank, min(c * kh, n * kw), "rank")
    vertical, horizontal = np.empty((rank, c, kh), np.float32), np.empty((n, rank, kw), np.float32)
    return Spatial(vertical, horizontal, _netsuke.factorize_spatial(filters, rank, threads, vertical, horizontal))


def separable(filters: ArrayLike, rank: int = 1) -> Separable:
    """Each filter of a bank [count][kh][kw], or one filter [kh][kw], as the best sum of `rank` separable ones.

    A filter is separable where the error of rank 1 is 0 but for rounding: below 1e-6.
    """
    import numpy as np

    array = float_array(filters, "filters")
    if array.ndim not in (2, 3):
        raise ValueError(f"filters: [count][kh][kw] or [kh][kw] is needed, this array has {array.ndim} dimensions")
    bank = array.reshape((-1, *array.shape[-2:]))
    count, kh, kw = bank.shape
    _require(rank, min(kh, kw), "rank")
    columns, rows = np.empty((count, rank, kh), np.float32), np.empty((count, rank, kw), np.float32)
    errors = np.empty(count)
    _netsuke.factorize_separable(bank, rank, columns, rows, errors)
    lead = array.shape[:-2]
    return Separable(columns.reshape((*lead, rank, kh)), rows.reshape((*lead, rank, kw)), errors.reshape(lead))


def channel(responses: ArrayLike, rank: int, nonlinear: bool = True, threads: int = 0) -> Channel:
    """What a layer's responses y [samples][channels], before its activation, need of its channels (Zhang et al. 2016).

    Linear: their principal components. Nonlinear: least error behind a ReLU. The layer W, b becomes reduce · W without a bias, then
    expand with the bias `bias` + expand · reduce · b, if y are its responses with b.
    """
    import numpy as np

    y = float_array(responses, "responses", 2)
    _require(rank, y.shape[1], "rank")
    expand, reduce = np.empty((y.shape[1], rank), np.float32), np.empty((rank, y.shape[1]), np.float32)
    bias = np.empty(y.shape[1], np.float32)
    return Channel(expand, reduce, bias, _netsuke.factorize_channel(y, rank, nonlinear, threads, expand, reduce, bias))


def tucker2(weights: ArrayLike, rank_in: int, rank_out: int, threads: int = 0) -> Tucker2:
    """Tucker-2 by orthogonal iteration from the HOSVD (Kim et al. 2016): convolutions 1×1, kh×kw and 1×1."""
    import numpy as np

    filters = float_array(weights, "weights", 4)
    n, c, kh, kw = filters.shape
    _require(rank_in, c, "rank_in")
    _require(rank_out, n, "rank_out")
    first, core = np.empty((rank_in, c), np.float32), np.empty((rank_out, rank_in, kh, kw), np.float32)
    last = np.empty((n, rank_out), np.float32)
    return Tucker2(first, core, last, _netsuke.factorize_tucker2(filters, rank_in, rank_out, threads, first, core, last))


def rank(matrix: ArrayLike) -> int:
    """The rank of a matrix under noise, by variational Bayes with unknown noise (Nakajima et al. 2013); may be 0."""
    return _netsuke.factorize_rank(float_array(matrix, "matrix", 2))


def cp(weights: ArrayLike, rank: int, threads: int = 0) -> CP:
    """Sums of products of four vectors (Lebedev et al. 2015), with a penalty that keeps the terms from diverging."""
    import numpy as np

    filters = float_array(weights, "weights", 4)
    n, c, kh, kw = filters.shape
    _require(rank, min(filters.size // max(*filters.shape, 1), 65536), "rank")
    first, last = np.empty((rank, c), np.float32), np.empty((n, rank), np.float32)
    vertical, horizontal = np.empty((rank, kh), np.float32), np.empty((rank, kw), np.float32)
    return CP(first, vertical, horizontal, last, _netsuke.factorize_cp(filters, rank, threads, first, vertical, horizontal, last))


def depthwise(weights: ArrayLike, multiplier: int, threads: int = 0) -> Depthwise:
    """`multiplier` ≤ min(n, kh·kw) filters for each input channel, then a pointwise layer (Guo et al. 2018)."""
    import numpy as np

    filters = float_array(weights, "weights", 4)
    n, c, kh, kw = filters.shape
    _require(multiplier, min(n, kh * kw), "multiplier")
    spatial, pointwise = np.empty((c, multiplier, kh, kw), np.float32), np.empty((n, c, multiplier), np.float32)
    return Depthwise(spatial, pointwise, _netsuke.factorize_depthwise(filters, multiplier, threads, spatial, pointwise))


def dct2(filters: ArrayLike, inverse: bool = False) -> NDArray[np.float32]:
    """The orthonormal two-dimensional cosine transform of the last two axes, or back."""
    import numpy as np

    array = float_array(filters, "filters")
    if array.ndim < 2:
        raise ValueError(f"filters: two dimensions are needed at least, this array has {array.ndim}")
    out = np.empty(array.shape, np.float32)
    bank = (-1 if array.size else 0, *array.shape[-2:])
    _netsuke.dct2(array.reshape(bank), inverse, out.reshape(bank))
    return out


def _require(rank: int, limit: int, name: str) -> None:
    if limit < 1:
        raise ValueError("the weights have no elements")
    if not 1 <= rank <= limit:
        raise ValueError(f"{name}: must be from 1 to {limit} for these weights, not {rank}")
