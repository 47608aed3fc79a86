"""What a sub-command answers: data for --json, and things for rich to print."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import ConsoleOptions, RenderableType, RenderResult


@dataclass
class Answer:
    """The same answer twice: as data, and as tables and lines for people."""

    data: dict[str, Any]
    rendered: list[RenderableType] = field(default_factory=list)


def check_output(model: str, output: str) -> None:
    """Says no before the work is done where `output` cannot be written, or would take the place of `model`."""
    if not output.endswith((".nsk", ".onnx")):
        raise ValueError(f"'{output}' must end in .nsk or .onnx, which is how the format is chosen")
    folder = os.path.dirname(output) or "."
    if not os.path.isdir(folder):
        raise ValueError(f"cannot write '{output}': there is no folder '{folder}'")
    if not os.access(folder, os.W_OK):
        raise ValueError(f"cannot write '{output}': the folder '{folder}' takes no files")
    if os.path.exists(model) and os.path.exists(output) and os.path.samefile(model, output):
        raise ValueError(f"'{output}' is the model itself, which would be lost: write the result to another file")


def show(answer: Answer, *, as_json: bool) -> None:
    """Prints the answer on standard output."""
    if as_json:
        print(json.dumps(answer.data))
        return
    # A pipe or a file gets whole tables, not ones cut to 80 columns.
    console = Console(width=None if sys.stdout.isatty() else 160, markup=False, emoji=False, highlight=False)
    for item in answer.rendered:
        console.print(item)


@dataclass
class Fitted:
    """A table that leaves out columns, the last of `optional` first, until it fits a terminal with no line broken."""

    draw: Callable[[set[int]], Table]
    optional: Sequence[int]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        left_out: set[int] = set()
        result = self.draw(left_out)
        for index in reversed(self.optional):
            if Measurement.get(console, options.update(max_width=10_000), result).maximum <= options.max_width:
                break
            left_out.add(index)
            result = self.draw(left_out)
        yield result


def table(
    title: str,
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    texts: int,
    footer: Sequence[str] | None = None,
    optional: Sequence[int] = (),
) -> Fitted:
    """A table whose first `texts` columns are words, set left; the others are figures, set right.

    On a terminal that is too narrow the columns `optional` are left out, the last of them first.
    """

    def draw(left_out: set[int]) -> Table:
        shown = [index for index in range(len(headings)) if index not in left_out]
        return _table(title, headings, rows, texts, footer, shown)

    return Fitted(draw, optional)


def _table(
    title: str, headings: Sequence[str], rows: Sequence[Sequence[str]], texts: int, footer: Sequence[str] | None, shown: Sequence[int]
) -> Table:
    result = Table(title=title, title_justify="left", show_footer=footer is not None, header_style="bold")
    for index in shown:
        is_text = index < texts
        result.add_column(
            headings[index], footer[index] if footer else "", justify="left" if is_text else "right", no_wrap=not is_text, overflow="fold"
        )
    for row in rows:
        result.add_row(*(row[index] for index in shown))
    return result


def count(number: float | None) -> str:
    """1,234 or nothing."""
    return "" if number is None else f"{number:,.0f}"


def figure(number: float | None, digits: int = 3) -> str:
    """A number with that many decimals, or nothing."""
    return "" if number is None else f"{number:.{digits}f}"


def percent(share: float | None) -> str:
    """A share as a percentage, or nothing."""
    return "" if share is None else f"{100 * share:.1f} %"
