"""Tables of what was measured: for a terminal, and as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from rich.table import Table

from turns import geometric_mean, lead

OURS = "netsuke"
Cell = dict[str, Any]


def figure(value: float) -> str:
    """Three digits that matter."""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 1 else f"{value:.3f}"


def ours(labels: Iterable[str]) -> str:
    """The first column that is this library."""
    return next((label for label in labels if label == OURS or label.startswith(f"{OURS}:")), "")


class Results:
    """The cells of one or several runs, put in order."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.cells: list[Cell] = document["cells"]
        self.networks = list(dict.fromkeys(cell["network"] for cell in self.cells))
        self.engines = list(dict.fromkeys(cell["engine"] for cell in self.cells))
        self.threads = sorted({cell["threads"] for cell in self.cells})
        self.ours = ours(self.engines)
        self._found = {(cell["network"], cell["threads"], cell["engine"]): cell for cell in self.cells}

    def cell(self, network: str, threads: int, engine: str) -> Cell:
        return self._found.get((network, threads, engine), {"status": "absent"})

    def times(self, network: str, threads: int) -> dict[str, float]:
        """Medians of the engines that computed the right thing."""
        cells = {engine: self.cell(network, threads, engine) for engine in self.engines}
        return {engine: cell["median_ms"] for engine, cell in cells.items() if cell["status"] == "ok" and "median_ms" in cell}


Grid = tuple[list[str], list[list[str]]]


def time_grid(results: Results, threads: int, strong: tuple[str, str]) -> Grid:
    """Milliseconds; the fastest between the marks `strong`; last how many times as long as ours the fastest of the others takes."""
    head = ["network", *results.engines]
    if results.ours:
        head.append("fastest other / ours")
    rows = []
    ratios: dict[str, list[float]] = {engine: [] for engine in results.engines}
    for network in results.networks:
        times = results.times(network, threads)
        least = min(times.values(), default=0)
        row = [network]
        for engine in results.engines:
            if engine in times:
                text = figure(times[engine])
                row.append(f"{strong[0]}{text}{strong[1]}" if times[engine] == least else text)
                if results.ours in times:
                    ratios[engine].append(times[engine] / times[results.ours])
            else:
                status = results.cell(network, threads, engine)["status"]
                row.append({"ok": "–", "absent": "–"}.get(status, status))
        if results.ours:
            found = lead(times, results.ours)
            row.append(f"{found[1]:.2f} ({found[0]})" if found else "–")
        rows.append(row)
    if results.ours:
        means = [f"{geometric_mean(ratios[engine]):.2f}×" if ratios[engine] else "–" for engine in results.engines]
        rows.append(["time / ours, geometric mean", *means, ""])
    return head, rows


def summary_grid(results: Results) -> Grid:
    """Ours beside the fastest of the others, for each number of threads."""
    head = ["network"]
    for threads in results.threads:
        head += [f"{plural(threads)}: {results.ours}", "fastest other", "other / ours"]
    rows = []
    for network in results.networks:
        row = [network]
        for threads in results.threads:
            times = results.times(network, threads)
            found = lead(times, results.ours)
            row += [figure(times[results.ours]), f"{figure(times[found[0]])} ({found[0]})", f"{found[1]:.2f}"] if found else ["–"] * 3
        rows.append(row)
    return head, rows


def plural(threads: int) -> str:
    return f"{threads} thread{'s' if threads > 1 else ''}"


def load_grid(results: Results, threads: int) -> Grid:
    """Milliseconds from the engine's own file to a net that is ready, and of the first run, which plans or packs with some engines."""

    def text(cell: Cell) -> str:
        return f"{cell['load_ms']:.0f} + {figure(cell['first_ms'])}"

    return ["network", *results.engines], [_row(results, network, threads, "load_ms", text) for network in results.networks]


