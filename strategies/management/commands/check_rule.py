"""Look for faults in a trading rule: does it peek, forget, waver?"""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from atlas.domain.candles import CandleSeries
from atlas.domain.errors import AtlasError, InvalidInput
from atlas.domain.recording import Recording, parse_recording
from strategies.rules import registry
from strategies.rules.lookahead import DEFAULT_SAMPLES, check_rule
from strategies.rules.made_up import made_up_funding
from strategies.rules.parameters import parameters_from

RECORDINGS = Path(settings.BASE_DIR) / "fixtures" / "market"
BARS = 2_000


class Command(BaseCommand):
    """Exit code 0 where nothing was found, 1 where a rule has a fault, with bar and numbers."""

    help = "Checks rules for look-ahead: what is said of a bar must not depend on its future."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take names, parameters and recordings."""
        parser.add_argument("names", nargs="*", help="Rules to check; all without a name.")
        parser.add_argument(
            "--parameters", default="{}", help="JSON of the parameters of one rule."
        )
        parser.add_argument(
            "--recording",
            action="append",
            default=[],
            metavar="MARKET=FILE",
            help="A recording to check on; the shipped ones without it.",
        )
        parser.add_argument("--samples", type=int, default=DEFAULT_SAMPLES, help="Bars to look at.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check and print one line for each rule."""
        try:
            faults = self._check(options)
        except AtlasError as refused:
            raise CommandError(refused.message) from refused
        if faults:
            raise CommandError(f"{faults} faults were found")

    def _check(self, options: dict[str, Any]) -> int:
        names = options["names"] or sorted(registry.RULES)
        raw = _json_object(options["parameters"])
        if raw and len(names) != 1:
            raise InvalidInput("Name one rule for the parameters to belong to.")
        if options["samples"] < 1:
            raise InvalidInput("--samples must be at least 1.")
        markets = _markets(options["recording"])
        context = made_up_funding(next(iter(markets.values())))
        faults = 0
        for name in names:
            rule = registry.rule_named(name)
            parameters = parameters_from(rule.parameters_type, raw)
            found = check_rule(
                rule, markets, parameters, context=context, samples=options["samples"]
            )
            faults += len(found)
            self.stdout.write(f"{name}: {'clean' if not found else f'{len(found)} faults'}")
            for finding in found:
                self.stdout.write(f"  bar {finding.bar}: {finding.fault.value}: {finding.detail}")
        return faults


def _json_object(text: str) -> dict[str, Any]:
    """Read the parameters; raises InvalidInput."""
    try:
        raw = json.loads(text)
    except ValueError as error:
        raise InvalidInput(f"--parameters is no JSON: {error}.") from None
    if not isinstance(raw, dict):
        raise InvalidInput('--parameters must be an object such as {"fast_bars": 5}.')
    return raw


def _markets(given: list[str]) -> dict[str, CandleSeries]:
    """Open the recordings and cut them to one span."""
    named = [one.partition("=") for one in given]
    if any(not sign for _, sign, _ in named):
        raise InvalidInput("Give each recording as MARKET=FILE, such as ETH/USD=eth.csv.gz.")
    files = {market: Path(path) for market, _, path in named} or {
        "BTC/USD": RECORDINGS / "synthetic-btc-usd-1h.csv.gz",
        "ETH/USD": RECORDINGS / "synthetic-eth-usd-1h.csv.gz",
    }
    recordings = {market: _open(market, path) for market, path in files.items()}
    count = min(BARS, *(len(recording.candles) for recording in recordings.values()))
    until = min(recording.ends_at for recording in recordings.values())
    return {
        market: recording.window(until_at=until, count=count)
        for market, recording in recordings.items()
    }


def _open(market: str, path: Path) -> Recording:
    """Read one recording; raises InvalidInput where there is none."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}.") from error
    return parse_recording(data, name=path.name, market=market)
