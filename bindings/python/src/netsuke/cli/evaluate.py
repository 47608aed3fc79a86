"""netsuke evaluate: accuracy on labelled data, and agreement with another model."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.progress import track

from .. import Model, load
from . import data
from .output import Answer, percent, table

if TYPE_CHECKING:
    from numpy.typing import NDArray

SUMMARY = "measure a model's accuracy on labelled data, and its agreement with another model"
EPILOG = f"""\
examples:
  netsuke evaluate small.nsk --data test.npz --scale 1/255
  netsuke evaluate small.nsk --data photos/ --size 224 --against net.onnx

Agreement is the share of samples on which both models have the same first answer.
A network with a background class before the others needs --label-offset 1.

{data.PREPROCESSING}"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", help="a .onnx or .nsk file")
    parser.add_argument("--against", metavar="MODEL", help="another model to compare with, such as the original")
    parser.add_argument("--threads", type=int, default=0, metavar="N", help="0: one for each processor (default)")
    parser.add_argument("--label-offset", type=int, default=0, metavar="N", help="class c of the labels is the network's output c + N")
    parser.add_argument("--quiet", "-q", action="store_true", help="no progress bar")
    data.add_arguments(parser, required=True)


def run(options: argparse.Namespace) -> Answer:
    paths = [options.model] + ([options.against] if options.against else [])
    models = [load(path) for path in paths]
    samples = data.dataset(options, models[0].inputs[0])
    if samples.labels is None and len(models) == 1:
        raise ValueError(f"{options.data} has no labels: give --labels, or --against another model to compare with")
    scores = [_scores(model, samples, options, path) for model, path in zip(models, paths, strict=True)]
    labels = None if samples.labels is None else samples.labels + options.label_offset
    rows: list[dict[str, Any]] = []
    for path, score in zip(paths, scores, strict=True):
        row: dict[str, Any] = {"model": str(path), "top1": None, "top5": None, "agreement": None}
        if labels is not None:
            row["top1"], row["top5"] = (_accuracy(score, labels, first) for first in (1, 5))
        if len(scores) > 1:
            row["agreement"] = float((score.argmax(1) == scores[-1].argmax(1)).mean())
        rows.append(row)
    cells = [[str(row["model"]), percent(row["top1"]), percent(row["top5"]), percent(row["agreement"])] for row in rows]
    headings = ["model", "first answer right", "among the first five"]
    if options.against:
        headings.append(f"agrees with {Path(options.against).name}")
    cells = [row[: len(headings)] for row in cells]
    title = f"{len(samples)} samples of {options.data}"
    rendered = [table(title, headings, cells, texts=1)]
    return Answer({"samples": len(samples), "models": rows}, list(rendered))


def _scores(model: Model, samples: data.Dataset, options: argparse.Namespace, path: str) -> NDArray[Any]:
    """The first output for every sample, one row each."""
    value = model.inputs[0]
    extent = value.shape[0] if value.shape else "N"
    batch = extent if isinstance(extent, int) else 16
    console = Console(stderr=True)
    quiet = options.quiet or options.json or not console.is_terminal
    results = []
    with model.session(threads=options.threads) as session:
        starts = range(0, len(samples), batch)
        for first in track(starts, f"running {path}", console=console, transient=True, disable=quiet):
            x = samples.batch(first, batch)
            missing = batch - len(x) if isinstance(extent, int) else 0
            if missing > 0:  # a fixed batch is filled up with copies
                x = np.concatenate([x, np.repeat(x[-1:], missing, axis=0)])
            y = session.run(x)
            scores = np.asarray(next(iter(y.values())) if isinstance(y, dict) else y)
            results.append(scores.reshape(len(x), -1)[: len(x) - missing])
    return np.concatenate(results)


def _accuracy(scores: NDArray[Any], labels: NDArray[np.int64], first: int) -> float:
    best = np.argsort(-scores, axis=1, kind="stable")[:, :first]
    return float((best == labels[:, None]).any(1).mean())
