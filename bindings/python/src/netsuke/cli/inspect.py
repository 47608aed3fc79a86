"""netsuke inspect: what is in a model."""

from __future__ import annotations

import argparse
import os
from typing import Any

from .. import load
from .bench import made_up_inputs, shape
from .data import positive
from .output import Answer, count, figure, percent, table

SUMMARY = "show a model's layers, parameters, multiply-accumulates, bytes and zeros"
EPILOG = """\
examples:
  netsuke inspect net.onnx
  netsuke inspect small.nsk --all
  netsuke inspect small.nsk --plot bytes.png
  netsuke inspect net.onnx --plan
  netsuke inspect net.onnx --groups

The tables show layers with weights; --all shows every node. A model made by a compression shows its report with --report.
--plan shows the steps that a session on this machine runs: the kernel of each, and the ways that were compared by estimated time.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", help="a .onnx or .nsk file")
    parser.add_argument("--all", action="store_true", help="every node, not only those with weights")
    parser.add_argument("--report", action="store_true", help="the report of the compression that made the model")
    parser.add_argument("--groups", action="store_true", help="which channels can be removed together, and why others cannot")
    parser.add_argument("--plan", action="store_true", help="the steps that a session runs here: which kernels, and why")
    parser.add_argument("--exact", action="store_true", help="with --plan: without Winograd convolutions")
    parser.add_argument("--batch", type=positive, default=1, metavar="N", help="with --plan: extent of open batch axes (default 1)")
    parser.add_argument("--shape", type=shape, metavar="N,C,H,W", help="with --plan: the input's shape, where more than the batch is open")
    parser.add_argument("--plot", metavar="FILE", help="draw the layers' bytes (needs matplotlib)")


def run(options: argparse.Namespace) -> Answer:
    model = load(options.model)
    description = dict(model.describe())
    report = model.report
    description["metadata"] = {key: text for key, text in description.get("metadata", {}).items() if key != "netsuke.report"}
    size = os.path.getsize(options.model)
    nodes = [node for node in description["nodes"] if options.all or node.get("weights")]
    rows = [_row(node) for node in nodes]
    total = [
        "in all",
        "",
        "",
        "",
        count(description.get("parameters")),
        count(description.get("macs")),
        count(description.get("bytes")),
        "",
    ]
    headings = ["layer", "operator", "output", "weights", "parameters", "MACs", "bytes", "zeros"]
    rendered: list[Any] = [
        f"{options.model}: {size:,} bytes",
        "inputs:  " + ", ".join(str(value) for value in model.inputs),
        "outputs: " + ", ".join(str(value) for value in model.outputs),
        table("", headings, rows, texts=4, footer=total, optional=[4, 7, 1, 2, 3]),
    ]
    if options.report:
        rendered.append(report if report is not None else "this model was not made by a compression: it has no report")
    groups = model.pruning_groups() if options.groups else None
    if groups is not None:
        rendered.append(_group_table(groups))
    plan = None
    if options.plan:
        with model.session(exact=options.exact) as session:
            session.run(*made_up_inputs(model, options))
            plan = session.plan
        rendered.append(_plan_table(plan))
    if options.plot:
        from .plot import draw_bars

        weighty = [node for node in description["nodes"] if node.get("bytes")]
        draw_bars(options.plot, "bytes", [node["name"] for node in weighty], {"bytes": [node["bytes"] for node in weighty]})
        rendered.append(f"drawn to {options.plot}")
    answer = {"file": str(options.model), "file_bytes": size, **description, "report": None if report is None else report.to_dict()}
    if groups is not None:
        answer["groups"] = groups
    if plan is not None:
        answer["plan"] = plan
    return Answer(answer, rendered)


def _row(node: dict[str, Any]) -> list[str]:
    return [
        str(node["name"]),
        str(node["op"]),
        "?" if node.get("shape") is None else "×".join(str(extent) for extent in node["shape"]),
        ", ".join(node.get("weights", [])),
        count(node.get("parameters")),
        count(node.get("macs")),
        count(node.get("bytes")),
        percent(node.get("zeros")) if node.get("parameters") else "",
    ]


def _group_table(groups: list[dict[str, Any]]) -> Any:
    rows = [
        [
            group["name"],
            ", ".join(group["layers"]),
            ", ".join(group["readers"]),
            "; ".join(group["reasons"] + [f"the {one['groups']} groups of {one['node']} keep equally many" for one in group["equal"]]),
            count(group["channels"]),
            count(group["removable"]),
        ]
        for group in groups
    ]
    return table(
        "channels that go together", ["group", "layers", "read by", "why not, or how", "channels", "removable"], rows, texts=4, optional=[2]
    )


def _plan_table(plan: dict[str, Any]) -> Any:
    rows = [
        [
            str(step["name"]),
            " + ".join(step["operators"]),
            str(step["kernel"]),
            str(step.get("why") or ""),
            "" if step.get("estimated_ms") is None else figure(step["estimated_ms"]),
        ]
        for step in plan["steps"]
    ]
    return table("plan", ["step", "operators", "kernel", "why", "estimated ms"], rows, texts=4, optional=[3, 4])
