"""Checks that a schema cannot express: order, plausibility, agreement between records.

A `Checker` sees the batches of one file in order. The usual batch is right, so each check first
asks one question about the whole batch, and looks for the culprits only where the answer is no.
What needs the catalogue (unknown owners) or the whole file at once (keys that occur twice, far
apart) is checked set-wise after staging.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from operator import attrgetter, lt
from typing import Any

from atlas.domain.errors import InvalidInput
from imports.formats.addresses import has_checksum, has_right_checksum
from imports.formats.batches import Batch
from imports.formats.claims import Claims, TradeTally
from imports.formats.problems import Problem
from imports.formats.series import Series, jumps_in, longest_rise
from imports.formats.times import TIMES
from imports.formats.vocabulary import Kind, Mode, Severity
from strategies.rules.parameters import parameters_from
from strategies.rules.registry import rule_named
from strategies.vocabulary import TradeResult

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on something is worth a look; each source has its own."""

    jump_ratio: float = 0.5
    weight_tolerance_ratio: float = 0.02
    claim_tolerance_ratio: float = 0.02


class Checker:
    """Judges the batches of one file; `now` is when it was received."""

    def __init__(self, *, mode: Mode, now: datetime, thresholds: Thresholds | None = None) -> None:
        self._mode = mode
        self._latest = now + CLOCK_SKEW
        self._thresholds = thresholds or Thresholds()
        self._series: dict[tuple[Kind, str, str], Series] = {}
        self._claims = Claims()

    def check(self, batch: Batch) -> list[Problem]:
        """Judge one batch; errors also mark their record in `batch.bad`."""
        found: list[Problem] = []
        for check in (self._implausible_times, self._in_batch):
            problems = list(check(batch))
            batch.bad.update(index for index, problem in problems if problem.is_error)
            found += [problem for _, problem in problems]
        return found

    def finish(self) -> list[Problem]:
        """Judge what only the end of the file shows; claims need a snapshot to be held against."""
        if self._mode is not Mode.SNAPSHOT:
            return []
        tolerance = self._thresholds.claim_tolerance_ratio
        return list(self._claims.judge(self._series, tolerance_ratio=tolerance))

    def _in_batch(self, batch: Batch) -> Iterator[tuple[int, Problem]]:
        """Choose the checks of the batch's kind."""
        if not batch.records:
            return
        match batch.kind:
            case Kind.STRATEGY:
                yield from _wrong_rules(batch)
            case Kind.VAULT:
                yield from _wrong_addresses(batch)
            case Kind.PERFORMANCE:
                yield from self._wrong_points(batch, "nav_per_share_usd", "source")
            case Kind.VAULT_PERFORMANCE:
                yield from self._wrong_vault_points(batch)
            case Kind.BENCHMARK_POINT:
                yield from self._wrong_points(batch, "price_usd", None)
            case Kind.TRADE:
                yield from self._wrong_trades(batch)
            case Kind.CLAIM:
                self._note_claims(batch)

    def _implausible_times(self, batch: Batch) -> Iterator[tuple[int, Problem]]:
        """Find times in the future, or before there were computers to note them."""
        for name in TIMES.get(batch.kind, ()):
            times = [at for at in map(attrgetter(name), batch.records) if at is not None]
            if not times or (max(times) <= self._latest and min(times) >= EARLIEST):
                continue
            for index, record in enumerate(batch.records):
                at = getattr(record, name)
                if at is None or EARLIEST <= at <= self._latest:
                    continue
                what = "lies in the future" if at > self._latest else "lies before 1970"
                yield index, batch.problem(index, "implausible_time", f"{name} {what}.", name)

    def _wrong_points(
        self, batch: Batch, value: str, source: str | None
    ) -> Iterator[tuple[int, Problem]]:
        """Check each series in the batch."""
        for name, indexes in _by_source(batch.records, source).items():
            good = [i for i in indexes if i not in batch.bad] if batch.bad else indexes
            if good:
                series = self._series.setdefault((batch.kind, batch.owner, name), Series())
                yield from self._wrong_series(batch, good, series, value)

    def _wrong_vault_points(self, batch: Batch) -> Iterator[tuple[int, Problem]]:
        """Check a vault's name, then its series under the name that the catalogue uses."""
        wrong = list(_wrong_account(batch))
        yield from wrong
        batch.owner = batch.owner.lower()
        if not wrong:
            yield from self._wrong_points(batch, "nav_per_share_usd", "source")

    def _wrong_series(
        self, batch: Batch, indexes: Sequence[int], series: Series, value: str
    ) -> Iterator[tuple[int, Problem]]:
        """Find points out of order, then steps that are too large among the rest."""
        times = [batch.records[index].as_of_at for index in indexes]
        follows = series.last_at is None or series.last_at < times[0]
        if not follows or not all(map(lt, times, islice(times, 1, None))):
            kept = longest_rise(times, after=series.last_at)
            yield from _out_of_order(batch, indexes, kept)
            indexes = [indexes[place] for place in kept]
        if not indexes:
            return
        values = [getattr(batch.records[index], value) for index in indexes]
        threshold = self._thresholds.jump_ratio
        for jump in jumps_in(values, before=series.last, threshold_ratio=threshold):
            change = jump.value / jump.before - 1.0
            what = "is an outlier" if jump.is_outlier else "jumps"
            message = f"{value} {what}: {jump.before:g} to {jump.value:g} ({change:+.1%})."
            index = indexes[jump.index]
            yield index, batch.problem(index, "jump", message, value, Severity.WARNING)
        series.take(values, batch.records[indexes[-1]].as_of_at)

    def _wrong_trades(self, batch: Batch) -> Iterator[tuple[int, Problem]]:
        """Find trades that contradict themselves, and count the others."""
        tally = self._claims.trades.setdefault(batch.owner, TradeTally())
        for index, trade in enumerate(batch.records):
            closed, result = trade.closed_at, trade.result
            if closed is None:
                if result is not TradeResult.OPEN:
                    message = f"The trade has the result {result} but was never closed."
                    yield index, batch.problem(index, "contradiction", message, "result")
                continue
            if closed < trade.opened_at:
                message = "The trade was closed before it was opened."
                yield index, batch.problem(index, "contradiction", message, "closed_at")
            elif result is TradeResult.OPEN:
                message = "The trade is called open but has been closed."
                yield index, batch.problem(index, "contradiction", message, "result")
            tally.closed += 1
            tally.won += result is TradeResult.WIN

    def _note_claims(self, batch: Batch) -> None:
        """Keep claims until all records are known."""
        for index, claim in enumerate(batch.records):
            path = batch.places.path_of(index)
            self._claims.add(batch.owner, claim, path=path, span=batch.span_of(index))


