"""Running on a thread pool of your own: the library starts no thread, the results are the same bits.

python examples/python/own_thread_pool.py
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

import netsuke

model = netsuke.load(Path(__file__).resolve().parents[1] / "fashion-mnist" / "fashion.onnx")
x = np.random.default_rng(0).random((32, 1, 28, 28), np.float32)

with ThreadPoolExecutor(max_workers=2) as pool:

    def parallel_for(count: int, task: Callable[[int], None]) -> None:
        list(pool.map(task, range(count)))

    pooled = model.session(threads=2, parallel_for=parallel_for).run(x)

alone = model.session(threads=1).run(x)
print(f"32 pictures on the pool and alone: {'the same bits' if np.array_equal(pooled, alone) else 'DIFFERENT'}")
if not np.array_equal(pooled, alone):
    raise SystemExit(1)
