"""Compressing: recipes, calibration data, progress, cancelling, reports."""

from __future__ import annotations

import json
import signal
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import netsuke
from conftest import INT8, PRUNED, fashion_images


def accuracy(model: netsuke.Model, images: np.ndarray, labels: np.ndarray) -> float:
    return float((model.session(threads=0).run(images).argmax(1) == labels).mean())


def test_int8_keeps_the_accuracy_and_shrinks_the_file(fashion: netsuke.Model, int8: netsuke.Model, fashion_path: Path) -> None:
    images, labels = fashion_images()
    assert accuracy(fashion, images, labels) - accuracy(int8, images, labels) <= 0.01
    # 131,000 parameters at one byte each, scales and tables; the .onnx has four bytes each.
    assert len(int8.to_bytes()) <= 0.4 * fashion_path.stat().st_size


def test_pruning_leaves_the_zeros_out(fashion: netsuke.Model) -> None:
    small = fashion.compress(PRUNED)
    assert small.report is not None
    assert small.report.total["zeros_after"] >= 0.7
    # A fifth of four bytes and a bit of bitmap for each weight, and tables.
    assert len(small.to_bytes()) <= 0.35 * len(fashion.to_bytes())


def test_a_recipe_may_be_given_in_every_form(fashion: netsuke.Model, tmp_path: Path) -> None:
    path = tmp_path / "recipe.json"
    path.write_text(json.dumps(PRUNED))
    want = fashion.compress(PRUNED).session().run(np.zeros((1, 1, 28, 28), np.float32))
    for recipe in (json.dumps(PRUNED), path, str(path), "prune80"):
        got = fashion.compress(recipe).session().run(np.zeros((1, 1, 28, 28), np.float32))
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize(
    ("recipe", "word"),
    [
        ({"steps": [{"method": "prune.magnitud", "sparsity": 0.8}]}, "magnitud"),
        ({"steps": [{"method": "prune.magnitude", "sparsity": 1.5}]}, "sparsity"),
        ({"steps": [{"method": "prune.magnitude", "sparcity": 0.5}]}, "sparcity"),
        ({"stepz": []}, "stepz"),
        ({}, "steps"),
        ("no-such-recipe", "no-such-recipe"),
        ('{"steps": [', "JSON"),
        ({"steps": [{"method": "prune.magnitude", "sparsity": float("nan")}]}, "JSON"),
    ],
)
def test_a_wrong_recipe_is_named(fashion: netsuke.Model, recipe: Any, word: str) -> None:
    with pytest.raises(netsuke.Error, match=word) as caught:
        fashion.compress(recipe)
    assert caught.value.status == netsuke.Status.RECIPE
    assert isinstance(caught.value, ValueError)


def test_a_recipe_of_a_wrong_kind(fashion: netsuke.Model, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="recipe"):
        fashion.compress(3)  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError):
        fashion.compress(tmp_path / "none.json")


def test_recipes_and_methods_are_listed(fashion: netsuke.Model) -> None:
    assert "int8" in netsuke.recipes()
    for name in netsuke.recipes():
        assert netsuke.recipe(name)["steps"]
    assert {"prune.magnitude", "quantize.affine"} <= {method["name"] for method in netsuke.methods()}
    with pytest.raises(netsuke.NotFoundError, match="int8"):
        netsuke.recipe("none")


class Samples:
    """What people call a Dataset: a length, and samples by index without a batch axis."""

    def __init__(self, x: np.ndarray) -> None:
        self.x = x

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: int) -> np.ndarray:
        return self.x[index]


def test_calibration_may_be_given_in_every_form(fashion: netsuke.Model, calibration: np.ndarray, images: np.ndarray) -> None:
    x = calibration[:8]
    want = fashion.compress(INT8, calibration=x).session().run(images[:4])
    forms: list[Any] = [
        {"image": x},
        list(x),
        [x[i : i + 1] for i in range(8)],
        (x[i] for i in range(8)),
        Samples(x),
        [{"image": row} for row in x],
        [(row,) for row in x],
        x.astype(np.float64),
    ]
    for form in forms:
        np.testing.assert_array_equal(fashion.compress(INT8, calibration=form).session().run(images[:4]), want)


@pytest.mark.parametrize(
    ("wrong", "kind", "word"),
    [
        (None, netsuke.Error, "calibrat"),
        (np.zeros((0, 1, 28, 28), np.float32), ValueError, "empty"),
        (np.zeros((4, 28, 28), np.float32), ValueError, "dimensions"),
        (np.zeros((4, 1, 27, 28), np.float32), netsuke.Error, "27"),
        ({"picture": np.zeros((4, 1, 28, 28), np.float32)}, ValueError, "image"),
        (3, TypeError, "calibration"),
        ([np.zeros((1, 28, 28), complex)], TypeError, "complex"),
        ([(1, 2)], ValueError, "2 arrays"),
        (np.full((2, 1, 28, 28), np.nan, np.float32), netsuke.Error, "finite"),
    ],
)
def test_calibration_that_does_not_fit(fashion: netsuke.Model, wrong: Any, kind: type[Exception], word: str) -> None:
    with pytest.raises(kind, match=word):
        fashion.compress(INT8, calibration=wrong)


