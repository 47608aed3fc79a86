"""netsuke compress: a smaller model by a recipe."""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

from .. import load
from .._recipe import recipes
from . import data
from .output import Answer, check_output

SUMMARY = "make a model smaller by a recipe, and say what that did"
EPILOG = f"""\
examples:
  netsuke compress net.onnx small.nsk --recipe weights-int8
  netsuke compress net.onnx small.nsk --recipe int8 --data calibration.npz --scale 1/255
  netsuke compress net.onnx small.nsk --recipe my-recipe.json --data photos/ --limit 100
  netsuke compress net.onnx small.nsk --recipe w4a8 --data photos/ --limit 100 --plot layers.png
  netsuke compress net.onnx small.onnx --recipe '{{"steps": [{{"method": "prune.magnitude", "sparsity": 0.5}}]}}'

Recipes that ship with the library: {", ".join(recipes())}. `netsuke recipes` shows them.
Recipes that quantize activations need typical inputs: --data. Pruning 80 % leaves too little of a network that was not trained
for it: see what netsuke evaluate says, and prune less.

{data.PREPROCESSING}"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", help="a .onnx or .nsk file")
    parser.add_argument("output", help="where to write the result: .nsk (small) or .onnx")
    parser.add_argument("--recipe", "-r", required=True, help="a recipe's name, a .json file, or JSON text")
    parser.add_argument("--threads", type=int, default=0, metavar="N", help="0: one for each processor (default)")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write the report here, as JSON")
    parser.add_argument("--plot", metavar="FILE", help="draw the layers' signal-to-noise ratios (needs matplotlib)")
    parser.add_argument("--quiet", "-q", action="store_true", help="no progress bar")
    data.add_arguments(parser, required=False)


def run(options: argparse.Namespace) -> Answer:
    check_output(options.model, options.output)
    model = load(options.model)
    samples = None if options.data is None else data.dataset(options, model.inputs[0])
    started = time.perf_counter()
    small = model.compress(options.recipe, calibration=samples, progress=not (options.quiet or options.json), threads=options.threads)
    seconds = time.perf_counter() - started
    small.save(options.output)
    report = small.report
    if options.report is not None and report is not None:
        options.report.write_text(report.to_json(indent=2), encoding="utf-8")
    before, after = os.path.getsize(options.model), os.path.getsize(options.output)
    line = f"{options.output}: {after:,} bytes, {before / after:.2f} times smaller than {options.model} ({before:,}); {seconds:.1f} s"
    answer = {
        "output": str(options.output),
        "bytes": after,
        "input_bytes": before,
        "seconds": seconds,
        "report": None if report is None else json.loads(report.to_json()),
    }
    rendered: list[Any] = [item for item in (report, line) if item is not None]
    if options.plot and report is not None:
        report.plot(options.plot)
        rendered.append(f"drawn to {options.plot}")
    if samples is None:
        rendered.append("nothing was run on data, so its accuracy is not known: try netsuke evaluate")
    return Answer(answer, rendered)
