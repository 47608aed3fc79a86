"""`make bench`: bytes, milliseconds and memory of the networks at hand.

`scripts/bench.py --onnxruntime` takes turns with onnxruntime, where it is installed; `make bench-peers` compares with more engines.
`--architectures [NAME …]` times networks with random weights instead, in f32 and in 8 bits; NETSUKE_INSTRUCTIONS=avx2 in the
environment does without wider instructions (of ours; onnxruntime always takes what there is).
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

import netsuke
from netsuke.cli.bench import interleaved

ROOT = Path(__file__).resolve().parents[1]

TWELVE = [
    "alexnet",
    "vgg16",
    "squeezenet1_0",
    "squeezenet1_1",
    "mobilenet_v1",
    "mobilenet_v2",
    "xception",
    "shufflenet_v1",
    "shufflenet_v2",
    "effnet",
    "resnet18",
    "resnet50",
]


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


def sizes(path: Path, int8: netsuke.Model, pruned: netsuke.Model) -> list[str]:
    before = path.stat().st_size
    after = [len(model.to_bytes()) for model in (int8, pruned)]
    return [f"{before:,}", *(f"{count:,} ({count / before:.2f}x)" for count in after)]


def table(title: str, headings: tuple[str, ...]) -> Table:
    result = Table(title=title, title_justify="left", header_style="bold")
    for heading in headings:
        result.add_column(heading, justify="left" if heading == "network" else "right")
    return result


def costs(path: Path, x: np.ndarray) -> list[str]:
    """Milliseconds to load and to run the first time; megabytes of packed weights and of working memory, one thread."""
    started = time.perf_counter()
    session = netsuke.load(path).session(threads=1)
    loaded = time.perf_counter()
    session.run(x)
    first = 1e3 * (time.perf_counter() - loaded)
    plan = session.plan
    return [
        f"{1e3 * (loaded - started):.1f}",
        f"{first:.1f}",
        f"{plan['constant_bytes'] / 1e6:.1f}",
        f"{(plan['arena_bytes'] + plan['scratch_bytes']) / 1e6:.1f}",
    ]


def eight_bits(name: str) -> tuple[Path, Path]:
    """A network with random weights as .onnx, and quantized as .nsk and .onnx beside it; made once."""
    folder = ROOT / "build" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    plain, small = folder / f"{name}.onnx", folder / f"{name}-8.nsk"
    if not plain.exists():
        netsuke.architectures.create(name).save(plain)
    if not small.exists():
        model = netsuke.load(plain)
        int8 = model.compress("int8", calibration=random_input(model, 2))
        int8.save(small.with_suffix(".onnx"))
        int8.save(small)
    return plain, small


def random_input(model: netsuke.Model, count: int = 1) -> np.ndarray:
    picture = [extent if isinstance(extent, int) else 224 for extent in (model.inputs[0].shape or ())[1:]]
    return np.random.default_rng(0).standard_normal((count, *picture)).astype(np.float32)


def compare_architectures(names: list[str], has_rival: bool) -> Table:
    """Ours in f32 and in 8 bits, and onnxruntime with the same 8-bit network, turn about."""
    headings = ("network", "threads", "f32", "8 bits", "onnxruntime 8 bits", "8 bits / onnxruntime")
    result = table("Median milliseconds, batch 1, random weights, turn about in one process", headings)
    for name in names:
        plain, small = eight_bits(name)
        for threads in (1, 2):
            float_model, int8 = netsuke.load(plain), netsuke.load(small)
            x = random_input(float_model)
            runners = {"f32": ours(float_model, threads, x), "int8": ours(int8, threads, x)}
            if has_rival:
                runners["rival"] = rival(small.with_suffix(".onnx"), threads, x)
            times = {key: float(np.median(values)) for key, values in interleaved(runners, rounds=5, runs=3).items()}
            other = times.get("rival")
            compared = [f"{other:.3f}", f"{times['int8'] / other:.2f}"] if other else ["", ""]
            result.add_row(name, str(threads), f"{times['f32']:.3f}", f"{times['int8']:.3f}", *compared)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--architectures", nargs="*", metavar="NAME", help="networks with random weights instead; all twelve by default")
    parser.add_argument("--onnxruntime", action="store_true", help="take turns with onnxruntime")
    options = parser.parse_args()
    has_rival = options.onnxruntime and importlib.util.find_spec("onnxruntime") is not None
    if options.architectures is not None:
        console = Console(width=140)
        limit = os.environ.get("NETSUKE_INSTRUCTIONS", "all")
        console.print(f"{netsuke.build_info()['processor']}, {os.cpu_count()} processors, instructions: {limit}")
        console.print(compare_architectures(options.architectures or TWELVE, has_rival))
        return
    bytes_table = table("Bytes of the whole file", ("network", ".onnx, f32", ".nsk, int8", ".nsk, f32, 80 % pruned"))
    headings: tuple[str, ...] = ("network", "threads", "f32", "int8")
    if options.onnxruntime:
        headings += ("onnxruntime f32", "f32 / onnxruntime", "int8 / onnxruntime f32")
    times_table = table("Median milliseconds, batch 1, turn about in one process", headings)
    columns = ("network", "load, ms", "first run, ms", "packed weights, MB", "working memory, MB")
    costs_table = table("What a session of the f32 network costs, batch 1, one thread", columns)
    generator = np.random.default_rng(0)
    for path in networks():
        model = netsuke.load(path)
        # Height and width that a network leaves open are those of ImageNet.
        picture = [extent if isinstance(extent, int) else 224 for extent in (model.inputs[0].shape or ())[1:]]
        samples = generator.random((4, *picture), np.float32)  # speed and size do not depend on what the pictures show
        int8 = model.compress("int8", calibration=samples)
        costs_table.add_row(path.stem, *costs(path, samples[:1]))
        bytes_table.add_row(path.stem, *sizes(path, int8, model.compress("prune80")))
        for threads in (1, 2):
            x = samples[:1]
            runners = {"f32": ours(model, threads, x), "int8": ours(int8, threads, x)}
            if has_rival:
                runners["rival"] = rival(path, threads, x)
            times = {name: float(np.median(values)) for name, values in interleaved(runners, rounds=9, runs=5).items()}
            row = [f"{times['f32']:.3f}", f"{times['int8']:.3f}"]
            if other := times.get("rival"):
                row += [f"{other:.3f}", *(f"{times[name] / other:.2f}x" for name in ("f32", "int8"))]
            elif options.onnxruntime:
                row += ["not installed", "", ""]
            times_table.add_row(path.stem, str(threads), *row)
    console = Console(width=140)
    console.print(f"netsuke {netsuke.__version__}, {netsuke.build_info()['processor']}, {os.cpu_count()} processors")
    console.print(bytes_table)
    console.print(times_table)
    console.print(costs_table)


if __name__ == "__main__":
    main()