def _by_source(records: Sequence[Any], source: str | None) -> dict[str, Sequence[int]]:
    """Split points by what series they belong to; usually all belong to one."""
    if source is None:
        return {"": range(len(records))}
    names = [getattr(record, source) for record in records]
    if len(set(names)) == 1:
        return {names[0]: range(len(records))}
    split: dict[str, list[int]] = {}
    for index, name in enumerate(names):
        split.setdefault(name, []).append(index)
    return {**split}


def _out_of_order(
    batch: Batch, indexes: Sequence[int], kept: Sequence[int]
) -> Iterator[tuple[int, Problem]]:
    """Name the points that must go for the others to stand in order."""
    in_order = set(kept)
    times = {batch.records[indexes[place]].as_of_at for place in kept}
    for place, index in enumerate(indexes):
        if place in in_order:
            continue
        if batch.records[index].as_of_at in times:
            message = "The series has another point at the same time."
            yield index, batch.problem(index, "duplicate_key", message, "as_of_at")
        else:
            message = "The point does not stand in the order of time; sort the series."
            yield index, batch.problem(index, "out_of_order", message, "as_of_at")


def _wrong_rules(batch: Batch) -> Iterator[tuple[int, Problem]]:
    """Find rules that are unknown here, or have parameters that they do not take."""
    for index, strategy in enumerate(batch.records):
        rule, parameters = strategy.rule, strategy.parameters
        if not rule:
            continue
        try:
            parameters_from(rule_named(rule).parameters_type, parameters)
        except InvalidInput as problem:
            message = f"The strategy cannot be deployed here: {problem.message}"
            place = "rule" if problem.code == "unknown_rule" else "parameters"
            yield index, batch.problem(index, problem.code, message, place, Severity.WARNING)


def _wrong_account(batch: Batch) -> Iterator[tuple[int, Problem]]:
    """Turn down points of a vault that is named with a wrong checksum."""
    if has_right_checksum(batch.owner):
        return
    message = f"The address in {batch.owner} has a wrong checksum."
    for index in range(len(batch.records)):
        yield index, batch.problem(index, "wrong_address", message, "vault")


def _wrong_addresses(batch: Batch) -> Iterator[tuple[int, Problem]]:
    """Find addresses whose checksum says that a digit is wrong."""
    for index, vault in enumerate(batch.records):
        address: str = vault.address
        if not has_right_checksum(address):
            message = "The address has a wrong checksum: a digit or a letter's case is wrong."
            yield index, batch.problem(index, "wrong_address", message, "address")
        elif not has_checksum(address):
            message = "The address is in one case, so nothing shows whether a digit is wrong."
            problem = batch.problem(
                index, "unchecked_address", message, "address", Severity.WARNING
            )
            yield index, problem
