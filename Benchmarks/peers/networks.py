"""The ONNX files that all engines get, and what they need at least."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx

from processes import checked

# Ops whose result may take the place of their first input.
_IN_PLACE = {"Relu", "Clip", "Sigmoid", "HardSigmoid", "HardSwish", "LeakyRelu", "BatchNormalization", "Dropout", "Identity", "Softmax",
             "Reshape", "Flatten", "Squeeze", "Unsqueeze"}  # fmt: skip


@dataclass
class Network:
    """One network: `original` is the file as exported, `path` the same with batch norms folded and constants worked out by onnxsim, which
    every engine gets, so that no engine is measured by its converter's ability to do so."""

    name: str
    original: Path
    path: Path
    folder: Path
    shape: tuple[int, ...]
    weight_bytes: int
    live_bytes: int
    note: str = ""

    def sample(self) -> Path:
        """A file with the input that every engine gets: normal numbers, the same ones each time."""
        file = self.folder / "input.npy"
        if not file.exists():
            np.save(file, np.random.default_rng(0).standard_normal(self.shape, np.float32))
        return file


# The twelve that are compared: the library's name of the architecture, and its options.
ARCHITECTURES: dict[str, tuple[str, dict[str, float]]] = {
    "alexnet": ("alexnet_one_tower", {}),
    "vgg16": ("vgg16", {}),
    "squeezenet1_0": ("squeezenet1_0", {}),
    "squeezenet1_1": ("squeezenet1_1", {}),
    "mobilenet_v1": ("mobilenet_v1", {}),
    "mobilenet_v2": ("mobilenet_v2", {}),
    "xception": ("xception", {}),
    "shufflenet_v1_g3": ("shufflenet_v1", {"groups": 3}),
    "shufflenet_v2_x1_0": ("shufflenet_v2", {}),
    "effnet": ("effnet", {}),
    "resnet18": ("resnet18", {}),
    "resnet50": ("resnet50", {}),
}

_CREATE = "import json, netsuke, sys; netsuke.architectures.create(sys.argv[1], **json.loads(sys.argv[2])).save(sys.argv[3])"


def create(name: str, folder: Path, python: str) -> Path:
    """A file of one of them with random weights, made by the library; one that stands there already is kept."""
    folder.mkdir(parents=True, exist_ok=True)
    architecture, options = ARCHITECTURES[name]
    path = folder / f"{name}.onnx"
    if not path.exists():
        partial = folder / f"partial-{name}.onnx"
        checked([python, "-c", _CREATE, architecture, json.dumps(options), str(partial)], partial)
        partial.rename(path)
    return path


def prepare(path: Path, folder: Path) -> Network:
    """Looks at a file and simplifies it, unless that was done before. Raises ValueError for networks that the harness cannot feed."""
    state = path.stat()
    folder = folder / f"{path.stem}-{state.st_size:x}-{state.st_mtime_ns:x}"
    folder.mkdir(parents=True, exist_ok=True)
    graph = onnx.load(str(path), load_external_data=False).graph
    constants = {tensor.name for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in constants]
    if len(inputs) != 1:
        raise ValueError(f"{path.name} has {len(inputs)} inputs; networks with one input are compared")
    extents = [axis.dim_value if axis.HasField("dim_value") else 0 for axis in inputs[0].type.tensor_type.shape.dim]
    if extents and extents[0] == 0:
        extents[0] = 1
    if not extents or 0 in extents:
        raise ValueError(f"{path.name} leaves more than the batch of its input open")
    simplified, note = folder / "simplified.onnx", ""
    if not simplified.exists():
        shape = f"{inputs[0].name}:{','.join(str(extent) for extent in extents)}"
        partial = folder / "partial.onnx"
        try:
            checked([sys.executable, "-m", "onnxsim", str(path), str(partial), "--overwrite-input-shape", shape], partial)
            onnx.save(onnx.load(str(partial)), str(simplified))  # large ones come with their weights in a second file
            for part in folder.glob("partial.onnx*"):
                part.unlink()
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            simplified, note = path, f"as exported: {error}"
    weights, live = needs(simplified)
    return Network(path.stem, path, simplified, folder, tuple(extents), weights, live, note)


def needs(path: Path) -> tuple[int, int]:
    """Bytes of the weights, and of the most activations that are alive at once in the file's order of nodes, results written over inputs
    where an op allows it: what no engine that runs node by node can do without."""
    model = onnx.shape_inference.infer_shapes(onnx.load(str(path)))
    graph = model.graph
    weights = sum(_bytes(tensor.data_type, tensor.dims) for tensor in graph.initializer)
    values = (*graph.input, *graph.value_info, *graph.output)
    sizes = {
        value.name: _bytes(value.type.tensor_type.elem_type, [axis.dim_value for axis in value.type.tensor_type.shape.dim])
        for value in values
    }
    alias = {tensor.name: "" for tensor in graph.initializer}  # "": takes no memory of its own
    uses: dict[str, int] = {}
    for place, node in enumerate(graph.node):
        owner = alias.get(node.input[0], node.input[0]) if node.input else ""
        for name in node.output:
            alias[name] = owner if node.op_type in _IN_PLACE else "" if node.op_type == "Constant" else name
        for name in (*node.input, *node.output):
            uses[alias.get(name, name)] = place
    for value in graph.output:
        uses[alias.get(value.name, value.name)] = len(graph.node)
    alive = {value.name for value in graph.input if value.name in uses}
    most = 0
    for place, node in enumerate(graph.node):
        alive |= {alias[name] for name in node.output} - {""}
        most = max(most, sum(sizes.get(name, 0) for name in alive))
        alive = {name for name in alive if uses[name] > place}
    return weights, most


def _bytes(kind: int, extents: list[int]) -> int:
    count = int(np.prod([max(1, extent) for extent in extents], dtype=np.int64))
    return count * np.dtype(onnx.helper.tensor_dtype_to_np_dtype(kind)).itemsize if kind else 0
