"""Data for calibration and evaluation: .npz, .npy, or a folder of pictures with labels.csv, made into what a network takes."""

from __future__ import annotations

import argparse
import csv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .._model import Value

if TYPE_CHECKING:
    from numpy.typing import NDArray

PICTURES = {".jpg", ".jpeg", ".png", ".bmp", ".webp", ".ppm", ".pgm"}

PREPROCESSING = """\
Preprocessing gives (pixel * scale - mean) / std for each channel. Networks of torchvision take
  --size 224 --scale 1/255 --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225
Arrays of floats are taken as they are, arrays of whole numbers and pictures are preprocessed.
"""


def number(text: str) -> float:
    """0.5 or 1/255."""
    top, _, bottom = text.partition("/")
    if bottom and float(bottom) == 0:
        raise argparse.ArgumentTypeError("nothing can be divided by 0")
    return float(top) / float(bottom) if bottom else float(top)


def numbers(text: str) -> list[float]:
    """A list such as 0.485,0.456,0.406."""
    return [number(part) for part in text.split(",")]


def divisors(text: str) -> list[float]:
    """As `numbers`, and none of them zero."""
    found = numbers(text)
    if 0 in found:
        raise argparse.ArgumentTypeError("nothing can be divided by 0")
    return found


def whole(text: str) -> int:
    """0, 1, 2 …"""
    if (found := int(text)) < 0:
        raise argparse.ArgumentTypeError(f"{found} is negative")
    return found


def positive(text: str) -> int:
    """1, 2, 3 …"""
    if (found := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"{found} is less than 1")
    return found


def add_arguments(parser: argparse.ArgumentParser, required: bool) -> None:
    """The options that say what data to read and how to make it fit."""
    group = parser.add_argument_group("data")
    group.add_argument(
        "--data",
        type=Path,
        required=required,
        metavar="PATH",
        help=".npz (images, labels), .npy, or a folder of pictures with labels.csv (file, class)",
    )
    group.add_argument("--labels", type=Path, metavar="FILE", help="labels apart from the data: .npy, or .csv for a folder")
    group.add_argument("--skip", type=whole, default=0, metavar="N", help="leave out the first N samples")
    group.add_argument("--limit", type=positive, metavar="N", help="take N samples at most")
    group.add_argument("--size", type=positive, metavar="PIXELS", help="pictures: scale the short side if smaller, cut a centred square")
    group.add_argument("--scale", type=number, metavar="S", help="factor on pixels, such as 1/255 (default 1)")
    group.add_argument("--mean", type=numbers, metavar="M,M,M", help="subtracted after scaling, one number or one a channel")
    group.add_argument("--std", type=divisors, metavar="S,S,S", help="divided by, one number or one a channel")
    group.add_argument("--bgr", action="store_true", help="blue, green, red instead of red, green, blue")
    group.add_argument("--layout", choices=["nchw", "nhwc"], default="nchw", help="where the network has its channels (default nchw)")


@dataclass
class Dataset:
    """Samples, read when they are asked for, each without a batch axis; labels where there are some."""

    options: argparse.Namespace
    value: Value
    items: Any  # an array, or a list of paths
    labels: NDArray[np.int64] | None

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> NDArray[Any]:
        item = self.items[index]
        if isinstance(item, Path):
            return self._preprocessed(_picture(item, self.options.size))
        array = np.asarray(item)
        return self._preprocessed(array) if array.dtype.kind in "iu" and self.value.dtype.startswith("float") else array

    def __iter__(self) -> Iterator[NDArray[Any]]:
        return (self[index] for index in range(len(self)))

    def batch(self, first: int, count: int) -> NDArray[Any]:
        """Samples first ..< first + count as one array."""
        return np.stack([self[index] for index in range(first, min(first + count, len(self)))])

    def _preprocessed(self, pixels: NDArray[Any]) -> NDArray[np.float32]:
        x = pixels.astype(np.float64)
        wanted = len(self.value.shape) - 1 if self.value.shape is not None else 3
        if x.ndim == 2 and wanted == 3:
            x = x[..., None]
        elif x.ndim == 3 and x.shape[0] in (1, 3) and x.shape[2] not in (1, 3):
            x = x.transpose(1, 2, 0)  # channels came first
        if x.ndim == 3 and self.options.bgr:
            x = x[..., ::-1]
        if self.options.scale is not None:
            x = x * self.options.scale
        if self.options.mean is not None:
            x = x - np.asarray(self.options.mean)
        if self.options.std is not None:
            x = x / np.asarray(self.options.std)
        if x.ndim == 3 and self.options.layout == "nchw":
            x = x.transpose(2, 0, 1)
        return np.ascontiguousarray(x, np.float32)


