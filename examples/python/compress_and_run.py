"""A trained network in, a small one out: prune, quantize, save, run, and see what that did.

python examples/python/compress_and_run.py
"""

from pathlib import Path

import numpy as np

import netsuke

FASHION = Path(__file__).resolve().parents[1] / "fashion-mnist"


def pictures(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Pictures as the network takes them, N x 1 x 28 x 28 in 0 ... 1, and their classes."""
    with np.load(FASHION / name) as content:
        return content["images"][:, None].astype(np.float32) / 255, content["labels"]


model = netsuke.load(FASHION / "fashion.onnx")
print(model)

recipe = {
    "steps": [
        {"method": "prune.magnitude", "sparsity": 0.4, "scope": "global", "score": "activation"},
        {"method": "quantize.affine", "weights": 8, "activations": 8},
    ]
}
calibration, _ = pictures("fashion-calibration.npz")
small = model.compress(recipe, calibration=calibration[:100], progress=True)
print(small.report)

small.save("fashion-small.nsk")
again = netsuke.load("fashion-small.nsk")

images, labels = pictures("fashion-test.npz")
for name, network in (("before", model), ("after", again)):
    with network.session(threads=2) as session:
        right = (session.run(images).argmax(axis=1) == labels).mean()
    print(f"{name}: {100 * right:.1f} % of {len(labels)} pictures right")
