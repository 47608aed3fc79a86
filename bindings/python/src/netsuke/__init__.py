"""Netsuke makes trained neural networks small, and runs what it made fast on CPUs.

    import netsuke

    model = netsuke.load("net.onnx")                   # or .nsk, or bytes
    small = model.compress("int8", calibration=x)      # a recipe's name, a dict, JSON text, or a file
    print(small.report)                                # bytes, milliseconds and more, per layer and in all
    small.save("net.nsk")
    y = small.session(threads=1).run(x[:1])

Every error of the library is a `netsuke.Error` with `.status`, `.node` and `.offset`.
"""

from __future__ import annotations

from . import architectures, factorize, linalg
from ._errors import (
    Cancelled,
    Error,
    InputOutputError,
    InvalidArgumentError,
    MalformedFileError,
    NotFiniteError,
    NotFoundError,
    OutOfMemoryError,
    RecipeError,
    ShapeMismatchError,
    Status,
    UnsupportedError,
    UnsupportedMachineError,
)
from ._library import build_info, get_include, get_library, version
from ._model import Model, Value, load
from ._recipe import methods, recipe, recipes
from ._report import Report
from ._session import Session
from .functions import (
    Calibrator,
    csr_from_dense,
    dequantize_affine,
    gemm_u8s8s32,
    prune_apply,
    prune_magnitude,
    quantize_affine,
    quantize_params,
    quantize_per_channel,
    spmm,
)
from .operators import Conv2D, Linear

__version__ = version()

__all__ = [
    "Calibrator",
    "Cancelled",
    "Conv2D",
    "Error",
    "InputOutputError",
    "InvalidArgumentError",
    "Linear",
    "MalformedFileError",
    "Model",
    "NotFiniteError",
    "NotFoundError",
    "OutOfMemoryError",
    "RecipeError",
    "Report",
    "Session",
    "ShapeMismatchError",
    "Status",
    "UnsupportedError",
    "UnsupportedMachineError",
    "Value",
    "__version__",
    "architectures",
    "build_info",
    "csr_from_dense",
    "dequantize_affine",
    "factorize",
    "gemm_u8s8s32",
    "get_include",
    "get_library",
    "linalg",
    "load",
    "methods",
    "prune_apply",
    "prune_magnitude",
    "quantize_affine",
    "quantize_params",
    "quantize_per_channel",
    "recipe",
    "recipes",
    "spmm",
    "version",
]
