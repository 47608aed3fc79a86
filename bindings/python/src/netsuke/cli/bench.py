"""netsuke bench: milliseconds in all and per layer, alone or against another model and another engine."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import Model, load
from .data import positive, whole
from .output import Answer, count, figure, table

if TYPE_CHECKING:
    from numpy.typing import NDArray

SUMMARY = "measure milliseconds, in all and per layer, alone or against another model"
EPILOG = """\
examples:
  netsuke bench small.nsk
  netsuke bench small.nsk --against net.onnx --threads 2
  netsuke bench net.onnx --onnxruntime --shape 1,3,224,224
  netsuke bench small.nsk --plot layers.png

What is compared is measured turn about in one process, so that a change of the machine's speed meets all alike; medians are
given. Inputs are random.
"""

Runner = Callable[[], object]


def shape(text: str) -> list[int]:
    """A list of extents such as 1,3,224,224."""
    return [whole(part) for part in text.replace("x", ",").split(",")]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", help="a .onnx or .nsk file")
    parser.add_argument("--against", metavar="MODEL", help="another model to compare with, such as the original")
    parser.add_argument("--onnxruntime", action="store_true", help="compare with onnxruntime too, on the .onnx file among the models")
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="0: one for each processor (default 1)")
    parser.add_argument("--exact", action="store_true", help="without Winograd convolutions")
    parser.add_argument("--batch", type=positive, default=1, metavar="N", help="extent of open batch axes (default 1)")
    parser.add_argument("--shape", type=shape, metavar="N,C,H,W", help="the input's shape, where the model leaves more than the batch open")
    parser.add_argument("--rounds", type=positive, default=15, metavar="N", help="turns for each engine (default 15)")
    parser.add_argument("--layers", action=argparse.BooleanOptionalAction, default=True, help="show the model's layers (default)")
    parser.add_argument("--plot", metavar="FILE", help="draw the layers' milliseconds (needs matplotlib)")


def run(options: argparse.Namespace) -> Answer:
    paths = [options.model] + ([options.against] if options.against else [])
    models = [load(path) for path in paths]
    inputs = made_up_inputs(models[0], options)
    runners: dict[str, Runner] = {}
    for path, model in zip(paths, models, strict=True):
        runners[str(path)] = _runner(model, inputs, options)
    if options.onnxruntime:
        runners["onnxruntime"] = _onnxruntime(paths, inputs, options.threads)
    milliseconds = interleaved(runners, options.rounds)
    layers = _layers(models[0], inputs, options)
    results: list[dict[str, Any]] = [
        {"name": name, "median_ms": float(np.median(times)), "least_ms": min(times), "runs": len(times)}
        for name, times in milliseconds.items()
    ]
    first = results[0]["median_ms"]
    cells = [
        [str(row["name"]), figure(row["median_ms"]), figure(row["least_ms"]), f"{row['median_ms'] / first:.2f}x", count(row["runs"])]
        for row in results
    ]
    rendered: list[Any] = []
    if options.layers:
        rendered.append(_layer_table(str(options.model), layers))
    shapes = ", ".join(f"{list(array.shape)}" for array in inputs)
    title = f"input {shapes}, {options.threads or 'all'} {'thread' if options.threads == 1 else 'threads'}"
    rendered.append(table(title, ["engine or model", "median ms", "least ms", "relative time", "runs"], cells, texts=1))
    if options.plot:
        from .plot import draw_bars

        draw_bars(options.plot, "milliseconds", [layer["name"] for layer in layers], {"ms": [layer["median_ms"] for layer in layers]})
        rendered.append(f"drawn to {options.plot}")
    return Answer({"threads": options.threads, "shapes": [list(x.shape) for x in inputs], "results": results, "layers": layers}, rendered)


def interleaved(runners: dict[str, Runner], rounds: int, runs: int = 3) -> dict[str, list[float]]:
    """Milliseconds of each runner, turn about, in an order that changes from round to round."""
    times: dict[str, list[float]] = {name: [] for name in runners}
    for runner in runners.values():
        runner()
        runner()
    for turn in range(max(1, rounds)):
        for name in list(runners) if turn % 2 == 0 else reversed(list(runners)):
            time.sleep(0.02)  # lets another engine's threads stop spinning
            runners[name]()
            for _ in range(runs):
                started = time.perf_counter()
                runners[name]()
                times[name].append(1e3 * (time.perf_counter() - started))
    return times


def made_up_inputs(model: Model, options: argparse.Namespace) -> list[NDArray[Any]]:
    """Random inputs of the model's shapes, or of `options.shape`; open batch axes are `options.batch`."""
    generator = np.random.default_rng(0)
    arrays = []
    for value in model.inputs:
        if options.shape:
            extents = options.shape
        else:
            extents = [extent if isinstance(extent, int) else options.batch for extent in value.shape or ()]
            if sum(not isinstance(extent, int) for extent in value.shape or ("rank",)) > 1 or value.shape is None:
                raise ValueError(f"the input {value} leaves more than the batch open: give --shape")
        if value.dtype.startswith("float"):
            arrays.append(generator.standard_normal(extents).astype(value.dtype))
        else:
            arrays.append(np.zeros(extents, value.dtype))
    return arrays


def _runner(model: Model, inputs: list[NDArray[Any]], options: argparse.Namespace) -> Runner:
    session = model.session(threads=options.threads, exact=options.exact)
    return lambda: session.run(*inputs)


def _onnxruntime(paths: list[str], inputs: list[NDArray[Any]], threads: int) -> Runner:
    path = next((path for path in paths if str(path).endswith(".onnx")), None)
    if path is None:
        raise ValueError("--onnxruntime needs a .onnx file among the models: netsuke bench small.nsk --against net.onnx --onnxruntime")
    try:
        import onnxruntime
    except ImportError:
        raise ImportError("--onnxruntime needs it installed: pip install onnxruntime") from None
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    settings.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])
    feed = {value.name: array for value, array in zip(session.get_inputs(), inputs, strict=True)}
    return lambda: session.run(None, feed)


def _layers(model: Model, inputs: list[NDArray[Any]], options: argparse.Namespace) -> list[dict[str, Any]]:
    with model.session(threads=options.threads, profile=True, exact=options.exact) as session:
        for _ in range(2 + max(5, options.rounds)):
            session.run(*inputs)
        steps: list[dict[str, Any]] = session.profile["steps"]
        return steps


def _layer_table(name: str, layers: list[dict[str, Any]]) -> Any:
    total = sum(layer["median_ms"] for layer in layers)
    rows = []
    for layer in layers:
        share = layer["median_ms"] / total if total else 0
        speed = 2e-6 * layer["macs"] / layer["median_ms"] if layer.get("macs") and layer["median_ms"] else None
        rows.append(
            [
                str(layer["name"]),
                " + ".join(layer.get("operators", [])),
                str(layer.get("kernel", "")),
                count(layer.get("macs")),
                figure(layer["median_ms"]),
                f"{100 * share:.1f} %",
                figure(speed, 1),
            ]
        )
    footer = ["in all", "", "", count(sum(layer.get("macs") or 0 for layer in layers)), figure(total), "", ""]
    return table(
        name, ["layer", "operators", "kernel", "MACs", "ms", "share", "GFLOP/s"], rows, texts=3, footer=footer, optional=[6, 3, 2, 1]
    )
