"""Progress of a compression: a function of the caller's, or a bar on the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[str, int, int], object]


@contextmanager
def reporting(progress: bool | Progress | None) -> Iterator[Progress | None]:
    """The function that the library calls with (phase, done, total). `True` means a bar on standard error."""
    if progress is None or progress is False:
        yield None
    elif progress is True:
        with _bar() as function:
            yield function
    elif callable(progress):
        yield progress
    else:
        raise TypeError(f"progress is True, False or a function of (phase, done, total), not {type(progress).__name__}")


@contextmanager
def _bar() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task("compressing", total=None)

        def show(phase: str, done: int, total: int) -> None:
            bars.update(task, description=phase, completed=done, total=total if total > 0 else None)

        yield show
