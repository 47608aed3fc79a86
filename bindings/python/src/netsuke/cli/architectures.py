"""netsuke architectures: the networks that can be built, and their options."""

from __future__ import annotations

import argparse
import json

from .. import architectures
from .output import Answer, table

SUMMARY = "list the networks of the literature that can be built with random weights, and their options"
EPILOG = """\
examples:
  netsuke architectures
  netsuke architectures shufflenet_v1
  netsuke create shufflenet_v1 --groups 4 --output net.onnx

docs/architectures.md has their parameters and multiply-accumulates.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", help="show the options of this network")


def run(options: argparse.Namespace) -> Answer:
    if options.name:
        found = architectures.describe(options.name)
        rows = [[option["key"], option["accepts"], json.dumps(option["default"]), option["summary"]] for option in found["options"]]
        return Answer(found, [table(f"{found['name']}: {found['summary']}", ["option", "is", "default", "meaning"], rows, texts=4)])
    known = [architectures.describe(name) for name in architectures.names()]
    rows = [[entry["name"], entry["summary"], ", ".join(option["key"] for option in entry["options"])] for entry in known]
    return Answer({"architectures": known}, [table("", ["network", "what it is", "options"], rows, texts=3, optional=[2])])
