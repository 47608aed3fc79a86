"""The plot: how many times as long as ours each engine takes."""

from __future__ import annotations

from report import Results

COLOURS = {"onnxruntime": "#4878a8", "openvino": "#8f6bb3", "ncnn": "#5b9a5b", "mnn": "#c9913d", "litert": "#7a7a7a"}


def draw(results: Results, path: str) -> None:
    """One panel for each number of threads, one line for each network, one dot for each engine; ours is the line at 1."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    networks, count = results.networks, len(results.threads)
    figure, panels = pyplot.subplots(
        1, count, figsize=(1.5 + 4.2 * count, 1.4 + 0.3 * len(networks)), sharey=True, sharex=True, squeeze=False, layout="constrained"
    )
    extremes = [1.0]
    for panel, threads in zip(panels[0], results.threads, strict=True):
        for engine in results.engines:
            points = []
            for row, network in enumerate(networks):
                times = results.times(network, threads)
                if engine in times and results.ours in times and engine != results.ours:
                    points.append((times[engine] / times[results.ours], row))
            if points:
                extremes += [x for x, _ in points]
                panel.scatter(*zip(*points, strict=True), s=42, label=engine, color=COLOURS.get(engine), alpha=0.85, linewidth=0, zorder=3)
        panel.axvline(1, color="#b03030", linewidth=2, zorder=2)
        panel.set_xscale("log")
        panel.grid(axis="x", alpha=0.3)
        panel.set_title(f"{threads} thread{'s' if threads > 1 else ''}", fontsize=10)
        panel.set_xlabel(f"time / {results.ours}'s time (right of the line: slower)")
        panel.spines[["top", "right"]].set_visible(False)
    low, high = min(extremes) / 1.08, max(extremes) * 1.08
    marks = [mark for mark in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 7, 10) if low <= mark <= high]
    first = panels[0][0]
    first.set_xlim(low, high)
    first.xaxis.set_major_locator(FixedLocator(marks))
    first.xaxis.set_minor_locator(NullLocator())
    first.xaxis.set_major_formatter(FuncFormatter(lambda mark, _: f"{mark:g}×"))
    first.set_yticks(range(len(networks)), networks)
    first.invert_yaxis()
    handles, labels = first.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=max(1, len(labels)), frameon=False)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
