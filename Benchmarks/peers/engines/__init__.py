"""One file for each engine: how it is fed, and how it runs.

Imported by workers alone (worker.py). Each has version(), convert(onnx, folder, shape) -> the file that the engine loads, and a class
Runner: Runner(path, threads); arrange(x), what is done once to an input outside the clock; run(arranged) -> the first
output as a numpy array, which is what the clock sees; details(), anything worth reporting, such as bytes of packed weights.
"""

from __future__ import annotations

# In the tables' order.
NAMES = ("netsuke", "onnxruntime", "openvino", "ncnn", "mnn", "litert")
