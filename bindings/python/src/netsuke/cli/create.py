"""netsuke create: a network of the literature with random weights, as a file."""

from __future__ import annotations

import argparse
import os

from .. import architectures
from .output import Answer, check_output, count

SUMMARY = "build a network of the literature with random weights"
EPILOG = """\
examples:
  netsuke create mobilenet_v2 --output net.onnx
  netsuke create mobilenet_v2 --width 0.5 --classes 10 --seed 7 --output net.nsk
  netsuke create shufflenet_v1 --groups 8 --resolution 192 --output net.onnx

The same options give the same bits on every machine. `netsuke architectures` lists the networks, `netsuke architectures NAME` the
options that one has.
"""

OPTIONS = {
    "width": (float, "factor on the channels"),
    "groups": (int, "groups of the grouped convolutions"),
    "classes": (int, "how many outputs"),
    "resolution": (int, "height and width of the input, in pixels"),
    "channels": (int, "channels of the input"),
    "seed": (int, "of the random weights (0)"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="one of those that `netsuke architectures` lists")
    parser.add_argument("--output", "-o", metavar="FILE", required=True, help="where to write it: the extension says .onnx or .nsk")
    for key, (kind, meaning) in OPTIONS.items():
        parser.add_argument(f"--{key}", type=kind, metavar="N", help=meaning)


def run(options: argparse.Namespace) -> Answer:
    check_output("", options.output)
    given = {key: getattr(options, key) for key in OPTIONS if getattr(options, key) is not None}
    model = architectures.create(options.name, **given)
    model.save(options.output)
    description = model.describe()
    answer = {
        "output": str(options.output),
        "bytes": os.path.getsize(options.output),
        "parameters": description["parameters"],
        "macs": description["macs"],
    }
    line = f"{options.output}: {count(answer['parameters'])} parameters, {count(answer['macs'])} MACs, {count(answer['bytes'])} bytes"
    return Answer(answer, [line])
