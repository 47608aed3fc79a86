"""What the library raises: one class, `Error`, with a subclass for each status that Python has a word for."""

from __future__ import annotations

import enum


class Status(enum.IntEnum):
    """How a call of the library ended. The numbers are those of `nsk_status` in netsuke.h and never change."""

    OK = 0
    INVALID_ARGUMENT = 1
    SHAPE_MISMATCH = 2
    NOT_FOUND = 3
    INPUT_OUTPUT = 4
    MALFORMED_FILE = 5
    UNSUPPORTED = 6
    UNSUPPORTED_MACHINE = 7
    OUT_OF_MEMORY = 8
    CANCELLED = 9
    NOT_FINITE = 10
    RECIPE = 11
    CALLBACK = 12
    INTERNAL = 99

    def __str__(self) -> str:
        return self.name.lower().replace("_", " ")


_classes: dict[int, type[Error]] = {}


class Error(Exception):
    """A call of the library failed. `str(error)` says what is wrong and what to do about it.

    status: why, as a `Status` (an int).
    node:   the name of the graph's node at fault, or None.
    offset: the byte in the file at fault, or None.
    """

    status: Status = Status.INTERNAL
    node: str | None = None
    offset: int | None = None

    def __init_subclass__(cls) -> None:
        _classes[int(cls.status)] = cls
        cls.__module__ = "netsuke"  # where people find it, and what a traceback should say

    def __init__(self, message: str = "", *, status: Status | None = None, node: str | None = None, offset: int | None = None) -> None:
        super().__init__(message)
        if status is not None:
            self.status = status
        self.node = node
        self.offset = offset

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""

    def __reduce__(self) -> tuple[object, ...]:
        return make_error, (int(self.status), str(self), self.node or "", -1 if self.offset is None else self.offset)


class InvalidArgumentError(Error, ValueError):
    """An impossible number, an unknown option."""

    status = Status.INVALID_ARGUMENT


class ShapeMismatchError(Error, ValueError):
    """Shapes or sizes that do not go together."""

    status = Status.SHAPE_MISMATCH


class NotFoundError(Error, FileNotFoundError, LookupError):
    """No such file, recipe or report."""

    status = Status.NOT_FOUND


class InputOutputError(Error, OSError):
    """Reading or writing failed."""

    status = Status.INPUT_OUTPUT


class MalformedFileError(Error, ValueError):
    """The bytes are not what the format says."""

    status = Status.MALFORMED_FILE


class UnsupportedError(Error, NotImplementedError):
    """Understood, and not supported."""

    status = Status.UNSUPPORTED


class UnsupportedMachineError(UnsupportedError):
    """The processor lacks instructions that the library needs."""

    status = Status.UNSUPPORTED_MACHINE


class OutOfMemoryError(Error, MemoryError):
    """There is not enough memory."""

    status = Status.OUT_OF_MEMORY


class Cancelled(Error):
    """The progress function returned False."""

    status = Status.CANCELLED


class NotFiniteError(Error, ValueError):
    """A NaN or an infinity where it cannot be."""

    status = Status.NOT_FINITE


class RecipeError(Error, ValueError):
    """The recipe is wrong; the message names the key."""

    status = Status.RECIPE


Error.__module__ = Status.__module__ = "netsuke"


def make_error(status: int, message: str, node: str, offset: int) -> Error:
    """The exception for a status of the library; the extension calls this."""
    known = Status(status) if status in Status._value2member_map_ else Status.INTERNAL
    kind = _classes.get(status, Error)
    return kind(message or str(known), status=known, node=node or None, offset=None if offset < 0 else offset)
