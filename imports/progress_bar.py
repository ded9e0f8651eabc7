"""The progress bar of the command line: on a terminal only, and on its error stream."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from imports.progress import Progress, listening

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

WORDS = {"stage": "Reading", "review": "Comparing", "apply": "Applying", "revert": "Putting back"}
BYTES_PHASE = "stage"


@contextmanager
def shown_on(stream: IO[str], *, wanted: bool) -> Iterator[None]:
    """Show the phases of an import while it runs, if that is wanted and the stream is a terminal."""
    if not wanted or not stream.isatty():
        yield
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description:<12}"),
        BarColumn(),
        TextColumn("{task.fields[amount]}"),
        TimeElapsedColumn(),
    )
    bars = Progress(*columns, console=Console(file=stream), transient=True)
    with bars, listening(_drawing(bars)):
        yield


def amount(told: Progress) -> str:
    """Write how much is done: bytes in megabytes, everything else as it is counted."""
    if not told.total:
        return ""
    if told.phase == BYTES_PHASE:
        return f"{told.done / 1e6:,.1f} of {told.total / 1e6:,.1f} MB"
    return f"{told.done:,} of {told.total:,}"


def _drawing(bars: "Bars") -> Callable[[Progress], None]:
    """Make what draws one bar a phase; a phase that has ended stands full."""
    drawn: dict[str, int] = {}

    def draw(told: Progress) -> None:
        if told.phase not in drawn:
            for task in drawn.values():
                bars.update(bars.task_ids[task], total=1, completed=1)
            words = WORDS.get(told.phase, told.phase.capitalize())
            bars.add_task(words, total=None, amount="")
            drawn[told.phase] = len(drawn)
        task_id = bars.task_ids[drawn[told.phase]]
        bars.update(task_id, total=told.total or None, completed=told.done, amount=amount(told))

    return draw
