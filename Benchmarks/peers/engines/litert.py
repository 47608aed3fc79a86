"""LiteRT (TensorFlow Lite with XNNPACK), from onnx2tf's reading of the ONNX file."""

from __future__ import annotations

from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from processes import checked
from respelling import respell


def version() -> str:
    return installed("ai-edge-litert")


class Runner:
    def __init__(self, path: str, threads: int) -> None:
        self.net = Interpreter(model_path=path, num_threads=threads)
        self.net.allocate_tensors()
        self.input = self.net.get_input_details()[0]
        self.output = self.net.get_output_details()[0]

    def arrange(self, x: np.ndarray) -> np.ndarray:
        # Its networks take channels last.
        wanted = tuple(self.input["shape"])
        if x.shape != wanted and x.ndim == 4 and (x.shape[0], *x.shape[2:], x.shape[1]) == wanted:
            return np.ascontiguousarray(x.transpose(0, 2, 3, 1))
        return x

    def run(self, x: np.ndarray) -> np.ndarray:
        self.net.set_tensor(self.input["index"], x)
        self.net.invoke()
        return self.net.get_tensor(self.output["index"])

    def details(self) -> dict[str, Any]:
        return {}


def convert(onnx: Path, folder: Path, shape: tuple[int, ...]) -> Path:
    python = Path(__file__).resolve().parents[3] / "build" / "peers" / "litert-converter" / "bin" / "python"
    if not python.exists():
        raise RuntimeError("its converter onnx2tf is not installed: it needs Python 3.12")
    result = folder / "net_float32.tflite"
    source = folder / "net.onnx"  # the converter names its files after this one
    respell(onnx, source)
    checked([str(python), "-m", "onnx2tf", "-i", str(source), "-o", str(folder), "-n"], result)
    for spare in (*folder.glob("net_float16*"), *folder.glob("schema*"), source):
        spare.unlink()
    return result
