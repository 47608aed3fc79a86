#!/usr/bin/env python3
"""What quantization leaves of real networks, for docs/quantization.md: a line for each network and recipe.

    scripts/quantize-quality.py
    scripts/quantize-quality.py --networks mobilenet_v2 --set weights=4 --set rounds=0

100 photos calibrate, without their labels; the other 400 test. Uses the networks and photos that stand beside the checkout on some
machines, as scripts/prune-curves.py does, and says so where they are absent.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

import netsuke

WIDTHS = [{"weights": 8}, {"weights": 6}, {"weights": 4}]


def curves() -> Any:
    """scripts/prune-curves.py, which knows the photos."""
    spec = importlib.util.spec_from_file_location("curves", Path(__file__).with_name("prune-curves.py"))
    if spec is None or spec.loader is None:
        raise SystemExit("scripts/prune-curves.py is missing")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def measure(known: Any, network: str, options: dict[str, Any], threads: int) -> str:
    preprocessing, size, offset = known.NETWORKS[network]
    calibration, _ = known.photos(preprocessing, size, range(100))
    images, labels = known.photos(preprocessing, size, range(100, 500))
    model = netsuke.load(known.SHARED / "models" / f"{network}.onnx")
    wanted = known.answers(model, images, threads)
    started = time.perf_counter()
    small = model.compress({"steps": [{"method": "quantize.affine", **options}]}, calibration=calibration, threads=threads)
    seconds = time.perf_counter() - started
    made = known.answers(small, images, threads)
    top = [100 * float((answer.argmax(1) - offset == labels).mean()) for answer in (wanted, made)]
    same = 100 * float((wanted.argmax(1) == made.argmax(1)).mean())
    decibels = 10 * np.log10((wanted**2).sum() / ((wanted - made) ** 2).sum())
    report = small.report
    size_now = 0 if report is None else report.total["bytes_after"]
    return (
        f"| {network} | `{json.dumps(options)[1:-1]}` | {top[0]:.2f} | {top[1]:.2f} | {same:.2f} % | {decibels:.1f} dB |"
        f" {size_now / 1e6:.2f} MB | {seconds:.0f} s |"
    )


def main() -> None:
    known = curves()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="*", default=list(known.NETWORKS), choices=list(known.NETWORKS))
    parser.add_argument("--set", action="append", type=known.option, default=[], metavar="KEY=VALUE", help="an option of quantize.affine")
    parser.add_argument("--threads", type=int, default=0)
    options = parser.parse_args()
    if not known.SHARED.is_dir():
        raise SystemExit(f"the networks and photos are not here: {known.SHARED}")
    print("| network | options | float | top-1 | same answer | logits | file | time |\n|---|---|---|---|---|---|---|---|")
    for network in options.networks:
        for choice in [dict(options.set)] if options.set else WIDTHS:
            print(measure(known, network, choice, options.threads), flush=True)


if __name__ == "__main__":
    main()
