"""OpenVINO's CPU plugin, set up for the latency of one request, in f32."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import openvino


def version() -> str:
    return openvino.__version__.split("-")[0]


class Runner:
    def __init__(self, path: str, threads: int) -> None:
        settings = {
            "INFERENCE_NUM_THREADS": threads,
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": 1,
            "INFERENCE_PRECISION_HINT": "f32",
        }
        self.request = openvino.Core().compile_model(path, "CPU", settings).create_infer_request()

    def arrange(self, x: np.ndarray) -> np.ndarray:
        self.request.set_input_tensor(openvino.Tensor(x, shared_memory=True))
        return x

    def run(self, x: np.ndarray) -> np.ndarray:
        self.request.infer()
        return np.array(self.request.get_output_tensor(0).data)

    def details(self) -> dict[str, Any]:
        return {}


def convert(onnx: Path, folder: Path, shape: tuple[int, ...]) -> Path:
    return onnx