def dataset(options: argparse.Namespace, value: Value) -> Dataset:
    """The data that the options name, for a network's input `value`."""
    items, labels = _read(options.data, options.labels)
    end = None if options.limit is None else options.skip + options.limit
    items, labels = items[options.skip : end], None if labels is None else labels[options.skip : end]
    if len(items) == 0:
        raise ValueError(f"{options.data}: no sample is left after --skip {options.skip}")
    if labels is not None and len(labels) != len(items):
        raise ValueError(f"{options.data}: {len(items)} samples, {len(labels)} labels")
    return Dataset(options, value, items, labels)


def _read(path: Path, labels: Path | None) -> tuple[Any, NDArray[np.int64] | None]:
    if path.is_dir():
        return _read_folder(path, labels)
    given = None if labels is None else _load(labels).astype(np.int64).reshape(-1)
    content = _load(path)
    if not isinstance(content, np.lib.npyio.NpzFile):
        return content, given
    images = next((name for name in ("images", "x", "inputs", "data") if name in content), None)
    answers = next((name for name in ("labels", "y", "targets") if name in content), None)
    if images is None:
        raise ValueError(f"{path}: an array named images or x is needed; it has {', '.join(content.files)}")
    found = content[answers].astype(np.int64).reshape(-1) if answers else None
    return content[images], given if given is not None else found


def _load(path: Path) -> Any:
    """The array of a .npy file, or the arrays of a .npz file."""
    try:
        content = np.load(path)
    except (ValueError, EOFError, zipfile.BadZipFile):
        raise ValueError(f"{path}: neither .npz nor .npy of numbers; pictures are read from a folder") from None
    if isinstance(content, np.ndarray) and content.ndim == 0:
        raise ValueError(f"{path}: one number, where an array whose first axis numbers the samples is needed")
    return content


def _read_folder(folder: Path, labels: Path | None) -> tuple[list[Path], NDArray[np.int64] | None]:
    table = labels or folder / "labels.csv"
    if not table.exists():
        if labels is not None:
            raise ValueError(f"{labels}: there is no such file")
        found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in PICTURES)
        if not found:
            raise ValueError(f"{folder}: there is no picture in it")
        return found, None
    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = rows[0].keys() if rows else []
    picture = next((name for name in ("file", "filename", "path", "image") if name in names), None)
    answer = next((name for name in ("class_index", "class", "label") if name in names), None)
    if picture is None or answer is None:
        raise ValueError(f"{table}: the columns 'file' and 'class' are needed; it has {', '.join(names)}")
    return [folder / row[picture] for row in rows], np.array([int(row[answer]) for row in rows], np.int64)


def _picture(path: Path, size: int | None) -> NDArray[np.uint8]:
    try:
        from PIL import Image
    except ImportError:
        raise ImportError("pictures need Pillow: pip install 'netsuke[images]'") from None
    with Image.open(path) as file:
        image = file.convert("RGB")
    if size is not None:
        short = min(image.size)
        if short < size:
            image = image.resize([round(extent * size / short) for extent in image.size], Image.Resampling.BILINEAR)
        left, top = ((extent - size) // 2 for extent in image.size)
        image = image.crop((left, top, left + size, top + size))
    return np.asarray(image)
