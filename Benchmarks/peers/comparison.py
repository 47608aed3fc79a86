"""Measures one network with all engines turn about."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from connection import Connection, WorkerError
from networks import Network
from processes import busy_seconds
from turns import order, summary

TOLERANCE = 1e-3  # of the largest output: an engine further away from onnxruntime computes something else


@dataclass
class Contestant:
    """One column: the engine's name, the Python that has it, variables of its process."""

    label: str
    engine: str
    python: str
    environment: dict[str, str] = field(default_factory=dict)


@dataclass
class Settings:
    rounds: int
    runs: int
    turn_ms: float
    processors: list[int]
    logs: Path


Cell = dict[str, Any]
Tick = Callable[[str], None]


def convert(network: Network, contestants: list[Contestant], settings: Settings, tick: Tick) -> dict[str, Path | str]:
    """What each contestant loads: a file, or why there is none (text)."""
    found: dict[str, Path | str] = {}
    for one in contestants:
        tick(f"{network.name}: {one.label} converts")
        folder = network.folder / one.engine
        done = folder / "converted"
        if one.engine != "netsuke" and done.exists() and Path(done.read_text()).exists():
            found[one.label] = Path(done.read_text())
            continue
        try:
            with connect(one, settings.processors, settings, network) as worker:
                answer = worker.ask("convert", onnx=str(network.path), folder=str(folder), shape=list(network.shape))
            found[one.label] = Path(answer["path"])
            if one.engine != "netsuke":
                done.write_text(answer["path"])
        except WorkerError as error:
            found[one.label] = str(error)
    return found


def connect(one: Contestant, processors: list[int], settings: Settings, network: Network) -> Connection:
    return Connection(one.engine, one.python, processors, settings.logs / f"{network.name}-{one.label}.log", one.environment)


def reference(network: Network, contestants: list[Contestant], settings: Settings) -> np.ndarray | None:
    """What onnxruntime makes of the file as it was exported; None where it is not to be had."""
    one = next((one for one in contestants if one.engine == "onnxruntime"), None)
    if one is None:
        return None
    output = network.folder / "reference.npy"
    try:
        with connect(Contestant("reference", one.engine, one.python), settings.processors[:1], settings, network) as worker:
            worker.ask("load", path=str(network.original), threads=1, input=str(network.sample()), output=str(output))
    except WorkerError:
        return None
    return np.load(output)


def compare(
    network: Network,
    contestants: list[Contestant],
    files: dict[str, Path | str],
    truth: np.ndarray | None,
    threads: int,
    settings: Settings,
    tick: Tick,
) -> list[Cell]:
    """One cell for each contestant: status "ok", "invalid" (wrong results: not compared) or "failed" (with the reason), and the figures."""
    cells: dict[str, Cell] = {}
    running: dict[str, Connection] = {}
    # One thread stays on one processor, the last: the first serves interrupts on many machines.
    processors = settings.processors[-threads:]
    try:
        for one in contestants:
            tick(f"{network.name}, {threads} threads: {one.label} loads")
            cell: Cell = {"network": network.name, "threads": threads, "engine": one.label, "status": "failed", "why": ""}
            cells[one.label] = cell
            path = files[one.label]
            if isinstance(path, str):
                cell["why"] = path
                continue
            try:
                worker = connect(one, processors, settings, network)
                running[one.label] = worker
                _load(network, worker, path, truth, threads, cell)
            except WorkerError as error:
                cell["why"] = str(error)
            if cell["status"] != "ok" and one.label in running:
                running.pop(one.label).close()
        _take_turns(network, running, cells, threads, settings, tick)
    finally:
        for worker in running.values():
            worker.close()
    return list(cells.values())


def _load(network: Network, worker: Connection, path: Path, truth: np.ndarray | None, threads: int, cell: Cell) -> None:
    output = network.folder / f"output-{worker.process.pid}.npy"
    try:
        cell |= worker.ask("load", path=str(path), threads=threads, input=str(network.sample()), output=str(output))
        y = np.load(output)
    finally:
        output.unlink(missing_ok=True)
    cell["status"] = "ok"
    if truth is None:
        return
    if y.size != truth.size or not np.isfinite(y).all():
        cell["error"] = float("inf")
    else:
        cell["error"] = float(np.abs(y.reshape(truth.shape) - truth).max() / max(float(np.abs(truth).max()), 1e-30))
    if cell["error"] > TOLERANCE:
        cell |= {"status": "invalid", "why": f"differs from onnxruntime by {cell['error']:.2g} of the largest output"}


def _take_turns(
    network: Network, running: dict[str, Connection], cells: dict[str, Cell], threads: int, settings: Settings, tick: Tick
) -> None:
    times: dict[str, list[float]] = {label: [] for label in running}
    idle = dict.fromkeys(running, 0.0)
    asleep = {}
    for label, worker in running.items():
        worker.quieten()
        asleep[label] = worker.processor_seconds()
    began, busy = time.monotonic(), busy_seconds()
    own = {label: worker.processor_seconds() for label, worker in running.items()}
    for turn in range(settings.rounds):
        for label in order(list(running), turn):
            tick(f"{network.name}, {threads} threads, round {turn + 1} of {settings.rounds}")
            worker = running.get(label)
            if worker is None:
                continue
            try:
                idle[label] += worker.processor_seconds() - asleep[label]
                times[label] += worker.ask("turn", runs=settings.runs, ms=settings.turn_ms)["ms"]
                worker.quieten()
                asleep[label] = worker.processor_seconds()
            except (WorkerError, OSError) as error:
                cells[label] |= {"status": "failed", "why": str(error)}
                running.pop(label).close()
    elapsed = time.monotonic() - began
    own_seconds = sum(worker.processor_seconds() - own[label] for label, worker in running.items())
    foreign = max(0.0, (busy_seconds() - busy - own_seconds) / max(elapsed, 1e-9))
    for label, worker in list(running.items()):
        try:
            cells[label] |= summary(times[label]) | worker.ask("finish")
            # Processors' share of time that others' programs took, and that this engine took while it was not its turn.
            cells[label] |= {"foreign_load": round(foreign, 3), "idle_load": round(idle[label] / max(elapsed, 1e-9), 4)}
        except WorkerError as error:
            cells[label] |= {"status": "failed", "why": str(error)}
