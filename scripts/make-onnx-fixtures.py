#!/usr/bin/env python3
"""Writes Tests/Fixtures/onnx: small ONNX models with inputs and the outputs that onnxruntime gives for them.

    python3 scripts/make-onnx-fixtures.py            # needs numpy, onnx, onnxruntime; torch for the exported nets

For each model NAME.onnx there is NAME.tensors: for every input and output a line `in|out NAME DTYPE EXTENTS` and its
little-endian bytes. `manifest.txt` lists the models. The models themselves are in onnx_fixtures/, a file for each kind.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from onnx_fixtures import exported, forms, operators, pitfalls, quantized, refused
from onnx_fixtures.build import Writer

writer = Writer(pathlib.Path(__file__).parent.parent / "Tests" / "Fixtures" / "onnx")
for kind in (operators, forms, pitfalls, exported, quantized, refused):
    kind.write(writer)
writer.finish()
