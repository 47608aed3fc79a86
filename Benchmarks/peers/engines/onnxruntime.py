"""onnxruntime's CPU provider."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime


def version() -> str:
    return onnxruntime.__version__


class Runner:
    def __init__(self, path: str, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.name = self.session.get_inputs()[0].name

    def arrange(self, x: np.ndarray) -> dict[str, np.ndarray]:
        return {self.name: x}

    def run(self, feed: dict[str, np.ndarray]) -> np.ndarray:
        return self.session.run(None, feed)[0]

    def details(self) -> dict[str, Any]:
        return {}


def convert(onnx: Path, folder: Path, shape: tuple[int, ...]) -> Path:
    return onnx
