"""`make bench`: milliseconds of the networks at hand, float and int8, turn about with onnxruntime where it is installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

import netsuke
from netsuke.cli.bench import interleaved

ROOT = Path(__file__).resolve().parents[1]


def networks() -> list[Path]:
    """The demo's network, and the real ones where they stand beside the checkout."""
    return [ROOT / "examples" / "fashion-mnist" / "fashion.onnx", *sorted((ROOT.parent / "shared" / "models").glob("*.onnx"))]


def rival(path: Path, threads: int, x: np.ndarray) -> Callable[[], object]:
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    settings.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, {session.get_inputs()[0].name: x})


def ours(model: netsuke.Model, threads: int, x: np.ndarray) -> Callable[[], object]:
    session = model.session(threads=threads)
    return lambda: session.run(x)


def main() -> None:
    has_rival = importlib.util.find_spec("onnxruntime") is not None
    table = Table(title="Median milliseconds, batch 1, turn about in one process", title_justify="left", header_style="bold")
    for heading in ("network", "threads", "netsuke f32", "netsuke int8", "onnxruntime f32", "f32 / onnxruntime", "int8 / f32"):
        table.add_column(heading, justify="left" if heading == "network" else "right")
    generator = np.random.default_rng(0)
    for path in networks():
        model = netsuke.load(path)
        shape = [extent if isinstance(extent, int) else 1 for extent in model.inputs[0].shape or ()]
        samples = generator.random((4, *shape[1:]), np.float32)  # speed does not depend on what the pictures show
        int8 = model.compress("int8", calibration=samples)
        for threads in (1, 2):
            x = samples[:1]
            runners = {"f32": ours(model, threads, x), "int8": ours(int8, threads, x)}
            if has_rival:
                runners["rival"] = rival(path, threads, x)
            times = {name: float(np.median(values)) for name, values in interleaved(runners, rounds=9, runs=5).items()}
            other = times.get("rival")
            table.add_row(
                path.stem,
                str(threads),
                f"{times['f32']:.3f}",
                f"{times['int8']:.3f}",
                f"{other:.3f}" if other else "not installed",
                f"{times['f32'] / other:.2f}" if other else "",
                f"{times['int8'] / times['f32']:.2f}",
            )
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
