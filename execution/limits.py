"""Reading limits that somebody wrote down: every problem at once, nothing assumed about risk."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from atlas.domain.candles import Timeframe
from atlas.domain.errors import InvalidInput
from atlas.domain.limit_fields import (
    FIELDS_BY_NAME,
    LIMIT_FIELDS,
    SIDES,
    LimitField,
    Unit,
)
from atlas.domain.units import exact, plain

RISK_LIMITS = ("max_order_notional_usd", "max_position_notional_usd", "max_leverage_ratio")
AGE_LIMITS = ("max_signal_age_seconds", "max_price_age_seconds")
# Two bars: one that has just closed and the one that is forming after it.
DEFAULT_AGE_BARS = 2
# How often a paper deployment may turn all of its room over in a day, unless somebody says.
TURNS_PER_DAY = 20
LIVE_SOURCES = 2

Values = dict[str, Any]


def read_limits(
    raw: Mapping[str, Any],
    *,
    markets: Sequence[str],
    timeframe: Timeframe,
    before: Mapping[str, Any] | None = None,
    is_live: bool = False,
) -> Values:
    """Read the limits of a deployment as the columns of GuardrailLimits.

    What is not given is as in the version `before`. Without one, a paper deployment gets the
    defaults of `LIMIT_FIELDS`, ages of two bars, its own markets, exposures of a full position in
    each of them and twenty times that as turnover; the three limits on risk must be given. A live
    deployment must state every limit. Raises InvalidInput with every problem.
    """
    given = {**(before or {}), **raw}
    values, problems = _read(given)
    problems += [
        f"{market} is allowed but not traded"
        for market in values.get("allowed_markets") or ()
        if market not in markets
    ]
    wanted = [one.name for one in LIMIT_FIELDS] if is_live else RISK_LIMITS
    problems += [_wanted(FIELDS_BY_NAME[name]) for name in wanted if given.get(name) is None]
    if is_live and values.get("required_price_sources") not in {None, LIVE_SOURCES}:
        problems.append(f"required_price_sources must be {LIVE_SOURCES} for a live deployment")
    _refuse(problems)
    if is_live:
        return values
    defaults = _paper_defaults(values, markets=markets, timeframe=timeframe)
    return {**defaults, **{name: value for name, value in values.items() if value is not None}}


def read_level(raw: Mapping[str, Any], *, before: Mapping[str, Any] | None = None) -> Values:
    """Read the limits of a vault or of the house; a limit that is None or left out binds nothing.

    What is not named at all is as in the version `before`. Raises InvalidInput with every problem.
    """
    values, problems = _read({**(before or {}), **raw})
    _refuse(problems)
    return {one.name: values.get(one.name) for one in LIMIT_FIELDS}


def _read(given: Mapping[str, Any]) -> tuple[Values, list[str]]:
    """Read each value that is given; None stays None."""
    problems = [f"{name} is no limit" for name in given if name not in FIELDS_BY_NAME]
    values: Values = {}
    for name, raw in given.items():
        one = FIELDS_BY_NAME.get(name)
        if one is None or raw is None:
            continue
        values[name] = _value(one, raw)
        if values[name] is None:
            problems.append(_wanted(one))
    return values, problems


def _refuse(problems: list[str]) -> None:
    if problems:
        raise InvalidInput(
            f"The limits have problems: {'; '.join(problems)}.", detail={"problems": problems}
        )


def _wanted(one: LimitField) -> str:
    """Say what a limit has to be."""
    match one.unit:
        case Unit.NAMES if one.name == "allowed_sides":
            return f"{one.name} must be a list of {' and '.join(SIDES)}"
        case Unit.NAMES:
            return f"{one.name} must be a list of names"
        case Unit.SECONDS:
            return f"{one.name} must be a whole number of seconds, {_bounds(one)}"
        case Unit.COUNT | Unit.BPS:
            return f"{one.name} must be a whole number, {_bounds(one)}"
    return f"{one.name} must be a number, {_bounds(one)}"


def _bounds(one: LimitField) -> str:
    low = "above 0" if one.name in RISK_LIMITS else f"{plain(Decimal(one.lowest))} or more"
    return f"{low} and at most {plain(Decimal(one.highest))}"


def _value(one: LimitField, raw: Any) -> Any:
    """Read one value, or None where it is not what the limit has to be."""
    if one.unit is Unit.NAMES:
        return _names(one, raw)
    if one.unit in {Unit.USD, Unit.RATIO}:
        return _number(one, raw)
    if isinstance(raw, bool) or not isinstance(raw, int):
        return None
    return raw if one.lowest <= raw <= one.highest else None


def _names(one: LimitField, raw: Any) -> list[str] | None:
    if isinstance(raw, str) or not isinstance(raw, Sequence | set | frozenset):
        return None
    if not all(isinstance(name, str) and name for name in raw):
        return None
    if one.name == "allowed_sides" and not set(raw) <= set(SIDES):
        return None
    return list(raw) if isinstance(raw, Sequence) else sorted(raw)


def _number(one: LimitField, raw: Any) -> Decimal | None:
    if isinstance(raw, bool) or not isinstance(raw, int | str | Decimal):
        return None
    try:
        number = Decimal(raw)
    except InvalidOperation:
        return None
    if not number.is_finite() or not one.lowest <= number <= one.highest:
        return None
    return None if number == 0 and one.name in RISK_LIMITS else number


def _paper_defaults(values: Values, *, markets: Sequence[str], timeframe: Timeframe) -> Values:
    """Give what a paper deployment has where nobody states it."""
    with exact():
        room_usd = values["max_position_notional_usd"] * len(markets)
    age = DEFAULT_AGE_BARS * timeframe.seconds
    fixed = {
        one.name: list(one.paper) if isinstance(one.paper, tuple) else one.paper
        for one in LIMIT_FIELDS
        if one.paper is not None
    }
    return {
        **fixed,
        "allowed_markets": list(markets),
        "max_gross_exposure_usd": room_usd,
        "max_net_exposure_usd": room_usd,
        "max_turnover_per_day_usd": TURNS_PER_DAY * room_usd,
        **dict.fromkeys(AGE_LIMITS, age),
    }
