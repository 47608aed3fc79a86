"""The comparison with other engines (Benchmarks/peers): its arithmetic, and that it survives engines that do not work."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from conftest import CHECKOUT

sys.path.insert(0, str(CHECKOUT / "Benchmarks" / "peers"))

import comparison
import networks
import turns
from connection import Connection, WorkerError
from report import Results, markdown, time_grid


def test_the_order_is_reversed_each_round() -> None:
    assert [turns.order("abc", turn) for turn in range(3)] == [["a", "b", "c"], ["c", "b", "a"], ["a", "b", "c"]]


def test_summary() -> None:
    found = turns.summary([4.0, 1.0, 3.0, 2.0, 100.0])
    assert found == {"median_ms": 3.0, "least_ms": 1.0, "quartiles_ms": [2.0, 4.0], "runs": 5}
    assert turns.summary([7.0])["quartiles_ms"] == [7.0, 7.0]
    with pytest.raises(ValueError, match="no times"):
        turns.summary([])


def test_lead() -> None:
    assert turns.lead({"ours": 2.0, "a": 3.0, "b": 2.5}, "ours") == ("b", 1.25)
    assert turns.lead({"ours": 2.0}, "ours") is None
    assert turns.lead({"a": 2.0, "b": 1.0}, "ours") is None


def cell(engine: str, status: str = "ok", **more: object) -> dict[str, object]:
    return {"network": "net", "threads": 1, "engine": engine, "status": status, "why": "" if status == "ok" else "it broke"} | more


def test_what_is_wrong_is_shown_and_not_compared() -> None:
    cells = [cell("netsuke", median_ms=2.0), cell("mnn", median_ms=3.0), cell("ncnn", "invalid", median_ms=1.0), cell("litert", "failed")]
    machine = {"processor": "P", "date": "today"}
    results = Results({"cells": cells, "machine": machine, "versions": {"mnn": "3"}, "networks": {}})
    head, rows = time_grid(results, 1, ("*", "*"))
    assert head == ["network", "netsuke", "mnn", "ncnn", "litert", "fastest other / ours"]
    assert rows == [
        ["net", "*2.00*", "3.00", "invalid", "failed", "1.50 (mnn)"],
        ["time / ours, geometric mean", "1.00×", "1.50×", "–", "–", ""],
    ]
    text = markdown(results)
    assert "ncnn invalid: it broke" in text
    assert "litert failed: it broke" in text


@pytest.fixture(scope="module")
def network(fashion_path: Path, tmp_path_factory: pytest.TempPathFactory) -> networks.Network:
    folder = tmp_path_factory.mktemp("peers")
    return networks.Network("fashion", fashion_path, fashion_path, folder, (1, 1, 28, 28), *networks.needs(fashion_path))


def test_what_a_network_needs(network: networks.Network) -> None:
    # The weights are nearly all of the file, and a picture is the least that is alive.
    assert 0.9 * network.original.stat().st_size < network.weight_bytes < network.original.stat().st_size
    assert 28 * 28 * 4 < network.live_bytes < network.weight_bytes


def test_engines_take_turns_and_broken_ones_do_not_matter(network: networks.Network, tmp_path: Path) -> None:
    broken = tmp_path / "python"  # an engine whose process ends at once
    broken.write_text("#!/bin/sh\necho the engine is not well >&2\nexit 3\n")
    broken.chmod(0o755)
    columns = [
        comparison.Contestant("netsuke", "netsuke", sys.executable),
        comparison.Contestant("absent", "no_such_engine", sys.executable),
        comparison.Contestant("broken", "netsuke", str(broken)),
        comparison.Contestant("nowhere", "netsuke", str(tmp_path / "nothing")),
    ]
    settings = comparison.Settings(rounds=2, runs=3, turn_ms=0, processors=[min(os.sched_getaffinity(0))], logs=tmp_path / "logs")
    steps: list[str] = []
    files = comparison.convert(network, columns, settings, steps.append)
    truth = Connection("netsuke", sys.executable, settings.processors, tmp_path / "truth.log")
    with truth:
        output = tmp_path / "truth.npy"
        truth.ask("load", path=str(network.original), threads=1, input=str(network.sample()), output=str(output))
    y = np.load(output)
    cells = {found["engine"]: found for found in comparison.compare(network, columns, files, y, 1, settings, steps.append)}
    assert [found["status"] for found in cells.values()] == ["ok", "failed", "failed", "failed"]
    assert cells["netsuke"]["runs"] == 6
    assert cells["netsuke"]["error"] == 0
    assert cells["netsuke"]["details"]["constant_bytes"] > 0
    assert "no_such_engine" in cells["absent"]["why"]
    assert "status 3 (the engine is not well)" in cells["broken"]["why"]
    assert "nothing" in cells["nowhere"]["why"]
    json.dumps(list(cells.values()))
    wrong = comparison.compare(network, columns[:1], files, y + np.abs(y).max(), 1, settings, steps.append)
    assert wrong[0]["status"] == "invalid"
    assert "median_ms" not in wrong[0]


def test_a_worker_that_is_killed_is_an_error_and_not_a_hang(network: networks.Network, tmp_path: Path) -> None:
    with Connection("netsuke", sys.executable, [min(os.sched_getaffinity(0))], tmp_path / "log") as worker:
        worker.process.kill()
        with pytest.raises(WorkerError, match="signal 9"):
            worker.ask("turn", runs=1, ms=0)