def memory_grid(results: Results, threads: int) -> Grid:
    """Megabytes: what a network needs at least; what ours says it holds; and how much each process grew, at its peak and in the end."""

    def text(cell: Cell) -> str:
        return f"{megabytes(cell['memory']['peak_bytes'])} / {megabytes(cell['memory']['resident_bytes'])}"

    head = ["network", "needed: weights + activations alive at once"]
    if results.ours:
        head.append(f"{results.ours}: packed weights + arena (of needed)")
    rows = []
    for network in results.networks:
        needs = results.document["networks"].get(network, {})
        weights, live = needs.get("weight_bytes", 0), needs.get("live_bytes", 0)
        row = _row(results, network, threads, "memory", text)
        cells = [row[0], f"{megabytes(weights)} + {megabytes(live)}"]
        if results.ours:
            details = results.cell(network, threads, results.ours).get("details", {})
            packed, working = details.get("constant_bytes", 0), details.get("arena_bytes", 0) + details.get("scratch_bytes", 0)
            share = (packed + working) / max(1, weights + live)
            cells.append(f"{megabytes(packed)} + {megabytes(working)} ({share:.2f}×)" if details else "–")
        rows.append(cells + row[1:])
    return [*head, *results.engines], rows


def megabytes(count: int) -> str:
    return f"{count / 1e6:.1f}"


def _row(results: Results, network: str, threads: int, key: str, text: Callable[[Cell], str]) -> list[str]:
    """The network's name, then `text` of each engine's cell, or why it has none."""
    cells = [results.cell(network, threads, engine) for engine in results.engines]
    return [network, *(text(cell) if key in cell else {"absent": "–"}.get(cell["status"], cell["status"]) for cell in cells)]


def notes(results: Results) -> list[str]:
    """What the tables do not say: why cells have no time, and what disturbed the others."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for cell in results.cells:
        if cell["status"] != "ok":
            reasons.setdefault((cell["engine"], f"{cell['status']}: {cell['why']}"), []).append(f"{cell['network']} ({cell['threads']})")
    lines = [f"{engine} {why} — {', '.join(dict.fromkeys(where))}" for (engine, why), where in reasons.items()]
    loud = {f"{cell['network']} ({cell['threads']})": cell["foreign_load"] for cell in results.cells if cell.get("foreign_load", 0) > 0.1}
    if loud:
        lines.append("other programs ran meanwhile: " + ", ".join(f"{name} {load:.1f} processors" for name, load in loud.items()))
    restless = sorted({cell["engine"] for cell in results.cells if cell.get("idle_load", 0) > 0.02})
    if restless:
        lines.append(f"took processor time while it was another's turn: {', '.join(restless)}")
    return lines


def title(results: Results, threads: int) -> str:
    machine = results.document["machine"]
    return f"Median milliseconds, f32, batch 1, {plural(threads)}, {machine['processor']}, {machine['date']}"


def costs(results: Results) -> list[tuple[str, Grid]]:
    """The tables beside the times, for the least number of threads."""
    threads = results.threads[0] if results.threads else 1
    return [
        (f"Milliseconds to load + to run the first time, {plural(threads)}", load_grid(results, threads)),
        (
            "Megabytes: needed at least, held by our session, and by how much each process grew (peak / after)",
            memory_grid(results, threads),
        ),
    ]


def rich_table(grid: Grid, heading: str) -> Table:
    head, rows = grid
    table = Table(title=heading, title_justify="left", header_style="bold")
    for name in head:
        table.add_column(name, justify="left" if name == "network" else "right")
    for row in rows:
        table.add_row(*row)
    return table


def markdown_table(grid: Grid) -> str:
    head, rows = grid
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def markdown(results: Results) -> str:
    """Everything as Markdown."""
    versions = ", ".join(f"{engine} {version}" for engine, version in results.document["versions"].items())
    parts = [f"{versions}\n"]
    if results.ours:
        parts.append(f"{markdown_table(summary_grid(results))}\n")
    for threads in results.threads:
        parts.append(f"**{title(results, threads)}**\n\n{markdown_table(time_grid(results, threads, ('**', '**')))}\n")
    for heading, grid in costs(results):
        parts.append(f"**{heading}**\n\n{markdown_table(grid)}\n")
    parts += [f"* {line}" for line in notes(results)]
    return "\n".join(parts) + "\n"
