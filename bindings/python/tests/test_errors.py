"""Errors: one class, with a status, and words of Python's own beside it."""

from __future__ import annotations

import pickle

import pytest

import netsuke
from netsuke._errors import make_error


@pytest.mark.parametrize("status", list(netsuke.Status))
def test_every_status_makes_an_error(status: netsuke.Status) -> None:
    error = make_error(int(status), "what to do", "conv1", 7)
    assert isinstance(error, netsuke.Error)
    assert error.status == status == int(status)
    assert error.node == "conv1"
    assert error.offset == 7
    assert str(error) == "what to do"


def test_an_unknown_status_and_an_empty_message() -> None:
    assert make_error(77, "", "", -1).status == netsuke.Status.INTERNAL
    assert str(make_error(8, "", "", -1)) == "out of memory"
    assert make_error(8, "", "", -1).node is None
    assert make_error(8, "", "", -1).offset is None


@pytest.mark.parametrize(
    ("kind", "parent"),
    [
        (netsuke.InvalidArgumentError, ValueError),
        (netsuke.ShapeMismatchError, ValueError),
        (netsuke.NotFoundError, FileNotFoundError),
        (netsuke.NotFoundError, LookupError),
        (netsuke.InputOutputError, OSError),
        (netsuke.MalformedFileError, ValueError),
        (netsuke.UnsupportedError, NotImplementedError),
        (netsuke.RecipeError, ValueError),
    ],
)
def test_errors_are_what_python_calls_them(kind: type[netsuke.Error], parent: type[Exception]) -> None:
    assert issubclass(kind, netsuke.Error)
    assert issubclass(kind, parent)


def test_errors_survive_pickling() -> None:
    error = pickle.loads(pickle.dumps(make_error(2, "too small", "conv1", 12)))
    assert type(error) is netsuke.ShapeMismatchError
    assert (str(error), error.node, error.offset, error.status) == ("too small", "conv1", 12, 2)


def test_status_numbers_are_the_headers() -> None:
    from conftest import CHECKOUT

    header = (CHECKOUT / "include" / "netsuke.h").read_text()
    for status in netsuke.Status:
        assert f"NSK_{status.name} = {int(status)}" in header
