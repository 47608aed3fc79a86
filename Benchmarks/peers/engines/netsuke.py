"""This library, through its Python package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import netsuke


def version() -> str:
    return netsuke.__version__


class Runner:
    def __init__(self, path: str, threads: int) -> None:
        self.session = netsuke.load(path).session(threads=threads)

    def arrange(self, x: np.ndarray) -> np.ndarray:
        return x

    def run(self, x: np.ndarray) -> np.ndarray:
        y = self.session.run(x)
        return y if isinstance(y, np.ndarray) else next(iter(y.values()))

    def details(self) -> dict[str, Any]:
        plan = self.session.plan
        return {key: value for key, value in plan.items() if isinstance(value, int | float)}


def convert(onnx: Path, folder: Path, shape: tuple[int, ...]) -> Path:
    return onnx
