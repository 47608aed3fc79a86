#!/usr/bin/env python3
"""Accuracy and speed of factorized networks, for docs/low-rank.md: a line of JSON for each point, and a plot of them.

    scripts/low-rank-curves.py run points.jsonl --network vgg --method factorize.channel --values 0.5,0.33 --set mode=linear
    scripts/low-rank-curves.py every docs/low-rank-curves.jsonl --networks vgg,resnet20
    scripts/low-rank-curves.py plot docs/low-rank-curves.jsonl docs/low-rank.png

The CIFAR-10 networks are those that scripts/train-cifar.py writes (--cifar, --data); the others and their photos stand beside the
checkout on some machines, as scripts/prune-curves.py has it. The first images calibrate (of CIFAR-10: images of the training part),
others test. What is absent is named and left out; points that the file has already are not made again.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import time
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import netsuke


def neighbour(name: str) -> Any:
    """Another script of this folder."""
    spec = importlib.util.spec_from_file_location(name.replace("-", "_"), Path(__file__).with_name(f"{name}.py"))
    if spec is None or spec.loader is None:
        raise SystemExit(f"scripts/{name}.py is missing")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


pruning = neighbour("prune-curves")
CIFAR = ("vgg", "resnet20")


@cache
def cifar(data: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    reader = neighbour("cifar10")
    images, labels = reader.read(data, split)
    order = np.random.default_rng(0).permutation(len(images))[:5000]
    return reader.normalize(images[order]), labels[order]


def task(options: argparse.Namespace) -> tuple[Path, np.ndarray, np.ndarray, np.ndarray] | None:
    """The network's file, what calibrates, and what tests with its right answers."""
    if options.network in CIFAR:
        path = options.cifar / f"{options.network}.onnx"
        if not path.exists() or not options.data.exists():
            print(f"skipped: {path} or {options.data} is not there")
            return None
        x, labels = cifar(options.data, "test")
        return path, cifar(options.data, "train")[0][: 4 * options.calibrate], x[: options.test_cifar], labels[: options.test_cifar]
    path = pruning.SHARED / "models" / f"{options.network}.onnx"
    if not path.exists():
        print(f"skipped: {path} is not there")
        return None
    preprocessing, size, shift = pruning.NETWORKS[options.network]
    calibration, _ = pruning.photos(preprocessing, size, range(options.calibrate))
    x, labels = pruning.photos(preprocessing, size, range(100, 100 + options.test))
    return path, calibration, x, labels + shift


def milliseconds(models: list[netsuke.Model], x: np.ndarray, threads: int, rounds: int = 15) -> list[float]:
    """Medians of batch 1, the models in turns."""
    times: list[list[float]] = [[] for _ in models]
    sessions = [model.session(threads=threads) for model in models]
    for session in sessions:
        session.run(x)
    for turn in range(rounds):
        for index in range(len(models)) if turn % 2 else reversed(range(len(models))):
            sessions[index].run(x)
            begin = time.perf_counter()
            for _ in range(3):
                sessions[index].run(x)
            times[index].append((time.perf_counter() - begin) / 3 * 1e3)
    return [float(np.median(series)) for series in times]


