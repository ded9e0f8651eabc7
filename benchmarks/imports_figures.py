"""The figures of the benchmark of imports, one group after the other."""

import argparse
import os
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmarks.frame import Figure, Goal, interleaved_medians, peak_memory_mb, tell
from benchmarks.imports_files import Files, write_large
from benchmarks.imports_world import NOW, World
from benchmarks.imports_yardsticks import (
    WHOLE_DOCUMENT,
    bulk_create,
    copied_out,
    copy_records,
    copy_rendered,
    decode_document,
    decode_lines,
    read_and_hash,
)
from imports.formats.checks import Checker
from imports.formats.content import BytesContent
from imports.formats.registry import open_export
from imports.synthetic import reference_spec

PARSE_ROUNDS = 5
HUGE_BYTES = 2**30
MEGABYTE = 2**20
SMALL_PROCESS_MB = 300.0
ROOM_MB = 60.0
SETUP = "import django; django.setup()"
Seconds = dict[str, float]


def figures(folder: Path, options: argparse.Namespace) -> Iterator[Figure]:
    """Measure all figures."""
    tell(f"Making files of {options.strategies} strategies; load {os.getloadavg()[0]:.1f}")
    files = Files.make(folder, reference_spec(strategies=options.strategies))
    world = World.prepare(folder)
    yield from parsing(files)
    yield from importing(files, world, rounds=options.rounds)
    yield from errors(files, world, rounds=options.rounds)
    yield from memory(files, world)
    if options.huge:
        yield from huge(files, world)


def parsing(files: Files) -> Iterator[Figure]:
    """Measure reading and validating, without and with the semantic checks."""
    for name, path, bare in (
        ("document", files.document, decode_document),
        ("lines", files.lines, decode_lines),
    ):
        data = path.read_bytes()
        calls: dict[str, Callable[[], object]] = {
            "bare": partial(bare, data),
            "parse": partial(read, data, has_checks=False),
            "check": partial(read, data, has_checks=True),
        }
        taken = interleaved_medians(calls, rounds=PARSE_ROUNDS, clock=time.process_time)
        for what, bound in (("parse", 1.5), ("check", 3.0)):
            yield Figure(f"{what}_{name}", taken[what], "s", taken["bare"], at_most(bound))


def read(data: bytes, *, has_checks: bool) -> int:
    """Read an export as staging does; gives the number of records."""
    export = open_export(BytesContent(data)).export
    checker = Checker(mode=export.header.mode, now=NOW)
    count = 0
    for batch in export.batches():
        if has_checks:
            checker.check(batch)
        count += len(batch.records)
    if has_checks:
        checker.finish()
    return count


def importing(files: Files, world: World, *, rounds: int) -> Iterator[Figure]:
    """Measure imports of the reference document, and of what is there already."""
    taken: dict[str, list[float]] = defaultdict(list)
    written = 0
    world.empty()
    world.bring(files.document)
    tables, decoded = copied_out(), WHOLE_DOCUMENT.decode(files.document.read_bytes())
    for number in range(rounds):
        tell(f"round {number + 1} of {rounds}; load {os.getloadavg()[0]:.1f}")
        for name, seconds in one_round(files, world).items():
            taken[name].append(seconds)
        written += int(taken["rows"].pop())
        world.empty_series()
        taken["rendered"].append(copy_rendered(tables))
        world.empty_series()
        taken["copy"].append(copy_records(decoded))
    world.empty_series()
    median = {name: statistics.median(seconds) for name, seconds in taken.items() if seconds}
    median["bulk"] = bulk_create(decoded)
    yield from import_figures(median)
    yield Figure("equal_content_rows_written", written, "rows", goal=Goal("value", "<=", 0))


