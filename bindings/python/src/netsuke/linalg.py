"""The linear algebra that factorizations rest on, in double precision, named and shaped as numpy.linalg's.

Each function works on the calling thread alone and lets other Python threads run meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from . import _netsuke
from ._arrays import converted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray


class SVD(NamedTuple):
    """a = u · diag(s) · vt: u [rows][k] and vt [k][columns] orthonormal, s [k] descending, k = min(rows, columns)."""

    u: NDArray[np.float64]
    s: NDArray[np.float64]
    vt: NDArray[np.float64]


class Eigen(NamedTuple):
    """`values` descending (numpy's ascend), and as numpy's the eigenvectors in the columns of `vectors`."""

    values: NDArray[np.float64]
    vectors: NDArray[np.float64]


def svd(a: ArrayLike) -> SVD:
    """The thin singular value decomposition of a matrix."""
    import numpy as np

    matrix = _matrix(a, "a")
    rows, columns = matrix.shape
    k = min(rows, columns)
    result = SVD(np.empty((rows, k)), np.empty(k), np.empty((k, columns)))
    _netsuke.svd(matrix, *result)
    return result


def eigh(a: ArrayLike) -> Eigen:
    """Eigenvalues and eigenvectors of a symmetric matrix, of which the lower triangle is read."""
    import numpy as np

    matrix = _square(a)
    values, vectors = np.empty(matrix.shape[0]), np.empty(matrix.shape)
    _netsuke.eigh(matrix, values, vectors)
    return Eigen(values, vectors.T)


def cholesky(a: ArrayLike) -> NDArray[np.float64]:
    """The lower triangular l with l · lᵀ = a, of which the lower triangle is read.

    Raises `InvalidArgumentError` where `a` is not positive definite to rounding.
    """
    import numpy as np

    matrix = _square(a)
    factor = np.empty(matrix.shape)
    _netsuke.cholesky(matrix, factor)
    return factor


def lstsq(a: ArrayLike, b: ArrayLike) -> tuple[NDArray[np.float64], int]:
    """(x, rank): x minimises ‖a · x - b‖, column by column where `b` is a matrix; the one of least norm where `a` lacks rank."""
    import numpy as np

    matrix, right = _matrix(a, "a"), converted(b, "f64", "b")
    if right.ndim not in (1, 2) or right.shape[0] != matrix.shape[0]:
        raise ValueError(f"b: one or more columns of {matrix.shape[0]} elements are needed, not {right.shape}")
    columns = np.ascontiguousarray(right.reshape(right.shape[0], -1))
    x = np.empty((matrix.shape[1], columns.shape[1]))
    rank = _netsuke.lstsq(matrix, columns, x)
    return x.reshape(matrix.shape[1:] + right.shape[1:]), rank


def _matrix(a: ArrayLike, name: str) -> NDArray[np.float64]:
    matrix = converted(a, "f64", name)
    if matrix.ndim != 2:
        raise ValueError(f"{name}: a matrix is needed, this array has {matrix.ndim} dimensions")
    return matrix


def _square(a: ArrayLike) -> NDArray[np.float64]:
    matrix = _matrix(a, "a")
    if matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"a: a square matrix is needed, not {matrix.shape}")
    return matrix
