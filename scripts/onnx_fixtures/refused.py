"""Models that must be refused with a message that says why."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from .build import floats, model, node

X = [1, 4, 6, 6]


def write(writer):
    relu = node("Relu", "x", "y")
    w = floats(6, 4, 1, 1)

    def refuse(name, nodes, outputs=("y",), initializers=None, opset=18, inputs=None):
        proto = model(nodes if isinstance(nodes, list) else [nodes], inputs or {"x": X}, outputs, initializers, opset)
        writer.refuse(name, proto)
        return proto

    custom = helper.make_node("FusedConv", ["a"], ["b"], name="fused", domain="com.microsoft")
    branch = model([relu], {"x": X}, ["y"]).graph
    refuse(
        "operators",
        [
            node("Erf", "x", "a", name="first"),
            custom,
            node("Erf", "b", "c", name=""),
            node("If", "c", "d", then_branch=branch, else_branch=branch),
            node("Relu", "d", "y"),
        ],
    )
    refuse("opset", relu, opset=6)
    refuse("dropout-mask", node("Dropout", "x", "y mask"), outputs={"y": 1, "mask": TensorProto.BOOL})
    refuse("dropout-training", node("Dropout", "x ratio on", "y"), initializers={"ratio": np.float32(0.5), "on": np.bool_(True)})
    refuse("maxpool-indices", node("MaxPool", "x", "y i", kernel_shape=[2, 2]), outputs={"y": 1, "i": TensorProto.INT64})
    refuse("spatial-rank", node("Conv", "x w", "y"), inputs={"x": [1, 4, 5, 5, 5]}, initializers={"w": floats(6, 4, 1, 1, 1)})
    refuse("batchnorm-training", node("BatchNormalization", "x s s s s", "y a b", training_mode=1), initializers={"s": floats(4)})
    refuse(
        "blocked",
        node("QuantizeLinear", "x s", "y", block_size=2),
        opset=21,
        inputs={"x": [1, 4]},
        initializers={"s": np.float32([[1, 2]])},
    )
    refuse("undefined-input", node("Add", "x nowhere", "y"))
    refuse("made-twice", [relu, node("Sigmoid", "x", "y")])
    refuse("cycle", [node("Add", "x b", "a", name="one"), node("Relu", "a", "b", name="two"), node("Relu", "x", "y", name="three")])
    refuse("output-missing", relu, outputs=("z",))
    refuse("attribute-unknown", node("Relu", "x", "y", slope=0.5))
    refuse("attribute-type", node("LeakyRelu", "x", "y", alpha=1))
    refuse("string-tensor", node("Identity", "s", "y"), initializers={"s": np.array(["a"], dtype=object)})
    broken = refuse("raw-size", node("Conv", "x conv1_w", "y"), initializers={"conv1_w": w})
    broken.graph.initializer[0].raw_data = broken.graph.initializer[0].raw_data[:-3]
    writer.refuse("raw-size", broken)
    huge = refuse("huge-dims", node("Conv", "x conv1_w", "y"), initializers={"conv1_w": w})
    del huge.graph.initializer[0].dims[:]
    huge.graph.initializer[0].dims.extend([2**40, 2**40])
    writer.refuse("huge-dims", huge)
    huge.graph.initializer[0].dims[0] = -1
    writer.refuse("negative-dims", huge)
    twice = refuse("initializer-twice", node("Conv", "x conv1_w", "y"), initializers={"conv1_w": w})
    twice.graph.initializer.append(numpy_helper.from_array(w, "conv1_w"))
    writer.refuse("initializer-twice", twice)
    for name, location in {
        "external-parent": "../external.data",
        "external-absolute": "/etc/passwd",
        "external-missing": "nowhere.data",
    }.items():
        proto = refuse(name, node("Conv", "x conv1_w", "y"), initializers={"conv1_w": w})
        tensor = proto.graph.initializer[0]
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value=location)
        writer.refuse(name, proto)
    proto.graph.initializer[0].external_data[0].value = "external.data"
    proto.graph.initializer[0].external_data.add(key="offset", value="1000000")
    writer.refuse("external-beyond", proto)
    proto.graph.initializer[0].external_data[1].value = "-5"
    writer.refuse("external-negative", proto)
    whole = model([relu], {"x": X}, ["y"]).SerializeToString()
    writer.refuse("cut-off", whole[:-7])
    # Names that are not UTF-8, and a graph that is announced longer than the file.
    writer.refuse("utf8", whole.replace(b"relu", b"re\xff\xfe"))
    writer.refuse("no-graph", model([relu], {"x": X}, ["y"]).SerializeToString()[:2])
