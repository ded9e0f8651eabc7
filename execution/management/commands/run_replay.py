"""Play a whole recording through the trading cycle and say what it did."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from atlas import switches
from atlas.audit import Actor
from atlas.domain.candles import Timeframe
from atlas.domain.errors import AtlasError, InvalidInput
from atlas.domain.recording import Recording
from atlas.domain.states import SwitchState
from atlas.models import TradingState
from execution import playback
from execution.gate import scopes_of
from execution.marketdata.replay import open_recording, recordings_in
from execution.models import Deployment
from execution.playback_report import lines_of
from strategies.models import Strategy

FINEST_CADENCE = Timeframe.H1
ACTOR = Actor.system("manage.py run_replay")


class Command(BaseCommand):
    """The same cycle, gate and paper venue as on the schedule, with time standing at each slot."""

    help = "Plays a recording (CSV, plain or .gz) through the trading cycle to its end."

    def add_arguments(self, parser: CommandParser) -> None:
        """Say what to play and with which rule."""
        parser.add_argument("--file", type=Path, help="The recording; else ATLAS_REPLAY_FILE.")
        parser.add_argument("--market", help="Market of the recording, for example BTC/USD.")
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--strategy", metavar="SLUG", help="A strategy of the catalogue.")
        which.add_argument("--rule", help="A bare rule, for example ema_cross.")
        which.add_argument("--resume", type=int, metavar="DEPLOYMENT", help="An interrupted run.")
        parser.add_argument(
            "--set", action="append", default=[], metavar="NAME=VALUE", help="A rule's parameter."
        )
        parser.add_argument("--cadence", help="Time between cycles: 1h, 4h, 1d.")
        parser.add_argument("--deposit", default="10000", help="First deposit in USD.")
        parser.add_argument(
            "--restore",
            metavar="OPERATOR",
            help="Restore switches of this run that are not ACTIVE, in this person's name.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Play to the end; exit code 1 where a cycle met a bug."""
        try:
            recording = _recording(options)
            deployment = _deployment(options, recording)
            _open_switches(deployment, operator=options["restore"])
            with _progress(len(playback.slots_of(deployment, recording))) as advance:
                summary = playback.play(
                    deployment=deployment,
                    recording=recording,
                    read=timezone.now,
                    progress=advance,
                )
        except AtlasError as refused:
            raise CommandError(refused.message) from refused
        for line in lines_of(summary, recording):
            self.stdout.write(line)


def _recording(options: dict[str, Any]) -> Recording:
    """Open the file, of the market that was named or that its description names."""
    path = options["file"] or settings.ATLAS_REPLAY_FILE
    if path is None:
        raise InvalidInput("Name a recording with --file, or set ATLAS_REPLAY_FILE.")
    market = options["market"] or _described_market(Path(path))
    if market is None:
        raise InvalidInput(f"{Path(path).name} does not say its market: name it with --market.")
    return open_recording(Path(path), market=market)


def _described_market(path: Path) -> str | None:
    """Find the market in the descriptions beside the file."""
    for (market, _), described in recordings_in(path.parent).items():
        if described.name == path.name:
            return market
    return None


def _deployment(options: dict[str, Any], recording: Recording) -> Deployment:
    """Make the deployment of this run, or find the one to go on with."""
    if options["resume"] is not None:
        return _interrupted(options["resume"], recording)
    strategy = None
    if options["strategy"]:
        strategy = Strategy.objects.filter(slug=options["strategy"]).first()
        if strategy is None:
            raise InvalidInput(f"There is no strategy {options['strategy']!r}.")
    parameters = _parameters(options["set"])
    return playback.prepare(
        recording=recording,
        strategy=strategy,
        rule=options["rule"] or "",
        parameters=parameters if parameters or strategy is None else None,
        cadence=_cadence(options["cadence"], recording),
        deposit_usd=_usd(options["deposit"]),
        actor=ACTOR,
        now=timezone.now(),
    )


def _interrupted(pk: int, recording: Recording) -> Deployment:
    found = Deployment.objects.detailed().filter(pk=pk, feed=playback.PLAYBACK_FEED)
    deployment: Deployment | None = found.first()
    if deployment is None or deployment.markets != [recording.market]:
        raise InvalidInput(f"Deployment {pk} is no run over a recording of {recording.market}.")
    return deployment


def _parameters(given: list[str]) -> dict[str, str]:
    """Read NAME=VALUE pairs; the rule checks names and ranges."""
    pairs = [one.partition("=") for one in given]
    wrong = [name for name, sign, _ in pairs if not sign]
    if wrong:
        raise InvalidInput(f"--set needs NAME=VALUE, not {', '.join(wrong)}.")
    return {name.strip(): value.strip() for name, _, value in pairs}


def _cadence(given: str | None, recording: Recording) -> timedelta:
    """Take the cadence that was asked for, else the recording's bars, hours at the finest."""
    if given is not None:
        return Timeframe.named(given).step
    return max(recording.timeframe.step, FINEST_CADENCE.step)


def _usd(given: str) -> Decimal:
    try:
        return Decimal(given)
    except InvalidOperation as error:
        raise InvalidInput(f"--deposit {given!r} is no number.") from error


def _open_switches(deployment: Deployment, *, operator: str | None) -> None:
    """Make sure that the run may trade: restored by a person, or refused before it begins."""
    scopes = [
        switches.GLOBAL_SCOPE,
        *(scope for market in deployment.markets for scope in scopes_of(deployment, market)),
    ]
    person = _person(operator) if operator else None
    for scope, key in scopes:
        row = TradingState.objects.filter(scope=scope, key=key).first()
        if row is not None and row.state == SwitchState.ACTIVE:
            continue
        name = f"{scope} {key}".strip()
        if person is None:
            state = row.state.lower() if row is not None else "missing"
            raise InvalidInput(
                f"The switch {name} is {state}, so the run would trade nothing: restore it, "
                "or name the operator who does with --restore."
            )
        reason = f"run over a recording, deployment {deployment.pk}"
        switches.loosen(
            scope=(scope, key),
            state=SwitchState.ACTIVE,
            reason=reason,
            actor=person,
            now=timezone.now(),
        )


def _person(username: str) -> Actor:
    """Find the operator who may restore switches."""
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None or not user.has_perm("atlas.restore_trading"):
        raise InvalidInput(f"{username} is no operator who may restore trading.")
    return Actor(name=user.get_username(), user=user)


@contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    """Show a bar on a terminal, nothing elsewhere; gives what moves it on by one."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda: None
        return
    columns = (
        TextColumn("cycles"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("cycles", total=total)
        yield lambda: bar.advance(task)
