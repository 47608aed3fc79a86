"""Running: what arrays may be, several inputs and outputs, threads, profiles."""

from __future__ import annotations

import array
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import netsuke

W = np.array([[1, 2], [3, 4], [5, 6]], np.float32)
B = np.array([10, 20], np.float32)


@pytest.fixture(scope="module")
def linear(linear_bytes: bytes) -> netsuke.Session:
    return netsuke.load(linear_bytes).session()


@pytest.fixture(scope="module")
def two(two_bytes: bytes) -> netsuke.Session:
    return netsuke.load(two_bytes).session()


class OnlyDLPack:
    """An array that offers nothing but DLPack, as other frameworks' do."""

    def __init__(self, x: np.ndarray) -> None:
        self.x = x

    def __dlpack__(self, **options: Any) -> Any:
        return self.x.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.x.__dlpack_device__()


def layouts(x: np.ndarray) -> dict[str, Any]:
    """The same matrix in every layout and type that callers have."""
    wide = np.zeros((x.shape[0], 2 * x.shape[1]), x.dtype)
    wide[:, ::2] = x
    frozen = x.copy()
    frozen.flags.writeable = False
    raw = bytearray(1 + x.nbytes)
    unaligned = np.frombuffer(raw, x.dtype, offset=1, count=x.size).reshape(x.shape)
    np.copyto(unaligned, x)
    return {
        "plain": x,
        "columns first": np.asfortranarray(x),
        "strided": wide[:, ::2],
        "backwards": x[::-1].copy()[::-1],
        "frozen": frozen,
        "unaligned": unaligned,
        "other byte order": x.astype(">f4"),
        "double": x.astype(np.float64),
        "half": x.astype(np.float16),
        "whole numbers": x.astype(np.int32),
        "bytes": x.astype(np.uint8),
        "lists": x.tolist(),
        "tuples": tuple(map(tuple, x.tolist())),
        "memoryview": memoryview(x),
        "dlpack": OnlyDLPack(x),
        "dlpack, columns first": OnlyDLPack(np.asfortranarray(x)),
    }


@given(rows=st.integers(1, 9), seed=st.integers(0, 2**32 - 1), name=st.sampled_from(sorted(layouts(np.zeros((1, 3), np.float32)))))
@settings(max_examples=80, deadline=None)
def test_every_layout_gives_the_same_result(linear: netsuke.Session, rows: int, seed: int, name: str) -> None:
    # Whole numbers below 256 are exact in every one of the types, and so are their sums of products.
    x = np.random.default_rng(seed).integers(0, 255, (rows, 3)).astype(np.float32)
    np.testing.assert_array_equal(linear.run(layouts(x)[name]), x @ W + B)


def test_an_array_of_the_standard_library(linear: netsuke.Session) -> None:
    flat = memoryview(array.array("f", [1, 2, 3])).cast("B").cast("f", (1, 3))
    np.testing.assert_array_equal(linear.run(flat), [[1 + 6 + 15 + 10, 2 + 8 + 18 + 20]])


def test_the_result_is_the_callers_own(linear: netsuke.Session) -> None:
    x = np.ones((1, 3), np.float32)
    first = linear.run(x)
    kept = first.copy()
    linear.run(x * 7)
    np.testing.assert_array_equal(first, kept)
    first[:] = -1  # writable
    np.testing.assert_array_equal(linear.run(x), kept)


def test_an_empty_batch_gives_an_empty_result_or_is_refused(linear: netsuke.Session) -> None:
    empty = np.zeros((0, 3), np.float32)
    try:
        shape = linear.run(empty).shape
    except netsuke.ShapeMismatchError:
        shape = (0, 2)
    assert shape == (0, 2)


def test_shapes_may_change(fashion: netsuke.Model, images: np.ndarray) -> None:
    session = fashion.session()
    one = np.concatenate([session.run(images[index : index + 1]) for index in range(5)])
    np.testing.assert_array_equal(session.run(images[:5]), one)


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        (np.zeros((1, 3), np.complex64), TypeError),
        (np.zeros((1, 3), bool), TypeError),
        (np.array([["a", "b", "c"]]), TypeError),
        (np.array([[object()] * 3]), TypeError),
        ("text", TypeError),
        (None, TypeError),
        (object(), TypeError),
        ([[1, 2], [3]], TypeError),
        (np.zeros((1, 4), np.float32), netsuke.ShapeMismatchError),
        (np.zeros(3, np.float32), netsuke.ShapeMismatchError),
        (np.zeros((1,) * 9, np.float32), netsuke.ShapeMismatchError),
        (np.float32(1), netsuke.ShapeMismatchError),
    ],
)
def test_what_does_not_fit_is_said(linear: netsuke.Session, wrong: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind) as caught:
        linear.run(wrong)
    assert str(caught.value)
    if kind is TypeError:
        assert "'x'" in str(caught.value)  # the input's name


def test_the_session_lives_on_after_an_error(linear: netsuke.Session) -> None:
    with pytest.raises(netsuke.Error):
        linear.run(np.zeros((1, 4), np.float32))
    np.testing.assert_array_equal(linear.run(np.zeros((1, 3), np.float32)), B[None])


def test_several_inputs_and_outputs(two: netsuke.Session) -> None:
    a, b = np.arange(8, dtype=np.float32).reshape(2, 4), np.full((2, 4), 3, np.float32)
    for result in (two.run(a, b), two.run({"right": b, "left": a}), two(a, b)):
        assert list(result) == ["sum", "product"]
        np.testing.assert_array_equal(result["sum"], a + b)
        np.testing.assert_array_equal(result["product"], a * b)


