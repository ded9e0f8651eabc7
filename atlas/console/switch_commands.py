"""What the commands `halt` and `restore` share: naming a switch that is really there."""

from django.core.management.base import CommandError, CommandParser

from atlas.domain.states import SwitchScope
from atlas.models import TradingState
from atlas.switches import Scope


def add_scope_arguments(parser: CommandParser) -> None:
    """Take the scope and its key; the global switch unless told otherwise."""
    parser.add_argument(
        "--scope", default=SwitchScope.GLOBAL.value, choices=[one.value for one in SwitchScope]
    )
    parser.add_argument("--key", default="", help="what the scope names; empty for GLOBAL")


def named_scope(scope: str, key: str) -> Scope:
    """Give the scope that was named. Raises CommandError for one that no switch has.

    A halt of a misspelled market would look like a halt and stop nothing.
    """
    if (scope == SwitchScope.GLOBAL) != (key == ""):
        raise CommandError("GLOBAL takes no --key, every other scope needs one.")
    if scope != SwitchScope.GLOBAL and not TradingState.objects.filter(scope=scope, key=key):
        known = TradingState.objects.filter(scope=scope).values_list("key", flat=True)
        raise CommandError(
            f"There is no switch {scope} {key!r}. Known: {', '.join(known) or 'none'}."
        )
    return scope, key
