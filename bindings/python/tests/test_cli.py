"""The command line, as people and scripts call it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

import netsuke
from conftest import FASHION, INT8
from netsuke.cli.output import table

NET = str(FASHION / "fashion.onnx")
TEST = str(FASHION / "fashion-test.npz")
CALIBRATION = str(FASHION / "fashion-calibration.npz")
PIXELS = ["--scale", "1/255"]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "netsuke", *arguments], capture_output=True, text=True, check=False, timeout=300)


def answer(*arguments: str) -> dict[str, Any]:
    done = run(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 1
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, int8: netsuke.Model) -> str:
    path = tmp_path_factory.mktemp("cli") / "small.nsk"
    int8.save(path)
    return str(path)


@pytest.mark.parametrize("command", ["inspect", "compress", "evaluate", "bench", "export", "recipes", "create", "architectures"])
def test_help_teaches(command: str) -> None:
    done = run(command, "--help")
    assert done.returncode == 0
    assert f"netsuke {command}" in done.stdout
    assert "examples:" in done.stdout


def test_the_whole_helps_and_has_a_version() -> None:
    assert run("--help").stdout.count("netsuke") > 5
    assert run("--version").stdout.strip() == f"netsuke {netsuke.__version__}"
    assert run().returncode == 2
    assert run("carve").returncode == 2


def test_the_console_script_is_installed() -> None:
    script = Path(sys.executable).with_name("netsuke")
    done = subprocess.run([str(script), "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"netsuke {netsuke.__version__}"


def test_inspect() -> None:
    found = answer("inspect", NET)
    assert found["file_bytes"] == Path(NET).stat().st_size
    assert found["inputs"][0]["name"] == "image"
    assert found["macs"] > 1_000_000
    assert found["report"] is None
    text = run("inspect", NET).stdout
    assert "image: float32[N, 1, 28, 28]" in text
    assert "in all" in text


def test_inspect_shows_the_plan() -> None:
    steps = answer("inspect", NET, "--plan")["plan"]["steps"]
    assert any("gemm" in (step["why"] or "") for step in steps)
    assert "estimated ms" in run("inspect", NET, "--plan").stdout
    exact = answer("inspect", NET, "--plan", "--exact")["plan"]["steps"]
    assert not any(step["kernel"].startswith("winograd") for step in exact)


def test_inspect_shows_the_groups() -> None:
    groups = answer("inspect", NET, "--groups")["groups"]
    assert groups[-1]["removable"] == 0
    text = run("inspect", NET, "--groups").stdout
    assert "an output of the graph" in text
    assert groups[0]["name"] in text


def test_inspect_shows_the_report(small: str) -> None:
    assert answer("inspect", small)["report"]["total"]["bytes_after"] == Path(small).stat().st_size
    assert "SNR" in run("inspect", small, "--report").stdout


def test_compress(tmp_path: Path) -> None:
    output, report = tmp_path / "small.nsk", tmp_path / "report.json"
    data = ["--data", CALIBRATION, "--limit", "16", *PIXELS]
    found = answer("compress", NET, str(output), "--recipe", json.dumps(INT8), "--report", str(report), *data)
    assert found["bytes"] == output.stat().st_size < 0.4 * Path(NET).stat().st_size
    assert found["report"]["samples"] == 16
    assert json.loads(report.read_text()) == found["report"]
    done = run("compress", NET, str(tmp_path / "other.nsk"), "--recipe", "prune80", "--quiet")
    assert done.returncode == 0, done.stderr
    assert "times smaller" in done.stdout
    assert done.stderr == ""


def test_evaluate(small: str) -> None:
    found = answer("evaluate", small, "--against", NET, "--data", TEST, "--limit", "300", *PIXELS)
    assert found["samples"] == 300
    ours, theirs = found["models"]
    assert ours["top1"] > 0.8
    assert ours["top5"] > 0.98
    assert ours["agreement"] > 0.95
    assert theirs["agreement"] == 1.0
    assert "first answer right" in run("evaluate", small, "--data", TEST, "--limit", "20", *PIXELS).stdout


def test_evaluate_reads_arrays_without_labels(small: str, images: np.ndarray, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", images[:10])
    found = answer("evaluate", small, "--data", str(tmp_path / "x.npy"), "--against", NET)
    assert found["models"][0]["top1"] is None
    assert found["models"][0]["agreement"] >= 0.8
    np.save(tmp_path / "y.npy", np.zeros(10, np.int64))
    found = answer("evaluate", small, "--data", str(tmp_path / "x.npy"), "--labels", str(tmp_path / "y.npy"))
    assert 0 <= found["models"][0]["top1"] <= 1


def test_evaluate_reads_pictures(small: str, tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    with np.load(TEST) as content:
        pictures, labels = content["images"][:20], content["labels"][:20]
    for index, picture in enumerate(pictures):
        image.fromarray(np.repeat(picture[..., None], 3, axis=2)).save(tmp_path / f"{index}.png")
    (tmp_path / "labels.csv").write_text("file,class\n" + "".join(f"{i}.png,{label}\n" for i, label in enumerate(labels)))
    done = run("evaluate", small, "--data", str(tmp_path), *PIXELS)
    assert done.returncode == 1  # three channels where the network has one
    assert "channel" in done.stderr or "shape" in done.stderr


def test_bench(small: str) -> None:
    found = answer("bench", small, "--against", NET, "--rounds", "2")
    assert [row["name"] for row in found["results"]] == [small, NET]
    assert all(row["median_ms"] >= row["least_ms"] > 0 for row in found["results"])
    assert len(found["layers"]) >= 18
    assert "GFLOP/s" in run("bench", small, "--rounds", "1").stdout


def test_bench_against_another_engine() -> None:
    pytest.importorskip("onnxruntime")
    names = [row["name"] for row in answer("bench", NET, "--onnxruntime", "--rounds", "1")["results"]]
    assert names == [NET, "onnxruntime"]


def test_plots(small: str, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    for command in (["bench", small, "--rounds", "1"], ["inspect", small]):
        picture = tmp_path / f"{command[0]}.png"
        done = run(*command, "--plot", str(picture))
        assert done.returncode == 0, done.stderr
        assert picture.read_bytes().startswith(b"\x89PNG")


def test_compress_plots_the_noise(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    picture = tmp_path / "layers.png"
    recipe = json.dumps({"steps": [{"method": "quantize.affine", "weights": 4, "rounding": "nearest"}]})
    data = ["--data", CALIBRATION, "--limit", "8", *PIXELS]
    done = run("compress", NET, str(tmp_path / "four.nsk"), "--recipe", recipe, "--plot", str(picture), *data)
    assert done.returncode == 0, done.stderr
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_export(small: str, tmp_path: Path, images: np.ndarray) -> None:
    path = tmp_path / "small.onnx"
    assert answer("export", small, str(path))["bytes"] == path.stat().st_size
    np.testing.assert_array_equal(
        netsuke.load(path).session().run(images[:2]).argmax(1), netsuke.load(small).session().run(images[:2]).argmax(1)
    )


def test_networks_are_created(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    found = answer("create", "mobilenet_v2", "--width", "0.5", "--classes", "10", "--seed", "7", "-o", str(path))
    assert found["bytes"] == path.stat().st_size
    assert netsuke.load(path).outputs[0].shape == ("N", 10)
    again = tmp_path / "net.nsk"
    assert "parameters" in run("create", "lenet_5", "--output", str(again)).stdout
    assert netsuke.load(again).describe()["parameters"] == 431_080


def test_architectures() -> None:
    assert [entry["name"] for entry in answer("architectures")["architectures"]] == netsuke.architectures.names()
    assert {option["key"] for option in answer("architectures", "shufflenet_v1")["options"]} >= {"groups", "width", "seed"}
    assert "mobilenet_v2" in run("architectures").stdout
    assert "1, 2, 3, 4, 8" in run("architectures", "shufflenet_v1").stdout


def test_recipes() -> None:
    assert {entry["name"] for entry in answer("recipes")["recipes"]} == set(netsuke.recipes())
    assert answer("recipes", "int8")["steps"]
    text = run("recipes", "--methods").stdout
    assert "prune.magnitude" in text
    assert "sparsity" in text


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["inspect", "none.onnx"], "none.onnx"),
        (["inspect", __file__], "malformed"),
        (["compress", NET, "x.nsk", "--recipe", "no-such"], "no-such"),
        (["compress", NET, "x.nsk", "--recipe", "int8"], "calibrat"),
        (["compress", NET, "/no such folder/x.nsk", "--recipe", "prune80", "-q"], "no such folder"),
        (["evaluate", NET, "--data", "none.npz"], "none.npz"),
        (["evaluate", NET, "--data", TEST, "--skip", "99999"], "no sample"),
        (["bench", NET, "--shape", "1,2,3,4"], "shape"),
        (["export", NET, "net.h5"], "nsk"),
        (["export", NET, NET], "another file"),
        (["compress", NET, NET, "--recipe", "prune80", "-q"], "another file"),
        (["compress", NET, "x.nsk", "--recipe", "int8", "--data", __file__], "npz"),
        (["compress", NET, "x.nsk", "--recipe", "none.json"], "none.json: No such file"),
        (["recipes", "none"], "none"),
        (["architectures", "none"], "mobilenet_v2"),
        (["create", "none", "-o", "x.nsk"], "mobilenet_v2"),
        (["create", "resnet8", "-o", "x.h5"], "nsk"),
        (["create", "resnet8", "--width", "nan", "-o", "x.nsk"], "finite"),
        (["create", "resnet8", "--groups", "2", "-o", "x.nsk"], "groups"),
    ],
)
def test_errors_are_one_line(arguments: list[str], word: str) -> None:
    done = run(*arguments)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("netsuke: ")
    assert done.stderr.count("\n") == 1
    assert word in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["bench", NET, "--shape", "abc"],
        ["bench", NET, "--batch", "0"],
        ["bench", NET, "--rounds", "0"],
        ["create", "resnet8", "-o", "x.nsk", "--classes", "ten"],
        ["evaluate", NET, "--data", TEST, "--limit", "0"],
        ["evaluate", NET, "--data", TEST, "--skip", "-1"],
        ["evaluate", NET, "--data", TEST, "--std", "1,0"],
    ],
)
def test_impossible_numbers_are_wrong_command_lines(arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert arguments[-2] in done.stderr.splitlines()[-1]


def test_data_that_is_none_is_said_to_be(tmp_path: Path) -> None:
    number, empty, unlabelled = tmp_path / "number.npy", tmp_path / "empty.npy", tmp_path / "unlabelled.npy"
    np.save(number, np.float32(2))
    empty.write_bytes(b"")
    np.save(unlabelled, np.zeros((2, 1, 28, 28), np.float32))
    for path, word in ((number, "one number"), (empty, "neither"), (unlabelled, "no labels")):
        done = run("evaluate", NET, "--data", str(path))
        assert done.returncode == 1
        assert word in done.stderr
        assert done.stderr.count("\n") == 1


def test_layers_of_a_quantized_model_are_those_with_weights(small: str) -> None:
    assert "QuantizeLinear" not in run("inspect", small).stdout
    assert "QuantizeLinear" in run("inspect", small, "--all").stdout


@pytest.mark.parametrize("columns", [60, 90, 400])
def test_tables_fit_the_terminal(columns: int) -> None:
    rows = [["/a/layer/of/a/network/Conv", "Conv + Relu + QuantizeLinear", "1,234,567"]]
    fitted = table("", ["layer", "operators", "MACs"], rows, texts=2, optional=[1])
    console = Console(file=io.StringIO(), width=columns)
    console.print(fitted)
    text = console.file.getvalue()
    assert rows[0][0] in text
    assert rows[0][2] in text
    assert (rows[0][1] in text) == (columns > 60)


def test_a_reader_that_goes_away_is_no_drama() -> None:
    done = subprocess.run(
        f"'{sys.executable}' -m netsuke inspect '{NET}' --all | head -n 1", shell=True, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr
