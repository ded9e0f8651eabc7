"""Issues: the problems of a file as rows, for the console, the command line and later days."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import connection

from imports.formats.problems import Problem
from imports.models import ImportRun

MOST_KEPT = 100_000
_COPY_SQL = (
    "COPY imports_importissue (run_id, severity, code, message, path, kind, owner, key, field,"
    " value, byte_start, byte_length) FROM STDIN"
)


@dataclass(slots=True)
class Problems:
    """What was found so far: all of it counted, the first 100,000 kept."""

    kept: list[Problem] = field(default_factory=list)
    errors: int = 0
    warnings: int = 0

    def add(self, found: Iterable[Problem]) -> None:
        """Take problems in."""
        for problem in found:
            self.errors += problem.is_error
            self.warnings += not problem.is_error
            if len(self.kept) < MOST_KEPT:
                self.kept.append(problem)


def save_issues(run: ImportRun, problems: Iterable[Problem]) -> None:
    """Write problems as issues of a run, in their order, in the caller's transaction."""
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(_COPY_SQL) as copy,
    ):
        for problem in problems:
            copy.write_row(_row(run, problem))


def _row(run: ImportRun, problem: Problem) -> tuple[object, ...]:
    """Write one problem, its texts cut to what the columns hold."""
    span = problem.span
    return (
        run.pk,
        problem.severity.value,
        problem.code,
        storable(problem.message, 2_000),
        storable(problem.path, 200),
        problem.kind.value if problem.kind else "",
        storable(problem.owner, 120),
        storable(problem.key, 200),
        storable(problem.field, 200),
        storable(problem.value, 200),
        span.start if span else None,
        span.length if span else None,
    )


def storable(text: str, longest: int) -> str:
    """Make text from a foreign file fit for a column: no zero bytes, no half surrogates, not long."""
    clean = text.replace("\0", "\N{REPLACEMENT CHARACTER}")[:longest]
    return clean.encode("utf-8", "replace").decode()
