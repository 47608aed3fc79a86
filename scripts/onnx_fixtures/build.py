"""Building, checking and storing one fixture."""

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

onnxruntime.set_default_logger_severity(3)
NAMES = {"float32": "f32", "uint8": "u8", "int8": "s8", "int32": "s32", "int64": "s64", "bool": "bool", "float16": "f16"}


def floats(*shape, seed=0, low=-1.0, high=1.0):
    """Reproducible values on a coarse grid, so that files compress well and sums stay exact-ish."""
    numbers = np.random.default_rng(seed).integers(0, 257, shape) / 256
    return (low + (high - low) * numbers).astype(np.float32)


def ints(*values):
    return np.array(values, dtype=np.int64)


def model(nodes, inputs, outputs, initializers=None, opset=18, ir=None):
    """inputs: name → shape (f32) or (shape, onnx type); outputs: names, or name → onnx type."""
    taken = set()
    for number, entry in enumerate(nodes):
        if entry.name in taken:
            entry.name += f"_{number}"
        taken.add(entry.name)
    graph_inputs = []
    for key, value in inputs.items():
        shape, kind = value if isinstance(value, tuple) else (value, TensorProto.FLOAT)
        graph_inputs.append(helper.make_tensor_value_info(key, kind, shape))
    kinds = outputs if isinstance(outputs, dict) else dict.fromkeys(outputs, TensorProto.FLOAT)
    graph_outputs = [helper.make_tensor_value_info(key, kind, None) for key, kind in kinds.items()]
    weights = [
        value if isinstance(value, TensorProto) else numpy_helper.from_array(np.asarray(value), key)
        for key, value in (initializers or {}).items()
    ]
    graph = helper.make_graph(nodes, "fixture", graph_inputs, graph_outputs, weights)
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir or (10 if opset > 20 else 8), producer_name="fixtures"
    )


def node(kind, inputs, outputs, **attributes):
    return helper.make_node(
        kind, inputs.split(" ") if inputs else [], outputs.split(" "), name=attributes.pop("name", kind.lower()), **attributes
    )


def strip(proto):
    """Drops what exporters say about the machine they ran on."""
    proto.doc_string = ""
    del proto.metadata_props[:]
    graph = proto.graph
    graph.doc_string = ""
    for part in (graph.node, graph.input, graph.output, graph.value_info, graph.initializer):
        for entry in part:
            entry.doc_string = ""
            del entry.metadata_props[:]
    del graph.value_info[:]
    del graph.metadata_props[:]
    return proto


class Writer:
    def __init__(self, folder):
        self.folder = folder
        self.names = []
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            old.unlink()

    def add(self, name, proto, feeds):
        """Stores a model that must read and give what onnxruntime gives."""
        path = self.folder / f"{name}.onnx"
        path.write_bytes(proto.SerializeToString())
        self.expect(name, feeds)

    def expect(self, name, feeds):
        """Runs the stored model and stores its inputs and outputs."""
        path = self.folder / f"{name}.onnx"
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        results = session.run(None, feeds)
        with open(self.folder / f"{name}.tensors", "wb") as file:
            for entry in session.get_inputs():
                self.tensor(file, "in", entry.name, feeds[entry.name])
            for entry, value in zip(session.get_outputs(), results):
                self.tensor(file, "out", entry.name, value)
        self.names.append(name)

    @staticmethod
    def tensor(file, role, name, value):
        value = np.ascontiguousarray(value) if value.ndim else value
        extents = ",".join(str(extent) for extent in value.shape)
        file.write(f"{role} {name} {NAMES[value.dtype.name]} {extents}\n".encode())
        file.write(value.tobytes())

    def refuse(self, name, proto):
        """Stores a model that must be refused; the test says with what message."""
        data = proto if isinstance(proto, bytes) else proto.SerializeToString()
        (self.folder / f"refused-{name}.onnx").write_bytes(data)

    def finish(self):
        (self.folder / "manifest.txt").write_text("".join(f"{name}\n" for name in self.names))
        sizes = [path.stat().st_size for path in self.folder.iterdir()]
        print(f"{len(self.names)} models, {sum(sizes)} bytes, largest {max(sizes)}")
        assert max(sizes) <= 50_000 and sum(sizes) <= 600_000
