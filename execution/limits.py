"""Reading limits that somebody wrote down: every problem at once, nothing assumed about risk."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from atlas.domain.candles import Timeframe
from atlas.domain.errors import InvalidInput

RISK_LIMITS = ("max_order_notional_usd", "max_position_notional_usd", "max_leverage_ratio")
AGE_LIMITS = ("max_signal_age_seconds", "max_price_age_seconds")
ALLOWED_MARKETS = "allowed_markets"
# Two bars: one that has just closed and the one that is forming after it.
DEFAULT_AGE_BARS = 2


def read_limits(
    raw: Mapping[str, Any], *, markets: Sequence[str], timeframe: Timeframe
) -> dict[str, Any]:
    """Read limits as the columns of GuardrailLimits.

    The three limits on risk must be given. The ages are two bars and the allowed markets those of
    the deployment unless given. Raises InvalidInput with every problem.
    """
    known = {*RISK_LIMITS, *AGE_LIMITS, ALLOWED_MARKETS}
    problems = [f"{name} is no limit" for name in raw if name not in known]
    values: dict[str, Any] = {ALLOWED_MARKETS: list(raw.get(ALLOWED_MARKETS, markets))}
    problems += [
        f"{market} is allowed but not traded"
        for market in values[ALLOWED_MARKETS]
        if market not in markets
    ]
    for name in RISK_LIMITS:
        values[name] = _positive(raw.get(name))
        if values[name] is None:
            problems.append(f"{name} must be a number above 0")
    for name in AGE_LIMITS:
        age = raw.get(name, DEFAULT_AGE_BARS * timeframe.seconds)
        values[name] = age
        if isinstance(age, bool) or not isinstance(age, int) or age <= 0:
            problems.append(f"{name} must be a whole number of seconds above 0")
    if problems:
        raise InvalidInput(
            f"The limits have problems: {'; '.join(problems)}.", detail={"problems": problems}
        )
    return values


def _positive(given: object) -> Decimal | None:
    """Read a number above zero, or nothing."""
    if isinstance(given, bool) or not isinstance(given, int | str | Decimal):
        return None
    try:
        number = Decimal(given)
    except InvalidOperation:
        return None
    return number if number.is_finite() and number > 0 else None
