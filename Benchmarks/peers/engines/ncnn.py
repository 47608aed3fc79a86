"""ncnn, from pnnx's reading of the ONNX file; every 16-bit shortcut off."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import ncnn
import numpy as np

from processes import checked


def version() -> str:
    return ncnn.__version__


class Runner:
    def __init__(self, path: str, threads: int) -> None:
        self.net = ncnn.Net()
        self.net.opt.num_threads = threads
        for option in dir(self.net.opt):
            if option.startswith(("use_fp16", "use_bf16")):
                setattr(self.net.opt, option, False)
        if self.net.load_param(path) or self.net.load_model(path.removesuffix(".param") + ".bin"):
            raise RuntimeError(f"ncnn does not read {path}")

    def arrange(self, x: np.ndarray) -> ncnn.Mat:
        self.picture = x[0]  # ncnn has no batch axis; the Mat is a view of this memory
        return ncnn.Mat(self.picture)

    def run(self, picture: ncnn.Mat) -> np.ndarray:
        extractor = self.net.create_extractor()
        extractor.input(self.net.input_names()[0], picture)
        status, result = extractor.extract(self.net.output_names()[0])
        if status:
            raise RuntimeError(f"ncnn's extract gave {status}")
        return np.array(result)[None]

    def details(self) -> dict[str, Any]:
        return {}


def convert(onnx: Path, folder: Path, shape: tuple[int, ...]) -> Path:
    package = importlib.util.find_spec("pnnx")  # importing it needs torch
    if package is None or not package.origin:
        raise RuntimeError("its converter pnnx is not installed")
    program = Path(package.origin).parent / "pnnx"
    result = folder / "net.ncnn.param"
    extents = ",".join(str(extent) for extent in shape)
    checked(
        [
            str(program),
            str(onnx),
            f"inputshape=[{extents}]",
            "fp16=0",
            f"ncnnparam={result}",
            f"ncnnbin={folder / 'net.ncnn.bin'}",
            f"pnnxparam={folder / 'net.pnnx.param'}",
            f"pnnxbin={folder / 'net.pnnx.bin'}",
            f"pnnxpy={folder / 'net_pnnx.py'}",
            f"pnnxonnx={folder / 'net.pnnx.onnx'}",
            f"ncnnpy={folder / 'net_ncnn.py'}",
        ],
        result,
    )
    for name in ("net.pnnx.bin", "net.pnnx.onnx"):
        (folder / name).unlink(missing_ok=True)
    return result
