"""MNN, in full precision."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import MNN
import numpy as np

from processes import checked


def version() -> str:
    return str(MNN.version())


class Runner:
    def __init__(self, path: str, threads: int) -> None:
        self.net = MNN.Interpreter(path)
        self.session = self.net.createSession({"backend": "CPU", "precision": "high", "numThread": threads})
        self.input = self.net.getSessionInput(self.session)

    def arrange(self, x: np.ndarray) -> MNN.Tensor:
        return MNN.Tensor(x.shape, MNN.Halide_Type_Float, x, MNN.Tensor_DimensionType_Caffe)

    def run(self, x: MNN.Tensor) -> np.ndarray:
        self.input.copyFrom(x)
        self.net.runSession(self.session)
        output = self.net.getSessionOutput(self.session)
        shape = output.getShape()
        result = MNN.Tensor(shape, MNN.Halide_Type_Float, np.empty(shape, np.float32), MNN.Tensor_DimensionType_Caffe)
        output.copyToHostTensor(result)
        return np.array(result.getNumpyData())

    def details(self) -> dict[str, Any]:
        return {}


def convert(onnx: Path, folder: Path, shape: tuple[int, ...]) -> Path:
    result = folder / "net.mnn"
    program = Path(sys.executable).parent / "mnnconvert"
    checked([str(program), "-f", "ONNX", "--modelFile", str(onnx), "--MNNModel", str(result), "--bizCode", "netsuke"], result)
    return result