def run(options: argparse.Namespace) -> None:
    found = task(options)
    if found is None:
        return
    path, calibration, x, labels = found
    dense = netsuke.load(path)
    out = Path(options.file)
    known = {json.dumps(row["setting"], sort_keys=True) for row in pruning.rows(out)}
    wanted: np.ndarray | None = None
    for value in options.values.split(","):
        step = {"method": options.method, options.key: float(value), **dict(map(pruning.option, options.set))}
        setting = {"network": options.network, "calibrate": len(calibration) if options.samples else 0, "test": len(x), "step": step}
        if json.dumps(setting, sort_keys=True) in known:
            continue
        if wanted is None:
            wanted = pruning.answers(dense, x, options.threads)
        begin = time.perf_counter()
        try:
            small = dense.compress(
                {"steps": [step]}, calibration=list(calibration[:, None]) if options.samples else None, threads=options.threads
            )
        except netsuke.Error as error:
            print(options.network, json.dumps(step), error, flush=True)
            continue
        seconds = time.perf_counter() - begin
        made = pruning.answers(small, x, options.threads)
        before, after = milliseconds([dense, small], x[:1], 1)
        total = small.report["total"]
        row = {
            "setting": setting,
            "top1": round(100 * float((made.argmax(1) == labels).mean()), 2),
            "dense_top1": round(100 * float((wanted.argmax(1) == labels).mean()), 2),
            "agreement": round(100 * float((made.argmax(1) == wanted.argmax(1)).mean()), 2),
            "snr_db": round(float(10 * np.log10((wanted**2).sum() / max(((wanted - made) ** 2).sum(), 1e-30))), 2),
            "ms": [round(before, 4), round(after, 4)],
            "seconds": round(seconds, 1),
            "refused": len(small.report["refused"]),
            "total": {key: total.get(key) for key in ("bytes_before", "bytes_after", "macs_before", "macs", "macs_after")},
        }
        with out.open("a") as file:
            file.write(json.dumps(row) + "\n")
        print(options.network, json.dumps(step), row["top1"], row["agreement"], row["ms"], row["seconds"], flush=True)


MACS = "0.5,0.33,0.25,0.7,0.2"
KEPT = ["keep=always"]
# What `every` measures: method, option and values, other options, whether samples are given. With "keep" at "always" methods are compared
# at equal numbers of multiply-accumulates; without, at what a user gets.
EVERY: list[tuple[str, str, str, list[str], bool]] = [
    ("factorize.channel", "target_macs", MACS, ["mode=linear", *KEPT], True),
    ("factorize.channel", "target_macs", MACS, ["mode=nonlinear", *KEPT], True),
    ("factorize.channel", "target_macs", MACS, ["mode=asymmetric", *KEPT], True),
    ("factorize.channel", "target_macs", MACS, ["mode=asymmetric", "spatial=true", *KEPT], True),
    ("factorize.spatial", "target_macs", MACS, KEPT, False),
    ("factorize.spatial", "target_macs", MACS, KEPT, True),
    ("factorize.tucker2", "target_macs", MACS, KEPT, False),
    ("factorize.tucker2", "target_macs", MACS, KEPT, True),
    ("factorize.svd", "target_macs", "0.9,0.8,0.7,0.6,0.5", KEPT, False),
    ("factorize.svd", "target_macs", "0.9,0.8,0.7,0.6,0.5", KEPT, True),
    ("factorize.cp", "target_macs", "0.5,0.33", KEPT, False),
    ("factorize.cp", "target_macs", "0.5,0.33", KEPT, True),
    ("factorize.dct", "target_macs", "0.7,0.5,0.33", KEPT, False),
    ("factorize.depthwise", "target_macs", "0.7,0.5,0.33", KEPT, False),
    ("factorize.depthwise", "target_macs", "0.7,0.5,0.33", KEPT, True),
    ("factorize.channel", "energy", "0.999,0.995,0.99,0.98,0.95", [], True),
    ("factorize.channel", "target_ms", "0.9,0.8,0.7,0.6,0.5", [], True),
    ("factorize.tucker2", "energy", "0.99,0.98,0.95,0.9,0.8", [], True),
    ("factorize.tucker2", "target_ms", "0.9,0.8,0.7,0.6,0.5", [], True),
    ("factorize.svd", "energy", "0.999,0.995,0.99,0.98,0.95", [], True),
    ("factorize.svd", "target_ms", "0.95,0.9,0.85,0.8,0.7", [], True),
    ("factorize.svd", "least_snr", "25,20,15,12,10", [], True),
    ("factorize.channel", "least_snr", "25,20,15,12,10", [], True),
    ("factorize.tucker2", "least_snr", "25,20,15,12,10", [], True),
]


def every(options: argparse.Namespace) -> None:
    for network in options.networks.split(","):
        for method, key, values, settings, samples in EVERY:
            run(argparse.Namespace(**vars(options), network=network, method=method, key=key, values=values, set=settings, samples=samples))


