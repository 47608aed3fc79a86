"""Whose turn it is, and what the times come to."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any


def order(names: Sequence[str], turn: int) -> list[str]:
    """Who runs in which order in one round: forwards, then backwards, so that a drift of the machine's speed meets all alike."""
    return list(names) if turn % 2 == 0 else list(reversed(names))


def summary(times: Sequence[float]) -> dict[str, Any]:
    """Median, least, and the quartiles of some milliseconds."""
    if not times:
        raise ValueError("no times")
    if len(times) == 1:
        lower = upper = times[0]
    else:
        lower, _, upper = statistics.quantiles(times, n=4, method="inclusive")
    return {"median_ms": statistics.median(times), "least_ms": min(times), "quartiles_ms": [lower, upper], "runs": len(times)}


def geometric_mean(values: Sequence[float]) -> float:
    """The mean of ratios."""
    return statistics.geometric_mean(values)


def lead(times: dict[str, float], ours: str) -> tuple[str, float] | None:
    """The fastest of the others, and its time over ours (above 1: ours is faster); None where there is nobody to compare with."""
    others = {name: time for name, time in times.items() if name != ours}
    if ours not in times or not others:
        return None
    fastest = min(others, key=lambda name: others[name])
    return fastest, others[fastest] / times[ours]
