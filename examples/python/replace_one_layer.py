"""One layer of inference code that exists already, replaced by a sparse one; the rest stays numpy.

python examples/python/replace_one_layer.py
"""

import time

import numpy as np

import netsuke

generator = np.random.default_rng(0)
w1, b1 = generator.standard_normal((1024, 512), np.float32) / 16, np.zeros(1024, np.float32)
w2, b2 = generator.standard_normal((10, 1024), np.float32) / 32, np.zeros(10, np.float32)
w1 = netsuke.prune_apply(w1, netsuke.prune_magnitude(w1, 0.95))  # in real life: then train a little more


def dense(x: np.ndarray) -> np.ndarray:
    hidden = np.maximum(x @ w1.T + b1, 0)
    return hidden @ w2.T + b2


first_layer = netsuke.Linear(w1, b1, format="sparse", activation="relu")


def sparse(x: np.ndarray) -> np.ndarray:
    hidden = first_layer(x)
    return hidden @ w2.T + b2


def milliseconds(function, x: np.ndarray, runs: int = 200) -> float:
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        function(x)
        times.append(time.perf_counter() - started)
    return 1e3 * float(np.median(times))


x = generator.standard_normal((1, 512), np.float32)
difference = np.abs(dense(x) - sparse(x)).max() / np.abs(dense(x)).max()
print(f"{first_layer!r}, dense {w1.nbytes:,} bytes")
print(f"dense {milliseconds(dense, x):.3f} ms, sparse {milliseconds(sparse, x):.3f} ms, largest relative difference {difference:.1e}")
if difference > 1e-5:
    raise SystemExit("the layers differ")
