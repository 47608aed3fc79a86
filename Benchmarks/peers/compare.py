"""Compares this library with other engines on the same networks, on this machine.

One process for each engine, turn about, the order reversed each round; medians; every engine's output is held against onnxruntime's in
the same run, and one that computes something else is not compared. `make bench-peers` sets everything up and runs all of it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

import engines
from comparison import Cell, Contestant, Settings, compare, convert, reference
from networks import ARCHITECTURES, Network, create, prepare
from report import Results, costs, markdown, notes, rich_table, time_grid, title

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "build" / "peers"
EXAMPLES = """\
examples:
  compare.py --networks resnet18,mobilenet_v2 --engines netsuke,onnxruntime,mnn --threads 1
  compare.py --models net.onnx other.onnx --json net.json --plot net.png
  compare.py --networks resnet18 --netsuke build/lib/libnetsuke.so --netsuke before=/elsewhere/libnetsuke.so
  compare.py --from one.json two.json --markdown table.md
"""


def names(text: str) -> list[str]:
    return [name for name in text.replace(",", " ").split() if name]


def counts(text: str) -> list[int]:
    found = [int(name) for name in names(text)]
    if not found or min(found) < 1:
        raise argparse.ArgumentTypeError("numbers of threads, such as 1,2")
    return found


def positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("a number above 0")
    return number


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", type=names, metavar="NAME,…", help=f"of {', '.join(ARCHITECTURES)} (default: all, without --models)")
    parser.add_argument("--models", nargs="+", type=Path, default=[], metavar="FILE", help="ONNX files of your own")
    parser.add_argument("--engines", type=names, default=list(engines.NAMES), metavar="NAME,…", help=f"of {', '.join(engines.NAMES)}")
    parser.add_argument("--netsuke", action="append", default=[], metavar="[LABEL=]PATH",
                        help="the build to measure: a libnetsuke.so, or a Python that has the package (default .venv/bin/python); "
                        "may be given again, to compare builds")  # fmt: skip
    parser.add_argument("--threads", type=counts, default=[1, 2], metavar="N,…", help="default 1,2")
    parser.add_argument("--rounds", type=positive, default=8, metavar="N", help="turns of each engine (default 8)")
    parser.add_argument("--runs", type=positive, default=3, metavar="N", help="least runs in a turn (default 3)")
    parser.add_argument("--turn-ms", type=float, default=40, metavar="MS", help="least length of a turn (default 40)")
    parser.add_argument("--prepare", action="store_true", help="make and convert the networks, and measure nothing")
    parser.add_argument("--from", dest="saved", nargs="+", type=Path, metavar="FILE", help="show what --json saved; later files win")
    parser.add_argument("--json", metavar="FILE", help="save everything that was measured")
    parser.add_argument("--markdown", metavar="FILE", help="save the tables as Markdown")
    parser.add_argument("--plot", metavar="FILE", help="save a picture (.png, .svg, .pdf)")
    options = parser.parse_args()
    if unknown := set(options.engines) - set(engines.NAMES):
        parser.error(f"no engine {', '.join(sorted(unknown))}; there are {', '.join(engines.NAMES)}")
    if unknown := set(options.networks or ()) - set(ARCHITECTURES):
        parser.error(f"no network {', '.join(sorted(unknown))}; there are {', '.join(ARCHITECTURES)}; --models takes files")
    if missing := [str(path) for path in (*options.models, *(options.saved or ())) if not path.is_file()]:
        parser.error(f"no file {', '.join(missing)}")
    return options


def own_python() -> str:
    return str(ROOT / ".venv" / "bin" / "python")


def contestants(options: argparse.Namespace) -> list[Contestant]:
    """The columns; a libnetsuke.so takes the place of the one in the installed package."""
    result = []
    for engine in options.engines:
        if engine != "netsuke":
            result.append(Contestant(engine, engine, sys.executable))
            continue
        for place, given in enumerate(options.netsuke or [own_python()]):
            label, _, path = given.rpartition("=")
            label = f"netsuke:{label}" if label else "netsuke" if place == 0 else f"netsuke:{place + 1}"
            if path.endswith(".so") or ".so." in path:
                if not os.path.isfile(path):
                    sys.exit(f"compare.py: there is no library '{path}'; 'make build' makes build/lib/libnetsuke.so")
                result.append(Contestant(label, engine, own_python(), {"LD_PRELOAD": os.path.abspath(path)}))
            else:
                result.append(Contestant(label, engine, path))
    return result


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return "an unknown processor"


def prepared(options: argparse.Namespace, console: Console) -> list[Network]:
    wanted = options.networks if options.networks is not None else [] if options.models else list(ARCHITECTURES)
    result = []
    for given in (*wanted, *options.models):
        try:
            path = create(given, WORK / "models", own_python()) if isinstance(given, str) else given
            result.append(prepare(path, WORK / "converted"))
        except Exception as error:  # whatever onnx says of a file that is none
            console.print(f"{given} is left out: {error}", markup=False)
    return result


def measure(options: argparse.Namespace, console: Console) -> dict[str, Any]:
    processors = sorted(os.sched_getaffinity(0))
    settings = Settings(options.rounds, options.runs, options.turn_ms, processors, WORK / "logs")
    columns = contestants(options)
    peers = Contestant("onnxruntime", "onnxruntime", sys.executable)
    with console.status("making and simplifying the networks"):
        networks = prepared(options, console)
    cells: list[Cell] = []
    steps = len(columns) * (1 + (0 if options.prepare else len(options.threads) * (1 + options.rounds)))
    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console, transient=True
    ) as progress:
        task = progress.add_task("", total=steps * len(networks))

        def tick(text: str) -> None:
            progress.update(task, advance=1, description=text)

        for network in networks:
            files = convert(network, columns, settings, tick)
            if options.prepare:
                for label, found in files.items():
                    console.print(f"{network.name}: {label}: {found}", markup=False, highlight=False)
                continue
            truth = reference(network, [peers], settings)
            for threads in options.threads:
                cells += compare(network, columns, files, truth, threads, settings, tick)
                if options.json:  # what was measured stays, whatever happens to the rest
                    save(options.json, document(cells, networks, options, processors))
    return document(cells, networks, options, processors)


def document(cells: list[Cell], networks: list[Network], options: argparse.Namespace, processors: list[int]) -> dict[str, Any]:
    """All that is saved."""
    versions = {cell["engine"]: cell["version"] for cell in cells if "version" in cell}
    machine = {"processor": processor(), "processors": len(processors), "date": time.strftime("%Y-%m-%d")}
    facts = {
        network.name: {"weight_bytes": network.weight_bytes, "live_bytes": network.live_bytes, "shape": network.shape, "note": network.note}
        for network in networks
    }
    return {"machine": machine, "versions": versions, "rounds": options.rounds, "networks": facts, "cells": cells}


def save(path: str, found: dict[str, Any]) -> None:
    Path(path).write_text(json.dumps(found, indent=1) + "\n")


def merged(files: list[Path]) -> dict[str, Any]:
    """Several runs as one: a network that was measured again with as many threads takes the place of what was measured before."""
    result: dict[str, Any] = {"cells": [], "versions": {}, "networks": {}}
    for file in files:
        found = json.loads(file.read_text())
        measured = {(cell["network"], cell["threads"]) for cell in found["cells"]}
        kept = [cell for cell in result["cells"] if (cell["network"], cell["threads"]) not in measured]
        versions, networks = result["versions"] | found["versions"], result["networks"] | found["networks"]
        result = found | {"cells": kept + found["cells"], "versions": versions, "networks": networks}
    rank = {name: place for place, name in enumerate(ARCHITECTURES)}
    result["cells"].sort(key=lambda cell: rank.get(cell["network"], len(rank)))
    return result


def main() -> None:
    options = parse()
    console = Console(width=None if sys.stdout.isatty() else 180)
    found = merged(options.saved) if options.saved else measure(options, console)
    if options.prepare:
        return
    if options.json:
        save(options.json, found)
    if not found["cells"]:
        sys.exit("compare.py: nothing was measured")
    results = Results(found)
    console.print(", ".join(f"{engine} {version}" for engine, version in found["versions"].items()), highlight=False)
    for threads in results.threads:
        console.print(rich_table(time_grid(results, threads, ("[bold]", "[/bold]")), title(results, threads)))
    for heading, grid in costs(results):
        console.print(rich_table(grid, heading))
    for line in notes(results):
        console.print(line, markup=False, highlight=False)
    if options.markdown:
        Path(options.markdown).write_text(markdown(results))
    if options.plot:
        from drawing import draw

        draw(results, options.plot)


if __name__ == "__main__":
    main()
