"""Turning what callers have into the arrays that the library reads. numpy is loaded when a conversion needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

# The library's names of element types, as numpy's.
NUMPY_NAMES = {
    "f32": "float32",
    "f64": "float64",
    "f16": "float16",
    "u8": "uint8",
    "s8": "int8",
    "u16": "uint16",
    "s16": "int16",
    "u32": "uint32",
    "s32": "int32",
    "u64": "uint64",
    "s64": "int64",
    "bool": "bool",
}


def converted(x: Any, dtype: str, name: str) -> NDArray[Any]:
    """`x` as a dense row-major array of the library's type `dtype`; the extension calls this where it cannot borrow `x`.

    Numbers become floats; whole numbers become other whole numbers where every value fits; nothing else is converted.
    """
    try:
        import numpy as np
    except ImportError:
        raise TypeError(
            f"input '{name}': without numpy, pass a C-contiguous {NUMPY_NAMES.get(dtype, dtype)} buffer or DLPack array"
        ) from None
    try:
        array = np.from_dlpack(x) if hasattr(x, "__dlpack__") and not hasattr(x, "__array__") else np.asarray(x)
    except Exception as error:
        raise TypeError(f"input '{name}': {type(x).__name__} does not convert to an array: {error}") from error
    wanted = np.dtype(NUMPY_NAMES[dtype])
    have = array.dtype
    if have != wanted:
        allowed = {"f": "fiu", "i": "iu", "u": "iu", "b": "b"}[wanted.kind]
        if have.kind not in allowed:
            raise TypeError(f"input '{name}': an array of {wanted} is needed, this one is of {have}")
        if wanted.kind in "iu" and array.size:
            bounds = np.iinfo(wanted)
            if int(array.min()) < bounds.min or int(array.max()) > bounds.max:
                raise ValueError(f"input '{name}': some values do not fit {wanted}")
    # Not ascontiguousarray, which leaves bytes that lie askew as they are.
    return np.require(array, wanted, ["C_CONTIGUOUS", "ALIGNED"]).reshape(array.shape)


def float_array(x: Any, name: str, rank: int | None = None) -> NDArray[Any]:
    """`x` as a dense float32 array, of `rank` dimensions where that is given."""
    array = converted(x, "f32", name)
    if rank is not None and array.ndim != rank:
        raise ValueError(f"{name}: {rank} dimensions are needed, this array has {array.ndim}")
    return array
