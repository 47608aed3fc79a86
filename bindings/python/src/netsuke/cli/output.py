"""What a sub-command answers: data for --json, and things for rich to print."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import RenderableType


@dataclass
class Answer:
    """The same answer twice: as data, and as tables and lines for people."""

    data: dict[str, Any]
    rendered: list[RenderableType] = field(default_factory=list)


def show(answer: Answer, *, as_json: bool) -> None:
    """Prints the answer on standard output."""
    if as_json:
        print(json.dumps(answer.data))
        return
    # A pipe or a file gets whole tables, not ones cut to 80 columns.
    console = Console(width=None if sys.stdout.isatty() else 160, markup=False, emoji=False)
    for item in answer.rendered:
        console.print(item)


def table(title: str, headings: Sequence[str], rows: Iterable[Sequence[str]], texts: int, footer: Sequence[str] | None = None) -> Table:
    """A table whose first `texts` columns are words, set left; the others are figures, set right."""
    result = Table(title=title, title_justify="left", show_footer=footer is not None, header_style="bold")
    for index, heading in enumerate(headings):
        is_text = index < texts
        result.add_column(
            heading, footer[index] if footer else "", justify="left" if is_text else "right", no_wrap=not is_text, overflow="fold"
        )
    for row in rows:
        result.add_row(*row)
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
