"""The same answers as another engine."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

import netsuke
from conftest import INT8, PRUNED, SHARED, fashion_images

onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")


def other(source: str | bytes):
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 3
    session = onnxruntime.InferenceSession(source, settings, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda x: session.run(None, {name: x})[0]


def relative_error(got: np.ndarray, want: np.ndarray) -> float:
    return float(np.abs(got - want).max() / np.abs(want).max())


def test_float_networks_agree(fashion: netsuke.Model, fashion_path: Path, images: np.ndarray) -> None:
    # Two float32 engines differ by the order of their sums: far below 1e-4 of the largest output for 20 layers.
    assert relative_error(fashion.session().run(images[:100]), other(str(fashion_path))(images[:100])) <= 1e-4


def test_exported_pruned_networks_agree(fashion: netsuke.Model, images: np.ndarray) -> None:
    small = fashion.compress(PRUNED)
    assert relative_error(small.session().run(images[:20]), other(small.to_bytes("onnx"))(images[:20])) <= 1e-4


def test_exported_int8_networks_agree(int8: netsuke.Model) -> None:
    images, labels = fashion_images()
    ours, theirs = int8.session(threads=0).run(images), other(int8.to_bytes("onnx"))(images)
    # Engines round to codes in different places, which flips answers that are nearly tied.
    assert (ours.argmax(1) == theirs.argmax(1)).mean() >= 0.98
    assert abs((ours.argmax(1) == labels).mean() - (theirs.argmax(1) == labels).mean()) <= 0.01


PREPROCESSING = {
    "mobilenet_v1": (224, 1, lambda x: x / 127.5 - 1),
    "mobilenet_v2": (224, 0, lambda x: (x / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]),
    "squeezenet1.1": (227, 0, lambda x: x[..., ::-1] - [104.006, 116.669, 122.679]),
    "squeezenet1.0_deep_compressed": (227, 0, lambda x: x[..., ::-1] - [104, 117, 123.0]),
}


def photos(name: str, first: int, last: int) -> np.ndarray:
    from PIL import Image

    size, _, preprocess = PREPROCESSING[name]
    cut = (256 - size) // 2
    folder = SHARED / "data" / "imagenet"
    with (folder / "labels.csv").open() as file:
        rows = list(csv.DictReader(file))[first:last]
    pictures = [np.asarray(Image.open(folder / row["file"]).convert("RGB"))[cut : cut + size, cut : cut + size] for row in rows]
    return np.stack([preprocess(picture.astype(np.float64)).transpose(2, 0, 1) for picture in pictures]).astype(np.float32)


@pytest.mark.skipif(not (SHARED / "models").is_dir(), reason="the real networks are not beside this checkout")
@pytest.mark.parametrize("name", sorted(PREPROCESSING))
def test_real_networks_agree(name: str) -> None:
    path = SHARED / "models" / f"{name}.onnx"
    x = photos(name, 100, 104)
    session, rival = netsuke.load(path).session(threads=0), other(str(path))
    for index in range(len(x)):
        assert relative_error(session.run(x[index : index + 1]), rival(x[index : index + 1])) <= 1e-4


@pytest.mark.skipif(not (SHARED / "models").is_dir(), reason="the real networks are not beside this checkout")
@pytest.mark.parametrize("name", ["mobilenet_v2"])
def test_real_networks_survive_int8(name: str) -> None:
    path = SHARED / "models" / f"{name}.onnx"
    small = netsuke.load(path).compress(INT8, calibration=photos(name, 0, 16))
    assert len(small.to_bytes()) <= 0.27 * path.stat().st_size
    x = photos(name, 100, 140)
    session, rival = small.session(threads=0), other(str(path))
    agree = [session.run(one[None]).argmax() == rival(one[None]).argmax() for one in x]
    # The bar on 400 photos with 100 to calibrate is 96 %; 40 photos and 16 leave room for three more flips.
    assert np.mean(agree) >= 0.88
