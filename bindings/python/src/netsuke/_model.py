"""`Model`: a network that can be described, compressed, saved and made ready to run."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from . import _netsuke
from ._arrays import NUMPY_NAMES
from ._calibration import samples
from ._progress import Progress, reporting
from ._recipe import Recipe, recipe_text
from ._report import Report
from ._session import Session

Buffer = bytes | bytearray | memoryview


@dataclass(frozen=True)
class Value:
    """One input or output: its name, numpy's name of its element type, and its shape with names for open extents.

    shape is None where not even the rank is known before a session sees an input.
    """

    name: str
    dtype: str
    shape: tuple[int | str, ...] | None

    def __str__(self) -> str:
        extents = "?" if self.shape is None else ", ".join(str(extent) for extent in self.shape)
        return f"{self.name}: {self.dtype}[{extents}]"


def load(source: str | os.PathLike[str] | Buffer) -> Model:
    """Reads a .onnx or .nsk model, told apart by content, from a path or from bytes.

    ONNX external data is looked for beside the file. A .nsk file stays mapped while the model lives.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        return Model(_netsuke.load_memory(source))
    return Model(_netsuke.load(os.fsencode(source)))


class Model:
    """A network: graph and weights. Immutable; threads may share it. Made by `netsuke.load` and `Model.compress`."""

    def __init__(self, handle: _netsuke.Model) -> None:
        if not isinstance(handle, _netsuke.Model):
            raise TypeError("use netsuke.load() to make a model")
        self._handle = handle

    @cached_property
    def inputs(self) -> tuple[Value, ...]:
        """The inputs, in order."""
        return self._values(self._handle.inputs(), "inputs")

    @cached_property
    def outputs(self) -> tuple[Value, ...]:
        """The outputs, in order."""
        return self._values(self._handle.outputs(), "outputs")

    def _values(self, infos: list[tuple[str, str, list[int] | None]], key: str) -> tuple[Value, ...]:
        named = self.describe().get(key, [])
        result = []
        for index, (name, dtype, dims) in enumerate(infos):
            extents = named[index].get("shape") if index < len(named) else None
            shape: tuple[int | str, ...] | None = None
            if dims is not None:
                names = extents if extents is not None and len(extents) == len(dims) else dims
                shape = tuple(dim if dim >= 0 else _symbol(names[axis], axis) for axis, dim in enumerate(dims))
            result.append(Value(name, NUMPY_NAMES.get(dtype, dtype), shape))
        return tuple(result)

    def describe(self) -> dict[str, Any]:
        """Inputs, outputs and nodes with types, shapes, parameters, MACs and bytes; docs/c-api.md has the keys."""
        if self._description is None:
            self._description = json.loads(self._handle.describe())
        return self._description

    def pruning_groups(self) -> list[dict[str, Any]]:
        """Which channels `prune.channels` can remove together, group by group, and why others cannot; docs/c-api.md has the keys."""
        found: list[dict[str, Any]] = json.loads(self._handle.pruning_groups())
        return found

    _description: dict[str, Any] | None = None

    def compress(
        self,
        recipe: Recipe,
        calibration: Any = None,
        progress: bool | Progress = False,
        threads: int = 0,
        log: Callable[[int, str], object] | None = None,
    ) -> Model:
        """A smaller model, made as `recipe` says; this one stays as it is.

        recipe:      a dict such as {"steps": [{"method": "prune.magnitude", "sparsity": 0.8}]}, the same as JSON text, a path of
                     a .json file, or a name of `netsuke.recipes()`.
        calibration: typical inputs, for steps that need them and for the report's figures: an array whose first axis numbers the
                     samples, a dict of such arrays by input name, or an iterable (a Dataset, a list, a generator) of samples.
        progress:    True for a bar on standard error, or a function of (phase, done, total) that returns False to cancel.
        threads:     0 means one for each processor.
        log:         called with (level, message): 1 warning, 2 information.

        Raises netsuke.Error; exceptions of `calibration` and `progress`, and KeyboardInterrupt, come through as they are.
        The GIL is released while the library works.
        """
        count, sample = samples(calibration, self.inputs)
        with reporting(progress) as function:
            return Model(self._handle.compress(recipe_text(recipe), count, sample, function, log, threads))

    @cached_property
    def report(self) -> Report | None:
        """What the compression that made this model did; None where it was not made by one."""
        text = self._handle.report()
        return None if text is None else Report(json.loads(text))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the model as .nsk or .onnx, as the extension says. A failure leaves an older file as it was."""
        self._handle.save(os.fsencode(path))

    def to_bytes(self, format: str = "nsk") -> bytes:
        """The model as the bytes of a file, "nsk" or "onnx"; `netsuke.load` reads them."""
        formats = {"nsk": _netsuke.FORMAT_NSK, "onnx": _netsuke.FORMAT_ONNX}
        if format not in formats:
            raise ValueError(f"the format is 'nsk' or 'onnx', not {format!r}")
        return self._handle.write(formats[format])

    def session(
        self,
        threads: int = 1,
        parallel_for: Callable[[int, Callable[[int], None]], object] | None = None,
        profile: bool = False,
        exact: bool = False,
    ) -> Session:
        """The model made ready to run.

        threads:      1 runs on the calling thread alone, 0 means one for each processor. Results do not depend on it.
        parallel_for: your own thread pool: called with (count, task), it calls task(i) once for each i below count, on any
                      threads, and returns when all are done. None: the session starts threads of its own when threads > 1.
        profile:      time every step, for `Session.profile`.
        exact:        no Winograd convolutions, no Strassen products: slower, sums are made term by term.
        """
        return Session(self, threads=threads, parallel_for=parallel_for, profile=profile, exact=exact)

    def __repr__(self) -> str:
        name = self.describe().get("name") or "model"
        return f"<netsuke.Model {name} ({_listed(self.inputs)}) -> ({_listed(self.outputs)})>"

    def __reduce__(self) -> tuple[Any, ...]:
        return load, (self.to_bytes(),)

    def __copy__(self) -> Model:
        return Model(self._handle)

    def __deepcopy__(self, memo: dict[int, Any]) -> Model:
        return Model(self._handle)


def _symbol(name: object, axis: int) -> str:
    return name if isinstance(name, str) else f"dim{axis}"


def _listed(values: Sequence[Value]) -> str:
    return ", ".join(str(value) for value in values)
