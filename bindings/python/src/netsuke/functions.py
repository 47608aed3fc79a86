"""Tensor functions: pruning, quantization, calibration and sparse and integer products on numpy arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from . import _netsuke
from ._arrays import converted, float_array

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

CodeType = Literal["uint8", "int8"]


def prune_magnitude(weights: ArrayLike, sparsity: float, input_norms: ArrayLike | None = None) -> NDArray[np.bool_]:
    """A mask like `weights`: False for the round(sparsity * count) elements that are smallest in magnitude.

    With `input_norms` (one for each column of a matrix `weights`, the l2 norm of that input over samples) the score is
    |weight| * norm and the share is taken in each row (Sun et al. 2024).
    """
    import numpy as np

    array = float_array(weights, "weights", None if input_norms is None else 2)
    mask = np.empty(array.shape, np.uint8)
    if input_norms is None:
        _netsuke.prune_magnitude(array, sparsity, mask)
    else:
        _netsuke.prune_magnitude_activation(array, float_array(input_norms, "input_norms", 1), sparsity, mask)
    return mask.view(np.bool_)


def prune_apply(weights: ArrayLike, mask: ArrayLike) -> NDArray[np.float32]:
    """A copy of `weights` with zeros where `mask` is False."""
    import numpy as np

    result = float_array(weights, "weights").copy()
    _netsuke.prune_apply(result, np.ascontiguousarray(mask, dtype=np.bool_).view(np.uint8))
    return result


def quantize_params(minimum: float, maximum: float, dtype: CodeType = "uint8", symmetric: bool = False) -> tuple[float, int]:
    """(scale, zero_point) that map [minimum, maximum], widened to hold 0, to `dtype`: real = scale * (code - zero_point)."""
    return _netsuke.quantize_params(minimum, maximum, _is_signed(dtype), symmetric)


def quantize_affine(x: ArrayLike, scale: float, zero_point: int, dtype: CodeType = "uint8") -> NDArray[Any]:
    """Codes of `x`: saturate(round_half_to_even(x / scale) + zero_point)."""
    import numpy as np

    array = float_array(x, "x")
    codes = np.empty(array.shape, np.int8 if _is_signed(dtype) else np.uint8)
    _netsuke.quantize_affine(array, scale, zero_point, codes)
    return codes


def dequantize_affine(codes: ArrayLike, scale: float, zero_point: int) -> NDArray[np.float32]:
    """scale * (codes - zero_point), from uint8 or int8 codes."""
    import numpy as np

    array = np.ascontiguousarray(codes)
    if array.dtype not in (np.uint8, np.int8):
        raise TypeError(f"codes are uint8 or int8, not {array.dtype}")
    x = np.empty(array.shape, np.float32)
    _netsuke.dequantize_affine(array, scale, zero_point, x)
    return x


def quantize_per_channel(weights: ArrayLike) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """(codes, scales): codes in -127 ... 127 with one scale for each index of the first axis."""
    import numpy as np

    array = float_array(weights, "weights")
    if array.ndim == 0:
        raise ValueError("weights: at least one dimension is needed, the first numbers the channels")
    codes = np.empty(array.shape, np.int8)
    scales = np.empty(array.shape[0], np.float32)
    rows = (array.shape[0], array.size // array.shape[0] if array.shape[0] else 0)
    _netsuke.quantize_per_channel(array.reshape(rows), codes.reshape(rows), scales)
    return codes, scales


def _is_signed(dtype: str) -> bool:
    names = {"uint8": False, "u8": False, "int8": True, "s8": True}
    name = str(getattr(dtype, "__name__", dtype))
    if name not in names:
        raise ValueError(f"dtype is 'uint8' or 'int8', not {dtype!r}")
    return names[name]


_CALIBRATION_METHODS = {"minmax": 0, "percentile": 1, "mse": 2}


class Calibrator:
    """The range of a stream of values, for quantization: by its ends ("minmax"), by percentiles of a histogram that grows with it
    ("percentile"), or by the least squared error of 8-bit codes ("mse").

    percentile: in [50, 100]; the method "percentile" leaves out the (100 - percentile) % of values beyond each end.
    """

    def __init__(self, method: Literal["minmax", "percentile", "mse"] = "minmax", percentile: float = 99.99) -> None:
        if method not in _CALIBRATION_METHODS:
            raise ValueError(f"method is one of {', '.join(_CALIBRATION_METHODS)}, not {method!r}")
        self._handle = _netsuke.Calibrator(_CALIBRATION_METHODS[method], percentile)

    def observe(self, values: ArrayLike) -> None:
        """Takes in values; none of them where one is not finite."""
        self._handle.observe(float_array(values, "values"))

    @property
    def range(self) -> tuple[float, float]:
        """(minimum, maximum), widened to hold 0."""
        return self._handle.range()


class CSR(NamedTuple):
    """A sparse matrix by rows; `shape` is (rows, columns)."""

    row_offsets: NDArray[np.int32]
    column_indices: NDArray[np.int32]
    values: NDArray[np.float32]
    shape: tuple[int, int]


def csr_from_dense(dense: ArrayLike) -> CSR:
    """The elements of a matrix that are not zero."""
    import numpy as np

    matrix = float_array(dense, "dense", 2)
    count = _netsuke.csr_count(matrix)
    result = CSR(
        np.empty(matrix.shape[0] + 1, np.int32),
        np.empty(count, np.int32),
        np.empty(count, np.float32),
        (matrix.shape[0], matrix.shape[1]),
    )
    _netsuke.csr_from_dense(matrix, result.row_offsets, result.column_indices, result.values)
    return result


def spmm(a: CSR, b: ArrayLike) -> NDArray[np.float32]:
    """a · b for a sparse `a` [rows][columns] and a dense b [columns][width]."""
    import numpy as np

    matrix = float_array(b, "b", 2)
    if matrix.shape[0] != a.shape[1]:
        raise ValueError(f"b: {a.shape[1]} rows are needed, this array has {matrix.shape[0]}")
    c = np.empty((a.shape[0], matrix.shape[1]), np.float32)
    offsets = converted(a.row_offsets, "s32", "row_offsets")
    _netsuke.spmm(offsets, converted(a.column_indices, "s32", "column_indices"), float_array(a.values, "values"), matrix, c)
    return c


def gemm_u8s8s32(a: ArrayLike, b: ArrayLike, a_zero_point: int = 0) -> NDArray[np.int32]:
    """(a - a_zero_point) · bᵀ exactly: a [m][k] uint8, b [n][k] int8, result [m][n] int32."""
    import numpy as np

    left, right = converted(a, "u8", "a"), converted(b, "s8", "b")
    if left.ndim != 2 or right.ndim != 2 or left.shape[1] != right.shape[1]:
        raise ValueError(f"a is [m][k] and b is [n][k], not {left.shape} and {right.shape}")
    c = np.empty((left.shape[0], right.shape[0]), np.int32)
    _netsuke.gemm_u8s8s32(left, a_zero_point, right, c)
    return c
