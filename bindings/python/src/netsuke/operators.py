"""Operators: single layers made from dense weights and a format, to replace one layer of existing code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from . import _netsuke
from ._arrays import float_array

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import ArrayLike, NDArray

Format = Literal["f32", "int8", "sparse"]
Activation = str | tuple[str, float] | tuple[str, float, float] | None

_FORMATS = {"f32": 0, "int8": 1, "sparse": 2}
# Name: number in netsuke.h, and the defaults of its parameters (ONNX's).
_ACTIVATIONS: dict[str, tuple[int, tuple[float, ...]]] = {
    "relu": (1, ()),
    "clip": (2, (0.0, 6.0)),
    "leaky_relu": (3, (0.01,)),
    "hard_sigmoid": (4, (0.2, 0.5)),
    "hard_swish": (5, ()),
    "sigmoid": (6, ()),
    "tanh": (7, ()),
}


def _format(format: str) -> int:
    if format not in _FORMATS:
        raise ValueError(f"format is one of {', '.join(_FORMATS)}, not {format!r}")
    return _FORMATS[format]


def _activation(activation: Activation) -> tuple[float, float, float]:
    if activation is None:
        return (0.0, 0.0, 0.0)
    name, *given = (activation,) if isinstance(activation, str) else activation
    if name not in _ACTIVATIONS:
        raise ValueError(f"activation is None or one of {', '.join(_ACTIVATIONS)}, not {name!r}")
    kind, defaults = _ACTIVATIONS[name]
    if len(given) > len(defaults):
        raise ValueError(f"activation {name!r} takes {len(defaults)} parameters, not {len(given)}")
    alpha, beta, *_ = (*given, *defaults[len(given) :], 0.0, 0.0)
    return (float(kind), float(alpha), float(beta))


def _pair(value: int | tuple[int, int]) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def _pads(padding: int | tuple[int, int] | tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    if isinstance(padding, tuple) and len(padding) == 4:
        return padding
    vertical, horizontal = _pair(padding if isinstance(padding, int) else (padding[0], padding[1]))
    return (vertical, horizontal, vertical, horizontal)


def _factors(factors: Sequence[ArrayLike], rank: int) -> list[NDArray[np.float32]]:
    if not len(factors):
        raise ValueError("factors: one at least is needed")
    return [float_array(factor, f"factors[{index}]", rank) for index, factor in enumerate(factors)]


# Strides, dilations and (top, left, bottom, right) zeros of one convolution.
_Geometry = tuple[tuple[int, int], tuple[int, int], tuple[int, int, int, int]]


def _geometries(
    factors: list[NDArray[np.float32]], stride: tuple[int, int], dilation: tuple[int, int], pads: tuple[int, int, int, int]
) -> list[_Geometry]:
    """Each axis's geometry for the factor that moves along it, and none for the others."""
    row, column = (next((i for i, w in enumerate(factors) if w.shape[axis] > 1), 0) for axis in (2, 3))
    top, left, bottom, right = pads
    return [
        (
            (stride[0] if i == row else 1, stride[1] if i == column else 1),
            (dilation[0] if i == row else 1, dilation[1] if i == column else 1),
            (top if i == row else 0, left if i == column else 0, bottom if i == row else 0, right if i == column else 0),
        )
        for i in range(len(factors))
    ]


class Linear:
    """A fully connected layer: y = activation(x · weightsᵀ + bias).

    weights:     [out_features][in_features]; copied.
    bias:        [out_features], or None.
    format:      "f32"; "int8": signed 8 bits with a scale for each output, inputs quantized over `input_range` (None: each call's
                 own range); "sparse": f32 without the zeros.
    activation:  None, a name, or (name, parameters): "relu", ("clip", 0, 6), ("leaky_relu", 0.01), "hard_swish" …

    Threads may share it.
    """

    def __init__(
        self,
        weights: ArrayLike,
        bias: ArrayLike | None = None,
        *,
        format: Format = "f32",
        input_range: tuple[float, float] | None = None,
        activation: Activation = None,
    ) -> None:
        self._create([float_array(weights, "weights", 2)], bias, format, input_range, activation)

    @classmethod
    def from_factors(
        cls,
        factors: Sequence[ArrayLike],
        bias: ArrayLike | None = None,
        *,
        format: Format = "f32",
        input_range: tuple[float, float] | None = None,
        activation: Activation = None,
    ) -> Linear:
        """The layer of weights factors[-1] · … · factors[0], which are applied one by one: [right, left] of `factorize.svd`, up to 16."""
        layer = cls.__new__(cls)
        layer._create(_factors(factors, 2), bias, format, input_range, activation)
        return layer

    def _create(
        self,
        factors: list[NDArray[np.float32]],
        bias: ArrayLike | None,
        format: Format,
        input_range: tuple[float, float] | None,
        activation: Activation,
    ) -> None:
        low, high = input_range or (0.0, 0.0)
        vector = None if bias is None else float_array(bias, "bias", 1)
        self._handle = _netsuke.Linear(factors, vector, _format(format), low, high, _activation(activation))
        self.out_features, self.in_features = factors[-1].shape[0], factors[0].shape[1]
        self.format = format

    def __call__(self, x: ArrayLike) -> NDArray[np.float32]:
        """y [batch][out_features] from x [batch][in_features]; a vector gives a vector."""
        import numpy as np

        array = float_array(x, "x")
        if array.ndim not in (1, 2):
            raise ValueError(f"x: 1 or 2 dimensions are needed, this array has {array.ndim}")
        rows = array if array.ndim == 2 else array[None]
        y = np.empty((rows.shape[0], self.out_features), np.float32)
        self._handle.run(rows, y)
        return y if array.ndim == 2 else y[0]

    @property
    def nbytes(self) -> int:
        """Bytes of weights and bias in the form they are kept in."""
        return self._handle.bytes()

    def __repr__(self) -> str:
        return f"<netsuke.Linear {self.in_features} -> {self.out_features}, {self.format}, {self.nbytes:,} bytes>"


