"""`make demo`: a network trained on Fashion-MNIST, before and after compression, measured now on this machine."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.panel import Panel
from rich.table import Table

import netsuke
from netsuke.cli.bench import interleaved

ROOT = Path(__file__).resolve().parents[1]
FASHION = ROOT / "examples" / "fashion-mnist"
OUTPUT = ROOT / "build" / "demo" / "fashion-small.nsk"
RECIPE = {
    "steps": [
        {"method": "prune.magnitude", "sparsity": 0.4, "scope": "global", "score": "activation"},
        {"method": "quantize.affine", "weights": 8, "activations": 8},
    ]
}


def pictures(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Pictures as the network takes them, N x 1 x 28 x 28 in 0 ... 1, and their classes."""
    with np.load(FASHION / name) as content:
        return content["images"][:, None].astype(np.float32) / 255, content["labels"]


def answers(model: netsuke.Model, images: np.ndarray) -> np.ndarray:
    """The class that the model gives to each picture."""
    with model.session(threads=0) as session:
        return np.concatenate([session.run(part).argmax(axis=1) for part in np.array_split(images, 20)])


def main() -> int:
    console = Console(width=max(118, Console().width) if sys.stdout.isatty() else 140)
    original = FASHION / "fashion.onnx"
    model = netsuke.load(original)
    calibration, _ = pictures("fashion-calibration.npz")
    images, labels = pictures("fashion-test.npz")

    steps = ", then ".join(step["method"] for step in RECIPE["steps"])
    console.print(Panel(f"{original.relative_to(ROOT)}: {steps}\n{len(calibration)} pictures to calibrate, {len(labels)} others to test"))
    started = time.perf_counter()
    small = model.compress(RECIPE, calibration=calibration, progress=True)
    seconds = time.perf_counter() - started
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    small.save(OUTPUT)
    again = netsuke.load(OUTPUT)  # what is measured is what was written

    before, after = answers(model, images), answers(again, images)
    one = images[:1]
    sessions = {"before": model.session(threads=1), "after": again.session(threads=1)}
    runners = {name: (lambda session=session: session.run(one)) for name, session in sessions.items()}
    times = {name: float(np.median(values)) for name, values in interleaved(runners, rounds=30, runs=10).items()}

    console.print(small.report)
    table = Table(title="In all", title_justify="left", header_style="bold")
    for heading in ("", "before", "after", ""):
        table.add_column(heading, justify="left" if not table.columns else "right")
    sizes = os.path.getsize(original), os.path.getsize(OUTPUT)
    right = float((before == labels).mean()), float((after == labels).mean())
    table.add_row("bytes of the file", f"{sizes[0]:,}", f"{sizes[1]:,}", f"{sizes[0] / sizes[1]:.1f} times smaller")
    table.add_row("pictures right", f"{100 * right[0]:.2f} %", f"{100 * right[1]:.2f} %", f"{100 * (right[1] - right[0]):+.2f} points")
    table.add_row("same answer as before", "", f"{100 * float((before == after).mean()):.2f} %", "")
    ratio = times["before"] / times["after"]
    word = f"{ratio:.2f} times faster" if ratio >= 1 else f"{1 / ratio:.2f} times slower"
    table.add_row("ms for one picture, one thread", f"{times['before']:.3f}", f"{times['after']:.3f}", word)
    console.print(table)
    console.print(f"Compressing took {seconds:.1f} s. The result is {OUTPUT.relative_to(ROOT)}; look closer with")
    console.print(f"  .venv/bin/netsuke inspect {OUTPUT.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