def one_round(files: Files, world: World) -> Seconds:
    """Import the document into an empty catalogue, then what is the same or nearly so."""
    world.empty()
    reviewed = world.bring(files.document, is_dry_run=True)
    applied = world.apply(reviewed.run)
    before = world.rows_written()
    began = time.perf_counter()
    read_and_hash(files.document)
    hashed = time.perf_counter() - began
    same = world.bring(files.document)
    equal = world.bring(files.other_bytes)
    rows = world.rows_written() - before
    changed = world.bring(files.changed)
    return {
        "dry_run": reviewed.seconds,
        "apply": applied,
        "import": reviewed.seconds + applied,
        "hash": hashed,
        "same": same.seconds,
        "equal": equal.seconds,
        "changed": changed.seconds,
        "rows": rows,
    }


def import_figures(median: Seconds) -> Iterator[Figure]:
    """Hold the medians against their yardsticks."""
    for name, value, yardstick, bound in (
        ("apply_to_copy", "apply", "copy", 2.0),
        ("import_to_copy", "import", "copy", 3.0),
        ("apply_to_bulk_create", "apply", "bulk", 1 / 4),
        ("import_to_bulk_create", "import", "bulk", 1 / 2.5),
        ("dry_run_to_apply", "dry_run", "apply", 1.0),
        ("same_bytes_to_hash", "same", "hash", 1.5),
        ("equal_content_to_import", "equal", "import", 0.5),
    ):
        yield Figure(name, median[value], "s", median[yardstick], at_most(bound))
    for name in ("apply", "import"):
        yield Figure(f"{name}_to_rendered_copy", median[name], "s", median["rendered"])
    yield Figure("one_changed_to_import", median["changed"], "s", median["import"], at_most(0.5))
    beyond = max(median["changed"] - median["equal"], 0.0)
    yield Figure("one_changed_beyond_equal", beyond, "s", median["import"], at_most(0.05))


def errors(files: Files, world: World, *, rounds: int) -> Iterator[Figure]:
    """Measure how long it takes to find every mistake of a file, and whether it does."""
    taken: dict[str, list[float]] = {"clean": [], "broken": []}
    found = 0
    for _ in range(rounds):
        for name, path in (("clean", files.lines), ("broken", files.broken)):
            world.empty()
            reviewed = world.bring(path, is_dry_run=True)
            taken[name].append(reviewed.seconds)
            found = reviewed.run.issues.filter(code="bad_value").count()
    clean, broken = statistics.median(taken["clean"]), statistics.median(taken["broken"])
    yield Figure("errors_to_clean", broken, "s", clean, at_most(2.0))
    complete = Goal("ratio", ">=", 1.0)
    yield Figure("errors_found", found, "issues", files.errors, complete)


def memory(files: Files, world: World) -> Iterator[Figure]:
    """Measure what `atlas-import` holds, above a process that has only set Django up."""
    setup = peak_memory_mb([sys.executable, "-c", SETUP])
    yield Figure("setup_memory", setup, "MB")
    size = files.document.stat().st_size / MEGABYTE
    above = peak_of(world, files.document) - setup
    yield Figure("document_memory", above, "MB", size, Goal("value", "<=", size + ROOM_MB))
    lines = peak_of(world, files.lines)
    yield Figure("lines_memory", lines, "MB", setup, Goal("value", "<=", SMALL_PROCESS_MB))


def huge(files: Files, world: World) -> Iterator[Figure]:
    """Measure what 1 GB of lines takes; memory must not follow the size of the file."""
    small = peak_of(world, files.lines)
    path = world.folder / "huge.ndjson"
    copies = write_large(path, files.lines.read_bytes(), least_bytes=HUGE_BYTES)
    tell(f"1 GB of lines: {copies} times the strategies")
    peak = peak_of(world, path)
    path.unlink()
    yield Figure("huge_lines_memory", peak, "MB", small, Goal("value", "<=", SMALL_PROCESS_MB))
    yield Figure("huge_lines_memory_to_lines", peak, "MB", small, at_most(1.25))


def peak_of(world: World, path: Path) -> float:
    """Import a file into an empty catalogue by a process of its own; gives its peak memory in MB."""
    world.empty()
    argv, environ = world.command(path)
    return peak_memory_mb(argv, environ=environ)


def at_most(bound: float) -> Goal:
    """Make the usual goal."""
    return Goal("ratio", "<=", bound)
