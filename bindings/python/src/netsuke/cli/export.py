"""netsuke export: the same model in the other format."""

from __future__ import annotations

import argparse
import os

from .. import load
from .output import Answer, check_output

SUMMARY = "write a model in another format: .onnx for other engines, .nsk for this one"
EPILOG = """\
examples:
  netsuke export small.nsk small.onnx
  netsuke export net.onnx net.nsk

A quantized model becomes ONNX with QuantizeLinear and DequantizeLinear; sparse weights become dense ones.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", help="a .onnx or .nsk file")
    parser.add_argument("output", help="where to write it: the extension says the format")


def run(options: argparse.Namespace) -> Answer:
    check_output(options.model, options.output)
    load(options.model).save(options.output)
    before, after = os.path.getsize(options.model), os.path.getsize(options.output)
    answer = {"output": str(options.output), "bytes": after, "input_bytes": before}
    return Answer(answer, [f"{options.output}: {after:,} bytes ({options.model}: {before:,})"])
