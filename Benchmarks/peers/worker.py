"""The process of one engine: reads one JSON command a line on its standard input, answers one JSON object a line.

    {"do": "convert", "onnx": …, "folder": …, "shape": […]}        -> {"path": …, "seconds": …}
    {"do": "load", "path": …, "threads": n, "input": file.npy, "output": file.npy}  -> version, load_ms, first_ms, run_ms, memory
    {"do": "turn", "runs": n, "ms": t}                             -> {"ms": […]}: at least n runs and t milliseconds
    {"do": "finish"}                                               -> memory after the runs, the engine's own details

An exception is answered as {"error": …} and leaves the worker alive. `python worker.py ENGINE CPUS`, CPUS being a list such as 0,1.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from processes import memory, reset_peak


def milliseconds(since: int) -> float:
    return (time.perf_counter_ns() - since) / 1e6


class Worker:
    def __init__(self, engine: str) -> None:
        # Before the engine is imported: the folder engines/ must not hide the packages of the same names, and does not, as a package.
        self.engine = importlib.import_module(f"engines.{engine}")
        self.runner: Any = None
        self.x: Any = None
        self.before: dict[str, int] = {}

    def convert(self, onnx: str, folder: str, shape: list[int]) -> dict[str, Any]:
        Path(folder).mkdir(parents=True, exist_ok=True)
        started = time.perf_counter_ns()
        path = self.engine.convert(Path(onnx), Path(folder), tuple(shape))
        return {"path": str(path), "seconds": milliseconds(started) / 1e3}

    def load(self, path: str, threads: int, input: str, output: str) -> dict[str, Any]:
        x = np.load(input)
        reset_peak()
        self.before = memory()
        started = time.perf_counter_ns()
        self.runner = self.engine.Runner(path, threads)
        load_ms = milliseconds(started)
        self.x = self.runner.arrange(x)
        started = time.perf_counter_ns()
        y = self.runner.run(self.x)
        first_ms = milliseconds(started)
        started = time.perf_counter_ns()
        self.runner.run(self.x)
        run_ms = milliseconds(started)
        np.save(output, y)
        return {"version": self.engine.version(), "load_ms": load_ms, "first_ms": first_ms, "run_ms": run_ms}

    def turn(self, runs: int, ms: float) -> dict[str, Any]:
        run, x, clock = self.runner.run, self.x, time.perf_counter_ns
        run(x)  # what the others left of the caches is not this engine's fault
        times: list[float] = []
        begin = clock()
        while len(times) < runs or milliseconds(begin) < ms:
            started = clock()
            run(x)
            times.append((clock() - started) / 1e6)
        return {"ms": times}

    def finish(self) -> dict[str, Any]:
        after = memory()
        grown = {f"{name}_bytes": after[name] - self.before["resident" if name == "peak" else name] for name in after}
        return {"memory": grown, "details": self.runner.details()}


def main() -> None:
    engine, cpus = sys.argv[1], sys.argv[2]
    os.sched_setaffinity(0, {int(cpu) for cpu in cpus.split(",")})
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # some engines print on standard output
    worker: Worker | None = None
    for line in sys.stdin:
        command = json.loads(line)
        try:
            if worker is None:
                worker = Worker(engine)
            answer = getattr(worker, command.pop("do"))(**command)
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
