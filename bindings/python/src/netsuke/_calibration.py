"""Calibration data as numbered samples, read one at a time so that memory does not grow with their number."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ._errors import InvalidArgumentError, ShapeMismatchError

if TYPE_CHECKING:
    from ._model import Value

Sample = Callable[[int], Sequence[Any]]


def samples(calibration: Any, inputs: Sequence[Value]) -> tuple[int, Sample | None]:
    """How many samples `calibration` has, and the function that gives the arrays of one, in the inputs' order.

    An array (or a dict of arrays by input name) is cut along its first axis. Anything else that can be indexed, or iterated,
    gives one sample a time: an array, a tuple of arrays, or a dict by input name. A generator is read to its end first, because
    the library may ask for a sample again.
    """
    if calibration is None:
        return 0, None
    if isinstance(calibration, str | bytes | os.PathLike):
        raise TypeError("calibration is an array, a dict of arrays or an iterable of samples, not the name of a file: load it first")
    if isinstance(calibration, Mapping):
        return _from_columns([_column(calibration, value) for value in inputs], inputs)
    if _shape(calibration) is not None:
        if len(inputs) != 1:
            names = ", ".join(value.name for value in inputs)
            raise InvalidArgumentError(f"the model has several inputs: give a dict of calibration arrays by name ({names})")
        return _from_columns([calibration], inputs)
    if not (hasattr(calibration, "__len__") and hasattr(calibration, "__getitem__")):
        if not isinstance(calibration, Iterable):
            raise TypeError(f"calibration is an array, a dict of arrays or an iterable of samples, not {type(calibration).__name__}")
        calibration = list(calibration)
    return len(calibration), lambda index: _one(calibration[index], inputs)


def _shape(x: Any) -> tuple[int, ...] | None:
    shape = getattr(x, "shape", None)
    return tuple(shape) if isinstance(shape, Sequence) else None


def _column(calibration: Mapping[str, Any], value: Value) -> Any:
    if value.name not in calibration:
        raise InvalidArgumentError(f"the calibration data lacks the input '{value.name}'; it has {', '.join(calibration)}")
    if _shape(calibration[value.name]) is None:
        raise TypeError(f"the calibration data of '{value.name}' is no array")
    return calibration[value.name]


def _from_columns(columns: list[Any], inputs: Sequence[Value]) -> tuple[int, Sample]:
    batch = 1
    for column, value in zip(columns, inputs, strict=True):
        shape = _shape(column) or ()
        if value.shape is None:
            continue
        if len(shape) != len(value.shape):
            raise ShapeMismatchError(
                f"the calibration data of '{value.name}' has {len(shape)} dimensions {shape}, "
                f"where the input has {len(value.shape)} {value.shape}; its first axis numbers the samples"
            )
        if value.shape and isinstance(value.shape[0], int):
            batch = max(batch, value.shape[0])
    counts = {(_shape(column) or (0,))[0] for column in columns}
    if len(counts) > 1:
        raise ShapeMismatchError(f"the calibration arrays differ in length: {sorted(counts)}")
    count = counts.pop() // batch
    if count == 0:
        raise InvalidArgumentError(f"the calibration data is empty, or has fewer samples than the model's batch of {batch}")
    return count, lambda index: [column[index * batch : (index + 1) * batch] for column in columns]


def _one(sample: Any, inputs: Sequence[Value]) -> list[Any]:
    if isinstance(sample, Mapping):
        missing = [value.name for value in inputs if value.name not in sample]
        if missing:
            raise InvalidArgumentError(f"a calibration sample lacks the input '{missing[0]}'; it has {', '.join(sample)}")
        arrays = [sample[value.name] for value in inputs]
    elif isinstance(sample, tuple):
        arrays = list(sample)
    else:
        arrays = [sample]
    if len(arrays) != len(inputs):
        raise InvalidArgumentError(f"a calibration sample has {len(arrays)} arrays where the model has {len(inputs)} inputs")
    return [_with_batch(array, value) for array, value in zip(arrays, inputs, strict=True)]


def _with_batch(array: Any, value: Value) -> Any:
    """A sample given without its batch axis gets one."""
    shape = _shape(array)
    if shape is not None and value.shape is not None and len(shape) == len(value.shape) - 1:
        return array[None]
    return array
