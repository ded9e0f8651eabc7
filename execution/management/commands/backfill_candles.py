"""Fill the store of candles from a source, and say what is missing."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from atlas.domain.candles import Timeframe
from atlas.domain.clock import Clock, WallClock
from atlas.domain.errors import AtlasError, InvalidInput, Temporary
from atlas.domain.stopped_clock import StoppedClock
from execution.backfill import Backfill, Report
from execution.feeds import market_data_folder
from execution.marketdata import sources
from execution.marketdata.base import MarketData
from execution.marketdata.ccxt_history import CcxtHistory, exchange_named
from execution.marketdata.replay import ReplayMarketData

EXIT_GAPS = 3
EXIT_TRY_AGAIN = 75  # as sysexits has it: a temporary failure, run again
SOURCES = "gmx, pyth, ccxt:EXCHANGE or replay"


class Command(BaseCommand):
    """Idempotent and resumable: only bars that are not stored are asked for."""

    help = (
        "Stores closed candles of a span. Exit codes: 0 complete, 3 complete but for gaps that the "
        "source has, 75 the source is away (run again), 1 refused."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Say which series, which span, and from where."""
        parser.add_argument("--market", required=True, help="For example ETH/USD.")
        parser.add_argument("--timeframe", required=True, help="1m, 5m, 15m, 30m, 1h, 4h or 1d.")
        parser.add_argument("--from", dest="from_at", required=True, help="First open, UTC.")
        parser.add_argument("--to", dest="until_at", help="Last close, UTC; now if left out.")
        parser.add_argument("--source", required=True, help=SOURCES)
        parser.add_argument("--json", action="store_true", help="Write the report as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Fill, report, and end with a code that a script can read."""
        now = timezone.now()
        try:
            start = _moment(options["from_at"])
            end = min(_moment(options["until_at"]) if options["until_at"] else now, now)
            job = _job(options, end)
            with _progress(max(0, (end - start) // job.timeframe.step)) as advance:
                report = job.run(start, end, progress=advance)
        except Temporary as away:
            raise CommandError(
                f"{away.message} What came before is stored; run the command again.",
                returncode=EXIT_TRY_AGAIN,
            ) from away
        except AtlasError as refused:
            raise CommandError(refused.message) from refused
        self.stdout.write(_as_json(job, report) if options["json"] else _as_text(job, report))
        if report.missing:
            raise CommandError(
                f"{report.missing:,} bar(s) are missing; the report names them.",
                returncode=EXIT_GAPS,
            )


def _job(options: dict[str, Any], end: datetime) -> Backfill:
    """Open the source and name its bars."""
    timeframe = Timeframe.named(options["timeframe"])
    data, source = _opened(options["source"], options["market"], timeframe, end)
    return Backfill(data, options["market"], timeframe, source)


def _opened(
    wanted: str, market: str, timeframe: Timeframe, end: datetime
) -> tuple[MarketData, str]:
    """Give the provider, and the name under which its bars are stored."""
    clock: Clock = WallClock(timezone.now)
    kind, _, exchange = wanted.partition(":")
    match kind:
        case "gmx":
            return sources.gmx(clock), "gmx"
        case "pyth":
            return sources.pyth(clock), "pyth"
        case "ccxt":
            history = CcxtHistory(exchange_named(exchange), clock)
            return history, history.source_of(market)
        case "replay":
            played = ReplayMarketData.of_folder(market_data_folder(), [market], StoppedClock(end))
            return played, played.source_of(market, timeframe)
    raise InvalidInput(f"{wanted[:40]!r} is no source; known are {SOURCES}.")


def _moment(text: str) -> datetime:
    """Read a day or a time; without an offset it is UTC."""
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput(
            f"{text[:40]!r} is no time; write 2026-01-31 or 2026-01-31T12:00."
        ) from None
    return told.astimezone(UTC) if told.tzinfo else told.replace(tzinfo=UTC)


def _as_text(job: Backfill, report: Report) -> str:
    lines = [f"{job.market} {job.timeframe} of {job.source}: {report.wanted:,} bars wanted"]
    lines[0] += f", {report.stored_before:,} were stored, {report.stored_now:,} stored now"
    lines[0] += f", {report.missing:,} missing."
    for gap in report.gaps:
        count = (gap.until_at - gap.from_at) // job.timeframe.step
        last = gap.until_at - job.timeframe.step
        lines.append(
            f"  {gap.from_at:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC, {count:,} bar(s), "
            f"{gap.code}: {gap.reason}"
        )
    return "\n".join(lines)


def _as_json(job: Backfill, report: Report) -> str:
    gaps = [
        {
            "from": gap.from_at.isoformat(),
            "until": gap.until_at.isoformat(),
            "missing": (gap.until_at - gap.from_at) // job.timeframe.step,
            "code": gap.code,
            "reason": gap.reason,
        }
        for gap in report.gaps
    ]
    content = {
        "market": job.market,
        "timeframe": job.timeframe.value,
        "source": job.source,
        "wanted": report.wanted,
        "stored_before": report.stored_before,
        "stored_now": report.stored_now,
        "missing": report.missing,
        "gaps": gaps,
    }
    return json.dumps(content, indent=2)


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar on a terminal, on the error stream so that a report can be piped; else nothing."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("Bars", total=total)
        yield lambda count: bar.advance(task, count)
