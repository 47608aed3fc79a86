"""Bars where one would rather look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def draw_bars(path: str, unit: str, names: Sequence[str], series: Mapping[str, Sequence[float]]) -> None:
    """Draws one group of horizontal bars for each name, top to bottom, to a .png, .svg or .pdf file."""
    try:
        import matplotlib
    except ImportError:
        raise ImportError("--plot needs matplotlib: pip install 'netsuke[plot]'") from None
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(9, 1 + 0.28 * max(1, len(names)) * max(1, len(series))), layout="constrained")
    height = 0.8 / max(1, len(series))
    for index, (label, values) in enumerate(series.items()):
        axes.barh([place + index * height for place in range(len(names))], values, height=height, label=label)
    axes.set_yticks([place + height * (len(series) - 1) / 2 for place in range(len(names))], names)
    axes.invert_yaxis()
    axes.set_xlabel(unit)
    axes.grid(axis="x", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    if len(series) > 1:
        axes.legend()
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
