"""`Session`: a model made ready to run."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from . import _netsuke
from ._errors import InvalidArgumentError

if TYPE_CHECKING:
    from ._model import Model


class Session:
    """Plans, packed weights, working memory and threads of one model; made by `Model.session`.

    Python's threads may share one, and then take turns: for throughput make one for each thread. Usable in a `with` statement,
    which ends its threads and frees its memory at the end.
    """

    def __init__(
        self,
        model: Model,
        threads: int = 1,
        parallel_for: Callable[[int, Callable[[int], None]], object] | None = None,
        profile: bool = False,
        exact: bool = False,
    ) -> None:
        self._model = model
        self._threads = threads
        self._handle = _netsuke.Session(model._handle, operator.index(threads), parallel_for, profile, exact)

    @property
    def model(self) -> Model:
        """The model that runs."""
        return self._model

    def run(self, *inputs: Any) -> Any:
        """The model's output for `inputs`: one array, or a dict of arrays by name where the model has several outputs.

        inputs: one array for each input in order, or one dict of arrays by name. Arrays are whatever offers the buffer protocol
        or DLPack (numpy, torch, array, memoryview) or converts to numpy; dense row-major ones of the input's own type are
        read where they are. Shapes may differ from call to call; the first call with new ones plans, which takes milliseconds.

        The result is the caller's own memory. Raises TypeError for elements of another kind, netsuke.Error for shapes that do not
        fit. The GIL is released while the model runs.
        """
        outputs = self._handle.run(self._model._handle, self._ordered(inputs))
        if len(outputs) == 1:
            return outputs[0]
        return {value.name: output for value, output in zip(self._model.outputs, outputs, strict=True)}

    __call__ = run

    def _ordered(self, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        if any(isinstance(x, Mapping) for x in inputs) and len(inputs) > 1:
            raise TypeError("run takes arrays in the inputs' order, or one dict of arrays by name and nothing else")
        if len(inputs) != 1 or not isinstance(inputs[0], Mapping):
            return inputs
        given = inputs[0]
        names = [value.name for value in self._model.inputs]
        missing = [name for name in names if name not in given]
        unknown = [str(name) for name in given if name not in names]
        if missing or unknown:
            what = f"the input '{missing[0]}' is missing" if missing else f"there is no input '{unknown[0]}'"
            raise InvalidArgumentError(f"{what}; the model's inputs are {', '.join(names)}")
        return tuple(given[name] for name in names)

    @property
    def profile(self) -> Any:
        """Milliseconds and runs of each step for the last shape; needs `profile=True` and a run."""
        return json.loads(self._handle.profile())

    @property
    def plan(self) -> Any:
        """The steps for the last shape: the kernels chosen and why, bytes of packed weights and working memory."""
        return json.loads(self._handle.plan())

    def close(self) -> None:
        """Ends the session's threads and frees its memory; a closed session does not run."""
        self._handle.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<netsuke.Session threads={self._threads} of {self._model!r}>"