@pytest.mark.parametrize(
    ("inputs", "word"),
    [((), "2 inputs"), ((1, 2, 3), "2 inputs"), (({"left": 1},), "right"), (({"left": 1, "right": 2, "middle": 3},), "middle")],
)
def test_missing_and_unknown_inputs_are_named(two: netsuke.Session, inputs: tuple[Any, ...], word: str) -> None:
    with pytest.raises(netsuke.InvalidArgumentError, match=word):
        two.run(*inputs)


def test_arguments_of_another_engine_are_explained(two: netsuke.Session) -> None:
    with pytest.raises(TypeError, match="one dict of arrays by name"):
        two.run(None, {"left": 1, "right": 2})


def test_threads_are_a_whole_number(fashion: netsuke.Model) -> None:
    assert "threads=2" in repr(fashion.session(threads=np.int64(2)))
    with pytest.raises(TypeError, match="'float'"):
        fashion.session(threads=2.5)  # type: ignore[arg-type]


def test_thread_counts_give_the_same_bits(fashion: netsuke.Model, int8: netsuke.Model, images: np.ndarray) -> None:
    for model in (fashion, int8):
        want = model.session(threads=1).run(images[:8])
        for threads in (0, 2, 3):
            np.testing.assert_array_equal(model.session(threads=threads).run(images[:8]), want)


def test_a_pool_of_the_callers(fashion: netsuke.Model, images: np.ndarray) -> None:
    seen: list[int] = []
    with ThreadPoolExecutor(3) as pool:

        def parallel_for(count: int, task: Any) -> None:
            seen.append(count)
            list(pool.map(task, range(count)))

        session = fashion.session(threads=3, parallel_for=parallel_for)
        np.testing.assert_array_equal(session.run(images[:16]), fashion.session().run(images[:16]))
    assert seen
    assert max(seen) <= 3


def test_a_pool_that_fails_is_reported_and_harmless(fashion: netsuke.Model, images: np.ndarray) -> None:
    def broken(count: int, task: Any) -> None:
        task(0)
        raise LookupError("no pool today")

    session = fashion.session(threads=2, parallel_for=broken)
    with pytest.raises(LookupError, match="no pool today"):
        session.run(images[:16])
    with pytest.raises(LookupError):
        session.run(images[:16])


def test_a_lazy_pool_is_made_up_for(fashion: netsuke.Model, images: np.ndarray) -> None:
    kept: list[Any] = []
    session = fashion.session(threads=2, parallel_for=lambda count, task: kept.append(task))
    np.testing.assert_array_equal(session.run(images[:16]), fashion.session().run(images[:16]))
    with pytest.raises(ValueError, match="has run"):
        kept[0](0)
    with pytest.raises(IndexError):
        kept[0](10**6)


def test_threads_of_python_may_share_a_session(fashion: netsuke.Model, images: np.ndarray) -> None:
    session = fashion.session()
    want = [session.run(images[index : index + 1 + index % 2]) for index in range(8)]
    wrong: list[int] = []

    def work(index: int) -> None:
        for _ in range(20):
            if not np.array_equal(session.run(images[index : index + 1 + index % 2]), want[index]):
                wrong.append(index)

    threads = [threading.Thread(target=work, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_running_lets_other_threads_run(fashion: netsuke.Model, images: np.ndarray) -> None:
    """While the library works, Python's other threads go on: a counter grows during one long run."""
    session = fashion.session()
    big = np.concatenate([images] * 2)
    session.run(big)
    ticks = 0
    stop = threading.Event()

    def count() -> None:
        nonlocal ticks
        while not stop.is_set():
            ticks += 1
            stop.wait(0.001)

    thread = threading.Thread(target=count)
    thread.start()
    before = ticks
    session.run(big)
    during = ticks - before
    stop.set()
    thread.join()
    assert during > 3


def test_the_profile_and_the_plan(fashion: netsuke.Model, images: np.ndarray) -> None:
    session = fashion.session(profile=True)
    with pytest.raises(netsuke.NotFoundError):
        _ = session.profile
    session.run(images[:1])
    profile, plan = session.profile, session.plan
    assert len(profile["steps"]) == len(plan["steps"]) >= 18
    assert all(step["median_ms"] >= 0 and step["kernel"] for step in profile["steps"])
    assert sum(step["macs"] for step in profile["steps"]) == plan["macs"] > 1_000_000
    with pytest.raises(netsuke.NotFoundError, match="profile"):
        _ = fashion.session().profile


def test_exact_sessions_sum_term_by_term(fashion: netsuke.Model, images: np.ndarray) -> None:
    exact, usual = fashion.session(exact=True), fashion.session()
    expected, found = exact.run(images[:4]), usual.run(images[:4])
    assert not any(step["kernel"].startswith("winograd") for step in exact.plan["steps"])
    assert np.abs(found - expected).max() <= 1e-3 * np.abs(expected).max()


def test_a_closed_session_does_not_run(fashion: netsuke.Model, images: np.ndarray) -> None:
    with fashion.session(threads=2) as session:
        session.run(images[:1])
    with pytest.raises(netsuke.Error, match="closed"):
        session.run(images[:1])
    session.close()
    assert "\n" not in repr(session)


@pytest.mark.parametrize("threads", [-1, 10**6])
def test_an_impossible_number_of_threads(fashion: netsuke.Model, threads: int) -> None:
    with pytest.raises(netsuke.InvalidArgumentError, match="thread"):
        fashion.session(threads=threads)


def test_a_session_outlives_its_model(linear_bytes: bytes) -> None:
    session = netsuke.load(linear_bytes).session()
    np.testing.assert_array_equal(session.run(np.zeros((2, 3), np.float32)), [B, B])
