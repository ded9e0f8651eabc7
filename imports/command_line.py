"""An import from the command line: options in, a summary and an exit code out."""

import argparse
import getpass
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from django.db import InterfaceError, OperationalError

from atlas.audit import Actor
from atlas.domain.errors import (
    AtlasError,
    ConflictingState,
    InvalidInput,
    NeedsHuman,
    NotAllowed,
    Temporary,
)
from atlas.domain.states import ImportState
from atlas.redaction import redact_text
from imports.apply import apply
from imports.export import write_export
from imports.export_files import written
from imports.models import ImportRun
from imports.pipeline import Outcome, Wish, import_file
from imports.progress_bar import shown_on
from imports.revert import revert
from imports.sources import NoSuchFile, opened
from imports.storage import ContentStore
from imports.summary import as_json, as_text

DEFAULT_REASON = "put back from the command line"


class Exit(IntEnum):
    """What the command's exit code says."""

    OK = 0
    INVALID = 1
    USAGE = 2
    CONFLICT = 3
    INFRASTRUCTURE = 4


class UnknownRun(InvalidInput):
    """There is no run of this number."""

    code = "unknown_run"


_CODES: tuple[tuple[type[Exception], Exit], ...] = (
    (NoSuchFile, Exit.USAGE),
    (UnknownRun, Exit.USAGE),
    (InvalidInput, Exit.INVALID),
    (ConflictingState, Exit.CONFLICT),
    (NotAllowed, Exit.CONFLICT),
    (Temporary, Exit.INFRASTRUCTURE),
    (NeedsHuman, Exit.INFRASTRUCTURE),
    (OperationalError, Exit.INFRASTRUCTURE),
    (InterfaceError, Exit.INFRASTRUCTURE),
)


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where a command writes: what was asked for, and what went wrong."""

    out: Callable[[str], object]
    err: Callable[[str], object]


def execute(options: argparse.Namespace, terminal: Terminal, *, now: datetime) -> Exit:
    """Do what the options ask for and tell about it; gives the exit code."""
    try:
        if options.export is not None:
            return _export(options, terminal)
        with shown_on(sys.stderr, wanted=not (options.quiet or options.json)):
            outcome = _verb(options)(options, _actor(), now)
    except tuple(kind for kind, _ in _CODES) as error:
        return _tell_error(error, options, terminal)
    code = code_of(outcome, is_dry_run=options.dry_run)
    _tell(outcome, code, options, terminal)
    return code


def _export(options: argparse.Namespace, terminal: Terminal) -> Exit:
    """Write the catalogue; the words about it go to standard error, as the document may not."""
    with written(options.export) as stream:
        done = write_export(stream, slugs=options.strategy)
    if options.json:
        terminal.err(json.dumps({"exit_code": 0, "counts": done.counts, "left_out": done.left_out}))
    elif not options.quiet:
        counts = ", ".join(f"{count:,} {name}" for name, count in done.counts.items())
        terminal.err(f"Written: {counts or 'nothing, the catalogue is empty'}.\n")
        if done.left_out:
            terminal.err(
                f"{done.left_out} strategies are not public and were left out; --strategy SLUG "
                "writes one all the same.\n"
            )
    return Exit.OK


def code_of(outcome: Outcome, *, is_dry_run: bool) -> Exit:
    """Judge where a run has got to."""
    run = outcome.run
    if run.state in (ImportState.REJECTED, ImportState.FAILED):
        return Exit.INVALID
    if is_dry_run and run.state == ImportState.REVIEWED and run.rejected_count:
        return Exit.INVALID
    return Exit.OK


def _verb(
    options: argparse.Namespace,
) -> Callable[[argparse.Namespace, Actor, datetime], Outcome]:
    """Choose between importing, applying and reverting."""
    if options.file is not None:
        return _import
    return _apply if options.apply is not None else _revert


def _import(options: argparse.Namespace, actor: Actor, now: datetime) -> Outcome:
    """Import a file."""
    wish = Wish(
        is_dry_run=options.dry_run,
        allow_partial=options.allow_partial,
        wanted_format=options.format,
    )
    with opened(options.file) as incoming:
        return import_file(incoming, wish, store=ContentStore.of_settings(), actor=actor, now=now)


def _apply(options: argparse.Namespace, actor: Actor, now: datetime) -> Outcome:
    """Apply a reviewed run."""
    run = _run(options.apply)
    return Outcome(apply(run, allow_partial=options.allow_partial, actor=actor, now=now))


def _revert(options: argparse.Namespace, actor: Actor, now: datetime) -> Outcome:
    """Put back what a run changed."""
    reason = options.reason or DEFAULT_REASON
    return Outcome(revert(_run(options.revert), reason=reason, actor=actor, now=now))


def _run(number: int) -> ImportRun:
    """Find a run by its number."""
    run = ImportRun.objects.filter(pk=number).first()
    if run is None:
        raise UnknownRun(f"There is no import {number}.", detail={"run": number})
    return run


def _actor() -> Actor:
    """Name who uses the command line: the user of the operating system, as far as it is known."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "unknown"
    return Actor.system(f"command line, {user}"[:150])


def _tell(outcome: Outcome, code: Exit, options: argparse.Namespace, terminal: Terminal) -> None:
    """Print the summary; what went wrong goes to standard error, and is printed always."""
    if options.json:
        terminal.out(json.dumps(as_json(outcome, exit_code=code)) + "\n")
    elif code is not Exit.OK:
        terminal.err(as_text(outcome) + "\n")
    elif not options.quiet:
        terminal.out(as_text(outcome) + "\n")


def _tell_error(error: Exception, options: argparse.Namespace, terminal: Terminal) -> Exit:
    """Print what stopped the command, in one sentence or as JSON."""
    code = next(code for kind, code in _CODES if isinstance(error, kind))
    if isinstance(error, AtlasError):
        name, message = error.code, error.message
    else:
        first_line = redact_text(str(error)).strip().split("\n", maxsplit=1)[0]
        name, message = "database", f"The database is not available: {first_line}"
    if options.json:
        answer = {"exit_code": code, "error": {"code": name, "message": message}}
        terminal.out(json.dumps(answer) + "\n")
    else:
        terminal.err(f"{message}\n")
    return code