def test_exceptions_of_the_data_come_through(fashion: netsuke.Model, calibration: np.ndarray) -> None:
    class Broken(Samples):
        def __getitem__(self, index: int) -> np.ndarray:
            if index == 3:
                raise KeyError("the disk is gone")
            return super().__getitem__(index)

    with pytest.raises(KeyError, match="the disk is gone"):
        fashion.compress(INT8, calibration=Broken(calibration[:8]))


def test_progress_is_told_and_may_cancel(fashion: netsuke.Model, calibration: np.ndarray) -> None:
    calls: list[tuple[str, int, int]] = []
    fashion.compress(INT8, calibration=calibration[:8], progress=lambda *call: calls.append(call))
    assert calls
    assert all(isinstance(phase, str) and 0 <= done <= total for phase, done, total in calls)
    with pytest.raises(netsuke.Cancelled):
        fashion.compress(INT8, calibration=calibration[:8], progress=lambda *call: False)
    with pytest.raises(TypeError, match="progress"):
        fashion.compress(PRUNED, progress="yes")  # type: ignore[arg-type]


def test_exceptions_of_progress_come_through(fashion: netsuke.Model, calibration: np.ndarray) -> None:
    def broken(phase: str, done: int, total: int) -> None:
        raise ZeroDivisionError(phase)

    with pytest.raises(ZeroDivisionError):
        fashion.compress(INT8, calibration=calibration[:8], progress=broken)


def test_the_bar_goes_to_standard_error(fashion: netsuke.Model, capfd: pytest.CaptureFixture[str]) -> None:
    fashion.compress(PRUNED, progress=True)
    assert capfd.readouterr().out == ""


def test_interrupting_works(fashion: netsuke.Model, calibration: np.ndarray) -> None:
    """Ctrl-C while the library works, with nothing of Python's running that would notice it."""
    data = np.concatenate([calibration] * 40)
    # Shells have what they start in the background ignore Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.1, signal.raise_signal, [signal.SIGINT])
    try:
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            fashion.compress(INT8, calibration=data)
        timer.join()
    finally:
        signal.signal(signal.SIGINT, before)


def test_compressing_in_another_thread(fashion: netsuke.Model, calibration: np.ndarray) -> None:
    results: list[netsuke.Model] = []
    thread = threading.Thread(target=lambda: results.append(fashion.compress(INT8, calibration=calibration[:4])))
    thread.start()
    thread.join()
    assert results


def test_the_report_has_its_figures(int8: netsuke.Model) -> None:
    report = int8.report
    assert report is not None
    assert report.total["bytes_after"] == len(int8.to_bytes())
    assert json.loads(report.to_json()) == report.to_dict()
    assert len(report.layers) == 18
    for layer in report.layers:
        assert {"name", "operator", "format", "bytes_before", "bytes_after", "macs", "ms_before", "ms_after", "snr_db"} <= set(layer)
    assert report["samples"] == 64


def test_the_report_prints_as_a_table(int8: netsuke.Model) -> None:
    report = int8.report
    text = str(report)
    assert "in all" in text
    assert all(layer["name"] in text for layer in report.layers)
    assert "\n" not in repr(report)
    page = report._repr_html_()
    assert page.count("<tr>") == 1 + len(report.layers) + 1
    assert "<script" not in page


def test_names_in_html_are_escaped() -> None:
    total = {"bytes_before": 1, "bytes_after": 1, "zeros_after": 0.0}
    report = netsuke.Report({"model": "<b>", "total": total, "layers": [{"name": "<script>", **total}]})
    assert "<script>" not in report._repr_html_()
    assert "&lt;b&gt;" in report._repr_html_()


@pytest.mark.parametrize("name", ["calibration.npz", Path("calibration.npz")])
def test_names_of_files_are_no_calibration_data(fashion: netsuke.Model, name: str | Path) -> None:
    with pytest.raises(TypeError, match="load it first"):
        fashion.compress("int8", calibration=name)


@pytest.mark.parametrize(("name", "share"), [("resnet20", 0.6), ("resnet56", 0.6), ("shufflenet_v2", 0.4)])
@pytest.mark.parametrize("key", ["macs", "bytes"])
def test_targets_are_met_where_channels_go_together(name: str, share: float, key: str) -> None:
    """Channels that are padded, shuffled or added cost unequally; what is left is counted, not estimated."""
    model = netsuke.architectures.create(name, **({} if name.startswith("resnet") else {"width": 0.5, "resolution": 64}))
    small = model.compress({"steps": [{"method": "prune.channels", f"target_{key}": share}]}, threads=1)
    found, before = small.describe(), model.describe()
    assert found[key] <= share * before[key] * 1.002
    total = small.report.total
    assert total["macs"] == before["macs"]
    assert total["macs_after"] == found["macs"]
    assert total["parameters_after"] < total["parameters"]


def test_an_empty_list_removes_nothing() -> None:
    model = netsuke.architectures.create("resnet8")
    small = model.compress({"steps": [{"method": "prune.channels", "remove": {}}]}, threads=1)
    assert small.describe()["macs"] == model.describe()["macs"]
