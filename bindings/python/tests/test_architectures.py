"""Networks built by name: options, figures, and the same numbers in another engine."""

from __future__ import annotations

import inspect
import json

import numpy as np
import onnx
import pytest

import netsuke
from netsuke import architectures

# Small enough to run in moments; every network is here.
SMALL: dict[str, dict[str, float]] = {
    "lenet_300_100": {},
    "lenet_5": {},
    "alexnet": {"resolution": 67, "classes": 10},
    "alexnet_one_tower": {"resolution": 63, "classes": 10},
    "vgg16": {"resolution": 32, "width": 0.25},
    "squeezenet1_0": {"resolution": 67},
    "squeezenet1_1": {"resolution": 67},
    "mobilenet_v1": {"resolution": 96, "width": 0.5},
    "mobilenet_v2": {"resolution": 96},
    "xception": {"resolution": 71, "classes": 10},
    "shufflenet_v1": {"resolution": 96, "groups": 8},
    "shufflenet_v2": {"resolution": 96, "width": 1.5},
    "effnet": {},
    "resnet8": {},
    "resnet20": {},
    "resnet56": {},
    "resnet18": {"resolution": 64},
    "resnet50": {"resolution": 64, "width": 0.5},
}


def test_every_network_has_a_function_with_the_librarys_defaults() -> None:
    assert set(SMALL) == set(architectures.names())
    for name in architectures.names():
        parameters = inspect.signature(getattr(architectures, name)).parameters
        described = {option["key"]: option["default"] for option in architectures.describe(name)["options"]}
        assert {key: parameter.default for key, parameter in parameters.items()} == described
        assert inspect.getdoc(getattr(architectures, name))


@pytest.mark.parametrize(("name", "parameters", "macs"), [("mobilenet_v2", 3_504_872, 300_774_272), ("effnet", 151_146, 5_640_192)])
def test_figures(name: str, parameters: int, macs: int) -> None:
    description = getattr(architectures, name)().describe()
    assert (description["parameters"], description["macs"]) == (parameters, macs)
    assert description["inputs"][0]["name"] == "input"
    assert description["outputs"][0]["name"] == "output"


def test_the_same_seed_gives_the_same_file() -> None:
    first = architectures.resnet8(seed=5).to_bytes("onnx")
    assert architectures.create("resnet8", seed=5).to_bytes("onnx") == first
    assert architectures.resnet8(seed=6).to_bytes("onnx") != first


@pytest.mark.parametrize("name", list(SMALL))
def test_exports_give_the_same_numbers_in_another_engine(name: str) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    model = architectures.create(name, **SMALL[name])
    exported = model.to_bytes("onnx")
    onnx.checker.check_model(onnx.load_from_string(exported), full_check=True)
    shape = [2, *(int(extent) for extent in model.inputs[0].shape[1:])]
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    want = onnxruntime.InferenceSession(exported, providers=["CPUExecutionProvider"]).run(None, {"input": x})[0]
    for mine in (model, netsuke.load(exported)):
        assert np.abs(mine.session().run(x) - want).max() <= 1e-4 * np.abs(want).max()


@pytest.mark.parametrize(
    ("name", "options", "word"),
    [
        ("mobilenet_v2", {"width": 0}, "width"),
        ("mobilenet_v2", {"width": -1.0}, "width"),
        ("mobilenet_v2", {"width": float("nan")}, "finite"),
        ("mobilenet_v2", {"width": float("inf")}, "finite"),
        ("mobilenet_v2", {"width": 1e300}, "width"),
        ("mobilenet_v2", {"classes": 0}, "classes"),
        ("mobilenet_v2", {"classes": 10**30}, "classes"),
        ("mobilenet_v2", {"seed": -1}, "seed"),
        ("mobilenet_v2", {"groups": 2}, "groups"),
        ("shufflenet_v1", {"groups": 5}, "groups"),
        ("shufflenet_v2", {"width": 0.75}, "width"),
        ("effnet", {"resolution": 32.5}, "resolution"),
        ("vgg16", {"resolution": 2048}, "parameters"),
        ("resnet50", {"resolution": 10**9}, "resolution"),
    ],
)
def test_impossible_options_are_named(name: str, options: dict[str, float], word: str) -> None:
    with pytest.raises(netsuke.InvalidArgumentError, match=word):
        architectures.create(name, **options)


def test_what_is_no_number_and_no_network() -> None:
    with pytest.raises(TypeError, match="width"):
        architectures.create("mobilenet_v2", width="1")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="seed"):
        architectures.create("mobilenet_v2", seed=True)
    with pytest.raises(netsuke.NotFoundError, match="mobilenet_v1"):
        architectures.create("mobilenet")
    with pytest.raises(netsuke.NotFoundError):
        architectures.describe("mobilenet")


def test_numpy_numbers_are_numbers() -> None:
    model = architectures.create("lenet_5", classes=np.int64(7), seed=np.uint8(1))
    assert model.outputs[0].shape == ("N", 7)
    assert json.loads(json.dumps(architectures.describe("lenet_5")))["name"] == "lenet_5"


def test_a_built_network_is_compressed() -> None:
    model = architectures.shufflenet_v2(width=0.5, resolution=64)
    small = model.compress("weights-int8")
    assert len(small.to_bytes()) * 3 < len(model.to_bytes())
