"""`Report`: what a compression did, per layer and in all, as data, as a table on the terminal and as HTML."""

from __future__ import annotations

import html
import io
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.table import Table

Row = dict[str, Any]
# The columns of both tables: heading, and what stands there for a layer (or the total, which has the same keys).
_COLUMNS: list[tuple[str, Callable[[Row], str]]] = [
    ("layer", lambda row: str(row.get("name", "in all"))),
    ("operator", lambda row: str(row.get("operator", ""))),
    ("stored as", lambda row: str(row.get("format", ""))),
    ("bytes", lambda row: f"{row['bytes_before']:,}"),
    ("now", lambda row: f"{row['bytes_after']:,}"),
    ("ratio", lambda row: _ratio(row["bytes_before"], row["bytes_after"])),
    ("zeros", lambda row: f"{100 * row['zeros_after']:.0f} %"),
    ("ms", lambda row: _number(row.get("ms_before"), 3)),
    ("now", lambda row: _number(row.get("ms_after"), 3)),
    ("SNR dB", lambda row: _number(row.get("snr_db"), 1)),
    ("alone", lambda row: _number(row.get("snr_alone_db"), 1)),
    ("cut off", lambda row: _share(row.get("input_saturated"))),
]
_LEFT = 3  # columns of text; figures stand to the right


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def _share(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.2f} %"


def _ratio(before: float, after: float) -> str:
    return f"{before / after:.2f}x" if after else ""


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} other layers"


class Report:
    """A compression's report. `print(report)` shows a table; `to_dict()` and `to_json()` have the stable keys of docs/recipes.md."""

    def __init__(self, data: dict[str, Any]) -> None:
        self._data = data

    def to_dict(self) -> dict[str, Any]:
        """The report as plain data: model, recipe, machine, time, samples, total, layers, refused, removed, notes."""
        copy: dict[str, Any] = json.loads(json.dumps(self._data))
        return copy

    def to_json(self, indent: int | None = None) -> str:
        """The report as JSON text."""
        return json.dumps(self._data, indent=indent)

    @property
    def total(self) -> dict[str, Any]:
        """The figures in all: bytes_before, bytes_after, size_ratio, parameters and macs (and …_after), zeros_*, ms_*, snr_db."""
        return dict(self._data["total"])

    @property
    def layers(self) -> list[dict[str, Any]]:
        """The figures of each layer that has weights, in order."""
        return [dict(layer) for layer in self._data["layers"]]

    @property
    def refused(self) -> list[dict[str, Any]]:
        """What the recipe asked for and did not pay, with the reason and the milliseconds."""
        return [dict(refusal) for refusal in self._data.get("refused", [])]

    @property
    def removed(self) -> list[dict[str, Any]]:
        """The channels that prune.channels took: step, group, channels (how many there were), removed (their numbers in the group)."""
        return [dict(removal) for removal in self._data.get("removed", [])]

    @property
    def notes(self) -> list[str]:
        """What could not be measured, and why."""
        return list(self._data.get("notes", []))

    def __getitem__(self, key: str) -> Any:
        return self.to_dict()[key]

    def table(self) -> Table:
        """The layers and the total as a table for rich."""
        from rich.table import Table
        from rich.text import Text

        table = Table(title=self._title(), title_justify="left", show_footer=True, header_style="bold")
        for index, (heading, cell) in enumerate(_COLUMNS):
            figure = index >= _LEFT
            table.add_column(
                heading,
                footer=cell(self._data["total"]),
                justify="right" if figure else "left",
                no_wrap=figure,
                overflow="fold",
            )
        for layer in self._data["layers"]:
            table.add_row(*(Text(cell(layer)) for _, cell in _COLUMNS))
        return table

    def plot(self, path: str) -> None:
        """Draws each layer's signal-to-noise ratio to a .png, .svg or .pdf file: with all layers before it compressed, and by itself.

        Layers of which nothing was measured are left out. Needs matplotlib.
        """
        from .cli.plot import draw_bars

        layers = [layer for layer in self._data["layers"] if layer.get("snr_db") is not None]
        series = {"with all before it": [layer["snr_db"] for layer in layers]}
        if any(layer.get("snr_alone_db") is not None for layer in layers):
            series["alone"] = [layer.get("snr_alone_db") or 0.0 for layer in layers]
        draw_bars(path, "signal to noise, dB", [layer["name"] for layer in layers], series)

    def _title(self) -> str:
        return f"{self._data.get('model') or 'model'}: {self._data.get('machine', '')}, {self._data.get('samples', 0)} samples"

    def _remarks(self) -> list[str]:
        kept: dict[tuple[str, str], list[str]] = {}
        for refusal in self.refused:
            kept.setdefault((refusal["what"], refusal["reason"]), []).append(refusal["layer"])
        refused = [f"not done: {what}, {reason}, in {_listed(layers)}" for (what, reason), layers in kept.items()]
        return refused + [f"note: {note}" for note in self.notes]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.text import Text

        yield self.table()
        yield from (Text(remark) for remark in self._remarks())

    def __str__(self) -> str:
        from rich.console import Console

        text = io.StringIO()
        Console(file=text, width=140).print(self)
        return text.getvalue().rstrip("\n")

    def __repr__(self) -> str:
        total = self._data["total"]
        return f"<netsuke.Report {len(self._data['layers'])} layers, {total['bytes_before']:,} -> {total['bytes_after']:,} bytes>"

    def _repr_html_(self) -> str:
        def row(cells: list[str], tag: str) -> str:
            style = ' style="text-align: right"'
            return (
                "<tr>"
                + "".join(f"<{tag}{style if index >= _LEFT else ''}>{html.escape(cell)}</{tag}>" for index, cell in enumerate(cells))
                + "</tr>"
            )

        head = row([heading for heading, _ in _COLUMNS], "th")
        body = "".join(row([cell(layer) for _, cell in _COLUMNS], "td") for layer in self._data["layers"])
        foot = row([cell(self._data["total"]) for _, cell in _COLUMNS], "th")
        remarks = "".join(f"<p>{html.escape(remark)}</p>" for remark in self._remarks())
        caption = f"<caption>{html.escape(self._title())}</caption>"
        return f"<table>{caption}<thead>{head}</thead><tbody>{body}</tbody><tfoot>{foot}</tfoot></table>{remarks}"