def label(setting: dict[str, Any]) -> str:
    step = dict(setting["step"])
    words = [step.pop("method").removeprefix("factorize.")]
    step.pop("keep", None)
    words += [key.removeprefix("target_") for key in ("energy", "target_ms", "least_snr") if key in step]
    for key in ("energy", "target_macs", "target_ms", "least_snr"):
        step.pop(key, None)
    words += ["3-D" if key == "spatial" else str(value) for key, value in step.items()]
    return " ".join(words) + ("" if setting["calibrate"] else ", weights alone")


def plot(options: argparse.Namespace) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    networks: dict[str, list[dict[str, Any]]] = {}
    for row in pruning.rows(Path(options.file)):
        networks.setdefault(row["setting"]["network"], []).append(row)
    figure, axes = pyplot.subplots(2, max(len(networks), 1), figsize=(5.2 * max(len(networks), 1), 8), squeeze=False, layout="constrained")
    for column, (network, rows) in enumerate(networks.items()):
        for line, (title, chosen) in enumerate(
            (
                ("equal multiply-accumulates", lambda row: "keep" in row["setting"]["step"]),
                ("over measured speed", lambda row: "keep" not in row["setting"]["step"]),
            )
        ):
            axis = axes[line][column]
            curves: dict[str, list[tuple[float, float]]] = {}
            for row in filter(chosen, rows):
                faster = row["ms"][0] / row["ms"][1] if line else 1 / row["setting"]["step"].get("target_macs", 1)
                curves.setdefault(label(row["setting"]), []).append((faster, row["top1"]))
            if not curves:
                axis.set_axis_off()
                continue
            axis.set_prop_cycle(color=pyplot.get_cmap("tab20").colors)
            for name, points in sorted(curves.items()):
                points.sort()
                axis.plot(*zip(*points, strict=True), marker="o", markersize=3, label=name)
            axis.axhline(rows[0]["dense_top1"], color="black", linewidth=0.6, linestyle=":")
            axis.set(title=f"{network}: {title}", ylabel="first answer right, %", ylim=(0, 100))
            axis.set_xlabel("times faster than our dense plan, measured" if line else "times fewer multiply-accumulates")
            axis.grid(alpha=0.3)
            axis.legend(fontsize=7)
    figure.savefig(options.plot, dpi=100)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("run")
    command.add_argument("file")
    command.add_argument("--network", choices=[*CIFAR, *sorted(pruning.NETWORKS)], required=True)
    command.add_argument("--method", required=True)
    command.add_argument("--key", default="target_macs", help="the option that --values are for")
    command.add_argument("--values", required=True)
    command.add_argument("--set", action="append", default=[], metavar="OPTION=VALUE")
    command.add_argument("--no-samples", dest="samples", action="store_false", help="compress without calibration samples")
    command.set_defaults(action=run)
    everything = commands.add_parser(
        "every", help="all curves of docs/low-rank.md; takes an hour or more, and goes on where it was stopped"
    )
    everything.add_argument("file")
    everything.add_argument("--networks", default="vgg,resnet20,mobilenet_v1,squeezenet1.1")
    everything.set_defaults(action=every)
    shared = pruning.SHARED / "data" / "cifar10" / "cifar10-jpeg.tar.xz"
    for measuring in (command, everything):
        measuring.add_argument("--cifar", type=Path, default=Path("build/cifar"), help="the folder of vgg.onnx and resnet20.onnx")
        measuring.add_argument("--data", type=Path, default=shared, help="CIFAR-10, as for scripts/train-cifar.py")
        measuring.add_argument(
            "--calibrate", type=int, default=100, help="photos to calibrate with; four times as many of CIFAR-10's images"
        )
        measuring.add_argument("--test", type=int, default=300)
        measuring.add_argument("--test-cifar", type=int, default=5000)
        measuring.add_argument("--threads", type=int, default=1, help="for compressing and testing; times are of one thread")
    command = commands.add_parser("plot")
    command.add_argument("file")
    command.add_argument("plot")
    command.set_defaults(action=plot)
    options = parser.parse_args()
    options.action(options)


if __name__ == "__main__":
    main()
