"""The frame of every benchmark: figures out as JSON lines, exit code 1 where a goal is missed.

A figure is a value of ours beside a yardstick that was measured in the same run on the same
machine. Absolute seconds differ from machine to machine, so goals bind the ratio wherever a fair
yardstick exists. Standard output carries the JSON lines alone; words for people go to standard
error.
"""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TextIO

BETWEEN = """\
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:], stdout=sys.stderr)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""
MISSED = 1
DIGITS = 4


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound for the value or for the ratio of value to yardstick."""

    of: Literal["value", "ratio"]
    relation: Literal["<=", ">="]
    bound: float

    def __str__(self) -> str:
        return f"{self.of} {self.relation} {self.bound:g}"

    def holds(self, *, value: float, ratio: float | None) -> bool:
        """Say whether the goal is met; a goal on a ratio that does not exist is missed."""
        measured = value if self.of == "value" else ratio
        if measured is None:
            return False
        return measured <= self.bound if self.relation == "<=" else measured >= self.bound


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value; `yardstick` is in the same unit, None where none makes sense.

    A figure without a goal is told and never missed.
    """

    name: str
    value: float
    unit: str
    yardstick: float | None = None
    goal: Goal | None = None

    @property
    def ratio(self) -> float | None:
        """Our value over the yardstick's."""
        return self.value / self.yardstick if self.yardstick else None

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None without a goal."""
        if self.goal is None:
            return None
        return self.goal.holds(value=self.value, ratio=self.ratio)

    def as_json(self) -> str:
        """Write the figure as one line of JSON."""
        return json.dumps(
            {
                "name": self.name,
                "value": round(self.value, DIGITS),
                "unit": self.unit,
                "yardstick": _rounded(self.yardstick),
                "ratio": _rounded(self.ratio),
                "goal": str(self.goal) if self.goal else None,
                "met": self.met,
            }
        )


def publish(figures: Iterable[Figure], *, out: TextIO | None = None) -> int:
    """Print each figure as soon as it is measured; gives 1 where one missed its goal."""
    out = out or sys.stdout
    code = 0
    for figure in figures:
        print(figure.as_json(), file=out, flush=True)
        if figure.met is False:
            code = MISSED
    return code


def tell(line: str) -> None:
    """Say something to the person who waits."""
    print(line, file=sys.stderr, flush=True)


def interleaved_medians(
    calls: Mapping[str, Callable[[], object]],
    *,
    rounds: int,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    """Time each call once a round, in turn, and give the median seconds of each.

    Taking turns lets a machine that grows slower or quicker meanwhile do so to all alike. A call
    that waits for nothing is better timed with `time.process_time`, which a busy machine blurs less.
    """
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            began = clock()
            call()
            taken[name].append(clock() - began)
    return {name: statistics.median(times) for name, times in taken.items()}


def peak_memory_mb(argv: Sequence[str], *, environ: Mapping[str, str] | None = None) -> float:
    """Run a command to its end and give the most memory it held resident, in MB of 2^20 bytes.

    A small process stands between, for Linux counts the memory of whoever forked into a child's
    peak. What the command prints goes to standard error. Raises CalledProcessError where it fails.
    """
    done = subprocess.run(
        [sys.executable, "-I", "-c", BETWEEN, *argv],
        env=dict(environ) if environ is not None else None,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise subprocess.CalledProcessError(done.returncode, list(argv))
    return int(done.stdout) / 1024


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, DIGITS)
