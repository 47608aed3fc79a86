"""Reads CIFAR-10, from the data set's Python version or from an archive of JPEG files, for the scripts beside this file."""

from __future__ import annotations

import io
import pickle
import tarfile
from pathlib import Path

import numpy as np

MEAN = (0.4914, 0.4822, 0.4465)
DEVIATION = (0.2470, 0.2435, 0.2616)
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def read_batches(folder: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    names = [f"data_batch_{part}" for part in range(1, 6)] if split == "train" else ["test_batch"]
    batches = [pickle.loads((folder / name).read_bytes(), encoding="bytes") for name in names]
    images = np.concatenate([batch[b"data"] for batch in batches]).reshape(-1, 3, 32, 32)
    return images, np.concatenate([np.asarray(batch[b"labels"], np.int64) for batch in batches])


def read_archive(path: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    from PIL import Image

    images: list[np.ndarray] = []
    labels: list[int] = []
    with tarfile.open(path) as archive:
        for member in archive:
            parts = member.name.split("/")
            file = archive.extractfile(member) if member.isfile() else None
            if file is None or parts[0] != split:
                continue
            with Image.open(io.BytesIO(file.read())) as image:
                images.append(np.asarray(image.convert("RGB")).transpose(2, 0, 1))
            labels.append(CLASSES.index(parts[1]))
    return np.stack(images), np.asarray(labels, np.int64)


def read(path: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Images [N, 3, 32, 32] u8 and labels [N]."""
    return read_batches(path, split) if path.is_dir() else read_archive(path, split)


def normalize(images: np.ndarray) -> np.ndarray:
    """What the networks read."""
    mean, deviation = (np.asarray(values, np.float32).reshape(1, 3, 1, 1) for values in (MEAN, DEVIATION))
    return (images.astype(np.float32) / 255 - mean) / deviation
