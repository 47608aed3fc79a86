"""Loading, describing, copying and saving models."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import numpy as np
import pytest

import netsuke


def test_a_path_and_bytes_load_the_same_model(fashion_path: Path, images: np.ndarray) -> None:
    content = fashion_path.read_bytes()
    want = netsuke.load(fashion_path).session().run(images[:2])
    for source in (str(fashion_path), content, bytearray(content), memoryview(content)):
        np.testing.assert_array_equal(netsuke.load(source).session().run(images[:2]), want)


def test_values_say_name_type_and_shape(fashion: netsuke.Model) -> None:
    assert fashion.inputs == (netsuke.Value("image", "float32", ("N", 1, 28, 28)),)
    assert fashion.outputs == (netsuke.Value("logits", "float32", ("N", 10)),)
    assert str(fashion.inputs[0]) == "image: float32[N, 1, 28, 28]"


def test_the_representation_is_one_telling_line(fashion: netsuke.Model) -> None:
    text = repr(fashion)
    assert "\n" not in text
    assert "image: float32[N, 1, 28, 28]" in text
    assert "logits" in text


def test_the_description_counts(fashion: netsuke.Model) -> None:
    description = fashion.describe()
    weighty = [node for node in description["nodes"] if node.get("parameters")]
    assert len(weighty) == 18  # one stem, eight times depthwise and pointwise, one classifier
    assert description["parameters"] == sum(node["parameters"] for node in weighty)
    # 192 x 10 weights and 10 biases
    assert weighty[-1]["parameters"] == 1930
    assert weighty[-1]["macs"] == 1920


def test_the_pruning_groups_say_what_goes_together(fashion: netsuke.Model) -> None:
    groups = fashion.pruning_groups()
    # The stem, and three widths whose pointwise convolutions are tied by additions; depthwise ones belong to the layer before them. The
    # classes are the output.
    assert [group["channels"] for group in groups] == [16, 48, 96, 192, 10]
    assert [len(group["layers"]) for group in groups] == [1, 2, 3, 3, 1]
    assert [group["removable"] > 0 for group in groups] == [True] * 4 + [False]
    assert "output" in groups[-1]["reasons"][0]
    assert groups[0]["readers"] == groups[1]["layers"][:1]
    assert {tensor["positions"] for tensor in groups[0]["tensors"]} == {groups[0]["channels"]}
    assert all(tensor["places"] == [[0, 0, 16, 1]] for tensor in groups[0]["tensors"])


def test_the_groups_of_layers_that_share_a_bias(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    helper, random = onnx.helper, np.random.default_rng(3)
    arrays = {"b": np.zeros(4, np.float32)}
    nodes = []
    for index, (source, channels) in enumerate((("x", 3), ("y0", 4), ("y1", 4))):
        arrays[f"w{index}"] = random.standard_normal((4, channels, 1, 1)).astype(np.float32)
        nodes.append(helper.make_node("Conv", [source, f"w{index}", "b"], [f"y{index}"], name=f"conv{index}"))
    graph = helper.make_graph(
        nodes,
        "shared",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1, 3, 2, 2])],
        [helper.make_tensor_value_info("y2", onnx.TensorProto.FLOAT, [1, 4, 2, 2])],
        [onnx.numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), tmp_path / "shared.onnx")
    model = netsuke.load(tmp_path / "shared.onnx")
    assert [group["removable"] for group in model.pruning_groups()] == [4, 4, 0]
    small = model.compress({"steps": [{"method": "prune.channels", "remove": {"conv0": [0, 2], "conv1": [3]}}]})
    assert [group["channels"] for group in small.pruning_groups()] == [2, 3, 4]


def test_listed_channels_go(fashion: netsuke.Model, images: np.ndarray) -> None:
    group = fashion.pruning_groups()[1]
    small = fashion.compress({"steps": [{"method": "prune.channels", "remove": {group["name"]: [3, 1, 40]}}]})
    assert [g["channels"] for g in small.pruning_groups()] == [16, 45, 96, 192, 10]
    assert small.report is not None
    assert small.report.removed == [{"step": "steps[0]", "group": group["name"], "channels": 48, "removed": [1, 3, 40]}]
    assert small.session().run(images[:2]).shape == (2, 10)
    with pytest.raises(netsuke.Error, match="no channel 48"):
        fashion.compress({"steps": [{"method": "prune.channels", "remove": {group["name"]: [48]}}]})


@pytest.mark.parametrize("again", [lambda m: pickle.loads(pickle.dumps(m)), copy.copy, copy.deepcopy])
def test_copies_run_alike(again, int8: netsuke.Model, images: np.ndarray) -> None:
    np.testing.assert_array_equal(again(int8).session().run(images[:3]), int8.session().run(images[:3]))


@pytest.mark.parametrize("extension", ["nsk", "onnx"])
def test_a_saved_model_runs_alike(extension: str, fashion: netsuke.Model, images: np.ndarray, tmp_path: Path) -> None:
    path = tmp_path / f"net.{extension}"
    fashion.save(path)
    np.testing.assert_array_equal(netsuke.load(path).session().run(images[:2]), fashion.session().run(images[:2]))
    assert netsuke.load(fashion.to_bytes(extension)).inputs == fashion.inputs


def test_the_report_travels_with_the_file(int8: netsuke.Model) -> None:
    again = netsuke.load(int8.to_bytes())
    assert again.report is not None
    assert int8.report is not None
    assert again.report.to_dict() == int8.report.to_dict()


def test_a_plain_model_has_no_report(fashion: netsuke.Model) -> None:
    assert fashion.report is None


def test_a_failed_save_leaves_the_old_file(fashion: netsuke.Model, tmp_path: Path) -> None:
    path = tmp_path / "net.h5"
    path.write_text("old")
    with pytest.raises(netsuke.Error, match="nsk"):
        fashion.save(path)
    assert path.read_text() == "old"
    with pytest.raises(netsuke.Error):
        fashion.save(tmp_path / "no such folder" / "net.nsk")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        netsuke.load(tmp_path / "none.onnx")
    assert isinstance(caught.value, netsuke.Error)
    assert caught.value.status == netsuke.Status.NOT_FOUND
    assert "none.onnx" in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"\0" * 100, b"netsuke", b"\x08\x09garbage that is no model"])
def test_bytes_that_are_no_model(content: bytes) -> None:
    with pytest.raises(netsuke.Error) as caught:
        netsuke.load(content)
    assert caught.value.status in (netsuke.Status.MALFORMED_FILE, netsuke.Status.UNSUPPORTED)


def test_a_truncated_file(fashion: netsuke.Model) -> None:
    content = fashion.to_bytes()
    for length in (1, 8, 63, 64, len(content) // 2, len(content) - 1):
        with pytest.raises(netsuke.Error) as caught:
            netsuke.load(content[:length])
        assert caught.value.status == netsuke.Status.MALFORMED_FILE


def test_unsupported_operators_are_named() -> None:
    from onnx import TensorProto, helper

    from conftest import onnx_bytes

    node = helper.make_node("Det", ["x"], ["y"], name="determinant")
    content = onnx_bytes([node], [("x", TensorProto.FLOAT, [3, 3])], [("y", TensorProto.FLOAT, [])])
    with pytest.raises(netsuke.UnsupportedError, match="Det") as caught:
        netsuke.load(content)
    assert "determinant" in str(caught.value)


@pytest.mark.parametrize("wrong", [3, None, ["net.onnx"]])
def test_what_is_no_source(wrong: object) -> None:
    with pytest.raises(TypeError):
        netsuke.load(wrong)  # type: ignore[arg-type]


def test_a_model_is_made_by_load() -> None:
    with pytest.raises(TypeError, match="load"):
        netsuke.Model("net.onnx")  # type: ignore[arg-type]


def test_an_unknown_format(fashion: netsuke.Model) -> None:
    with pytest.raises(ValueError, match="onnx"):
        fashion.to_bytes("h5")


def test_zeros_of_a_loaded_network_take_no_room_in_its_file(fashion: netsuke.Model, tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    fashion.save(tmp_path / "dense.onnx")
    network = onnx.load(tmp_path / "dense.onnx")
    for tensor in network.graph.initializer:
        values = onnx.numpy_helper.to_array(tensor).copy()
        if values.ndim in (2, 4) and values.size > 1000:
            values.reshape(-1)[np.arange(values.size) % 10 != 0] = 0
            tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))
    onnx.save(network, tmp_path / "zeros.onnx")
    model = netsuke.load(tmp_path / "zeros.onnx")
    model.save(tmp_path / "zeros.nsk")
    # A tenth of the weights, a bit for each, and what is small.
    assert (tmp_path / "zeros.nsk").stat().st_size < 0.25 * (tmp_path / "zeros.onnx").stat().st_size
    x = np.ones((1, 1, 28, 28), np.float32)
    np.testing.assert_array_equal(netsuke.load(tmp_path / "zeros.nsk").session().run(x), model.session().run(x))