class Conv2D:
    """A convolution: y = activation(conv(x, weights) + bias), as ONNX Conv.

    weights:  [out_channels][in_channels / groups][height][width], in either layout; copied.
    padding:  one number, (vertical, horizontal), or (top, left, bottom, right).
    layout:   "NCHW" or "NHWC", of x and y.
    The rest is as in `Linear`.
    """

    def __init__(
        self,
        weights: ArrayLike,
        bias: ArrayLike | None = None,
        *,
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] | tuple[int, int, int, int] = 0,
        dilation: int | tuple[int, int] = 1,
        groups: int = 1,
        layout: Literal["NCHW", "NHWC"] = "NCHW",
        format: Format = "f32",
        input_range: tuple[float, float] | None = None,
        activation: Activation = None,
    ) -> None:
        geometry = (_pair(stride), _pair(dilation), _pads(padding))
        self._create([float_array(weights, "weights", 4)], [geometry], bias, groups, layout, format, input_range, activation)

    @classmethod
    def from_factors(
        cls,
        factors: Sequence[ArrayLike],
        bias: ArrayLike | None = None,
        *,
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] | tuple[int, int, int, int] = 0,
        dilation: int | tuple[int, int] = 1,
        groups: int = 1,
        layout: Literal["NCHW", "NHWC"] = "NCHW",
        format: Format = "f32",
        input_range: tuple[float, float] | None = None,
        activation: Activation = None,
    ) -> Conv2D:
        """A convolution as others one behind the other, such as [rank][c][kh][1] and [n][rank][1][kw], up to 16.

        Stride, padding and dilation are the whole layer's: each axis's go to the first factor that has more than one tap along it, or to
        the first of all. `groups` is the first factor's; those of the others follow from the channels.
        """
        layer = cls.__new__(cls)
        weights = _factors(factors, 4)
        geometries = _geometries(weights, _pair(stride), _pair(dilation), _pads(padding))
        layer._create(weights, geometries, bias, groups, layout, format, input_range, activation)
        return layer

    def _create(
        self,
        factors: list[NDArray[np.float32]],
        geometries: list[_Geometry],
        bias: ArrayLike | None,
        groups: int,
        layout: Literal["NCHW", "NHWC"],
        format: Format,
        input_range: tuple[float, float] | None,
        activation: Activation,
    ) -> None:
        if layout not in ("NCHW", "NHWC"):
            raise ValueError(f"layout is 'NCHW' or 'NHWC', not {layout!r}")
        low, high = input_range or (0.0, 0.0)
        vector = None if bias is None else float_array(bias, "bias", 1)
        self._handle = _netsuke.Conv2D(
            factors, geometries, vector, groups, layout == "NHWC", _format(format), low, high, _activation(activation)
        )
        self.out_channels = factors[-1].shape[0]
        self.in_channels = factors[0].shape[1] * groups
        self.layout = layout
        self.format = format

    def __call__(self, x: ArrayLike) -> NDArray[np.float32]:
        """y from x, both of four dimensions in the layout given."""
        import numpy as np

        array = float_array(x, "x", 4)
        height, width = array.shape[2:] if self.layout == "NCHW" else array.shape[1:3]
        size = self._handle.output_size(height, width)
        batch = array.shape[0]
        shape = (batch, self.out_channels, *size) if self.layout == "NCHW" else (batch, *size, self.out_channels)
        y = np.empty(shape, np.float32)
        self._handle.run(array, y)
        return y

    @property
    def nbytes(self) -> int:
        """Bytes of weights and bias in the form they are kept in."""
        return self._handle.bytes()

    def __repr__(self) -> str:
        return f"<netsuke.Conv2D {self.in_channels} -> {self.out_channels}, {self.format}, {self.nbytes:,} bytes>"
