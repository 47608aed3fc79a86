#!/usr/bin/env python3
"""Accuracy of real networks against how much is pruned, for docs/pruning.md: a line of JSON for each point, and a plot of them.

    scripts/prune-curves.py run channels.json --network mobilenet_v1 --method prune.channels --key ratio --values 0.1,0.2,0.3 \\
        --set criterion=lasso --set refit=weights
    scripts/prune-curves.py every docs/pruning-curves.jsonl
    scripts/prune-curves.py plot docs/pruning-curves.jsonl docs/pruning-zeros.svg --key sparsity

Uses the networks and photos that stand beside the checkout on some machines, the first photos to calibrate and the last ones to test; says
so and does nothing where they are absent. Points that the file has already are not made again.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

import netsuke

SHARED = Path(__file__).resolve().parents[2] / "shared"
# By network: how pixels become inputs, and what is added to a label.
NETWORKS = {"mobilenet_v1": ("unit", 224, 1), "mobilenet_v2": ("imagenet", 224, 0), "squeezenet1.1": ("caffe", 227, 0)}


def photos(preprocessing: str, size: int, which: range) -> tuple[np.ndarray, np.ndarray]:
    from PIL import Image

    with (SHARED / "data" / "imagenet" / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    images = []
    offset = (256 - size) // 2
    for index in which:
        pixels = np.asarray(Image.open(SHARED / "data" / "imagenet" / rows[index]["file"]).convert("RGB"), np.float32)
        pixels = pixels[offset : offset + size, offset : offset + size]
        if preprocessing == "unit":
            pixels = pixels / 127.5 - 1
        elif preprocessing == "imagenet":
            pixels = (pixels / 255 - np.array([0.485, 0.456, 0.406], np.float32)) / np.array([0.229, 0.224, 0.225], np.float32)
        else:
            pixels = pixels[:, :, ::-1] - np.array([104.006, 116.669, 122.679], np.float32)
        images.append(pixels.transpose(2, 0, 1))
    return np.ascontiguousarray(np.stack(images), np.float32), np.array([int(rows[index]["class_index"]) for index in which])


def answers(model: netsuke.Model, x: np.ndarray, threads: int) -> np.ndarray:
    with model.session(threads=threads) as session:
        return np.concatenate([np.asarray(session.run(x[i : i + 10])).reshape(len(x[i : i + 10]), -1) for i in range(0, len(x), 10)])


def option(text: str) -> tuple[str, Any]:
    key, _, value = text.partition("=")
    try:
        return key, json.loads(value)
    except json.JSONDecodeError:
        return key, value


def run(options: argparse.Namespace) -> None:
    path = SHARED / "models" / f"{options.network}.onnx"
    if not path.exists():
        print(f"skipped: {path} is not there")
        return
    preprocessing, size, shift = NETWORKS[options.network]
    calibration, _ = photos(preprocessing, size, range(options.calibrate))
    x, labels = photos(preprocessing, size, range(options.first, options.first + options.test))
    dense = netsuke.load(path)
    wanted = answers(dense, x, options.threads).argmax(1)
    out = Path(options.file)
    known = {json.dumps(row["setting"], sort_keys=True) for row in rows(out)}
    for value in options.values.split(","):
        step = {"method": options.method, options.key: float(value), **dict(map(option, options.set))}
        if options.layers:
            step["layers"] = json.loads(options.layers)
        setting = {"network": options.network, "calibrate": options.calibrate, "test": [options.first, options.test], "step": step}
        if json.dumps(setting, sort_keys=True) in known:
            continue
        begin = time.perf_counter()
        model = dense.compress({"steps": [step]}, calibration=list(calibration[:, None]), threads=options.threads)
        seconds = time.perf_counter() - begin
        found = answers(model, x, options.threads).argmax(1)
        total = model.report["total"]
        row = {
            "setting": setting,
            "top1": round(float((found == labels + shift).mean()) * 100, 2),
            "agreement": round(float((found == wanted).mean()) * 100, 2),
            "seconds": round(seconds, 1),
            "total": {key: total.get(key) for key in ("bytes_before", "bytes_after", "ms_before", "ms_after", "snr_db")},
        }
        with out.open("a") as file:
            file.write(json.dumps(row) + "\n")
        print(options.network, json.dumps(step), row["top1"], row["agreement"], row["seconds"], row["total"], flush=True)


# What `every` measures, what tells most first: method, option and values, other options, layers.
ZEROS = '{"exclude": ["first", "depthwise"]}'
CHANNELS = '{"exclude": ["last"]}'
EVERY: list[tuple[str, str, str, list[str], str, int]] = [
    ("prune.reconstruct", "sparsity", "0.5,0.7,0.8,0.3,0.9,0.95", [], ZEROS, 100),
    *[("prune.channels", "ratio", "0.3,0.1,0.2,0.4,0.5,0.6", [f"criterion={name}"], CHANNELS, 50) for name in ("l1", "thinet", "lasso")],
    ("prune.channels", "ratio", "0.3,0.5", ["criterion=lasso", "allocation=sensitivity"], CHANNELS, 50),
    ("prune.block", "sparsity", "0.5,0.7", ["rows=4"], ZEROS, 100),
    ("prune.block", "sparsity", "0.5,0.7", ["rows=2"], ZEROS, 100),
    ("prune.nm", "keep", "2,1", [], ZEROS, 100),
    ("prune.reconstruct", "sparsity", "0.5,0.7", ["scope=layer"], ZEROS, 100),
    ("prune.magnitude", "sparsity", "0,0.3,0.5,0.7,0.8,0.9,0.95", [], ZEROS, 100),
    ("prune.magnitude", "sparsity", "0.3,0.5,0.7", ["scope=global"], ZEROS, 100),
    ("prune.magnitude", "sparsity", "0.3,0.5,0.7,0.8,0.9,0.95", ["score=activation"], ZEROS, 100),
    *[
        ("prune.channels", "ratio", "0.1,0.2,0.3,0.4,0.5,0.6", [f"criterion={name}"], CHANNELS, 50)
        for name in ("l2", "random", "apoz", "nisp")
    ],
    ("prune.channels", "ratio", "0.1,0.2,0.3", ["criterion=l1", "refit=none"], CHANNELS, 50),
]


def every(options: argparse.Namespace) -> None:
    for network in options.networks.split(","):
        for method, key, values, settings, layers, calibrate in EVERY:
            point = {
                "network": network,
                "method": method,
                "key": key,
                "values": values,
                "set": settings,
                "layers": layers,
                "calibrate": calibrate,
            }
            run(argparse.Namespace(**vars(options) | point))


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def plot(options: argparse.Namespace) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    curves: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for row in rows(Path(options.file)):
        setting = row["setting"]
        step = dict(setting["step"])
        method, value = step.pop("method"), step.pop(options.key, None)
        if value is None:
            continue
        step.pop("layers", None)
        label = ", ".join([str(step.pop("criterion", method))] + [f"{key} {value}" for key, value in step.items()])
        if setting["calibrate"] != 100:
            label += f", {setting['calibrate']} photos"
        curves.setdefault(setting["network"], {}).setdefault(label, []).append((float(value), row["top1"]))
    figure, axes = pyplot.subplots(1, max(len(curves), 1), figsize=(5.5 * max(len(curves), 1), 4.2), squeeze=False, layout="constrained")
    for axis, (network, series) in zip(axes[0], curves.items(), strict=True):
        for label, points in sorted(series.items()):
            points.sort()
            axis.plot([100 * value for value, _ in points], [top1 for _, top1 in points], marker="o", markersize=3, label=label)
        axis.set(title=network, xlabel=f"{options.key}, %", ylabel="first answer right, %", ylim=(0, 100))
        axis.grid(alpha=0.3)
        axis.legend(fontsize=7)
    figure.savefig(options.plot)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("run")
    command.add_argument("file")
    command.add_argument("--network", choices=sorted(NETWORKS), required=True)
    command.add_argument("--method", required=True)
    command.add_argument("--key", default="ratio", help="the option that --values are for")
    command.add_argument("--values", required=True)
    command.add_argument("--set", action="append", default=[], metavar="OPTION=VALUE")
    command.add_argument("--layers", help="JSON")
    command.set_defaults(action=run)
    everything = commands.add_parser("every", help="all curves of docs/pruning.md; takes hours, and goes on where it was stopped")
    everything.add_argument("file")
    everything.add_argument("--networks", default="mobilenet_v1,squeezenet1.1")
    everything.set_defaults(action=every)
    command.add_argument("--calibrate", type=int, default=100)
    for measuring in (command, everything):
        measuring.add_argument("--first", type=int, default=100, help="first photo of the test")
        measuring.add_argument("--test", type=int, default=300)
        measuring.add_argument("--threads", type=int, default=1)
    command = commands.add_parser("plot")
    command.add_argument("file")
    command.add_argument("plot")
    command.add_argument("--key", default="ratio")
    command.set_defaults(action=plot)
    options = parser.parse_args()
    options.action(options)


if __name__ == "__main__":
    main()
