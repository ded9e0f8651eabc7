"""The part of the guard's mirror that judges orders: before the call, and after it."""

from collections.abc import Sequence

from onchain.gmx.codec import (
    ZERO_ADDRESS,
    CreateOrder,
    DecreaseSwap,
    Multicall,
    OrderParams,
    OrderType,
    RouterCall,
    SendTokens,
)
from onchain.guard_facts import GuardFacts, HeldPosition

MIN_CALLBACK_GAS = 750_000
MAX_LEVERAGE_E18 = 7 * 10**18
LEVERAGE_UNIT = 10**18
# A swap must bring at least 98.5 % of what went in, by the vault's own prices.
LEAST_SWAP_PER_MILLE = 985
PER_MILLE = 1_000
CALLS_OF_INCREASE, CALLS_OF_DECREASE = 3, 2
BEYOND_ANY = 2**256
NOTHING_HELD = HeldPosition(0, 0)


def multicall_refusal(call: Multicall, facts: GuardFacts) -> str | None:
    """Judge a multicall by its last call, as the guard does."""
    last = call.calls[-1] if call.calls else None
    if not isinstance(last, CreateOrder):
        return "dh23" if call.calls else "invalid multicall"
    params = last.params
    if len(call.calls) not in (CALLS_OF_INCREASE, CALLS_OF_DECREASE):
        return "invalid multicall params length"
    if len(call.calls) != _calls_of(params.order_type):
        return "invalid multicall"
    return _sends_refusal(call.calls[:-1], params, facts) or _params_refusal(params, facts)


def _sends_refusal(
    calls: Sequence[RouterCall], params: OrderParams, facts: GuardFacts
) -> str | None:
    """Judge the transfers before an order: the fee, then the collateral, to GMX's order vault."""
    expected = (facts.gmx.fee_token, params.initial_collateral_token)
    for sent, token in zip(calls, expected, strict=False):
        if not isinstance(sent, SendTokens):
            return "invalid sendTokens tx"
        if sent.token != token or token not in facts.enabled_assets:
            return "invalid token"
        if sent.receiver != facts.gmx.order_vault:
            return "invalid receiver"
    return None


def _calls_of(order_type: OrderType) -> int | None:
    """Give how many calls an order of this type comes in; None: it may not come at all."""
    if order_type in (OrderType.MARKET_INCREASE, OrderType.MARKET_SWAP):
        return CALLS_OF_INCREASE
    return CALLS_OF_DECREASE if order_type is OrderType.MARKET_DECREASE else None


def _params_refusal(params: OrderParams, facts: GuardFacts) -> str | None:
    """Judge the fields of an order that the guard looks at."""
    checks = (
        (params.receiver == facts.vault, "invalid receiver"),
        (params.cancellation_receiver == ZERO_ADDRESS, "invalid cancel receiver"),
        (params.callback_contract == facts.guard, "invalid callback contract"),
        (params.ui_fee_receiver == facts.fee_receiver, "invalid fee receiver"),
        (params.decrease_swap is DecreaseSwap.NO_SWAP, "invalid swap type"),
        (not params.unwrap_native, "cannot unwrap native token"),
        (params.initial_collateral_token in facts.enabled_assets, "unsupported collateral"),
    )
    broken = next((words for holds, words in checks if not holds), None)
    if broken is not None:
        return broken
    if params.order_type is OrderType.MARKET_SWAP:
        return _swap_refusal(params, facts)
    if params.swap_path:
        return "swap path not supported"
    return _market_refusal(params.market, params.initial_collateral_token, facts)


def _swap_refusal(params: OrderParams, facts: GuardFacts) -> str | None:
    """Judge where a swap leads."""
    if params.market != ZERO_ADDRESS:
        return "invalid market"
    if len(params.swap_path) != 1:
        return "invalid swap path"
    return _market_refusal(params.swap_path[0], params.initial_collateral_token, facts)


def _market_refusal(market: str, collateral: str, facts: GuardFacts) -> str | None:
    """Judge the market of an order, and whether the collateral is its own."""
    if market not in facts.enabled_assets or market not in facts.gmx.markets:
        return "unsupported market"
    tokens = facts.gmx.markets[market]
    if tokens.long_token not in facts.enabled_assets:
        return "unsupported longToken"
    if tokens.short_token not in facts.enabled_assets:
        return "unsupported shortToken"
    return None if collateral in tokens else "invalid initialCollateralToken"


def order_effect_refusal(call: Multicall, facts: GuardFacts, *, pending: int) -> str | None:
    """Judge what creating the order does: GMX's own refusals, then the guard after the call.

    `pending` counts the orders of the vault before the call.
    """
    sent = [one for one in call.calls if isinstance(one, SendTokens)]
    order = call.calls[-1]
    if not isinstance(order, CreateOrder):
        return "dh23"
    params = order.params
    return (
        _allowance_refusal(sent, facts)
        or _gmx_refusal(params, sent, facts)
        or ("only one order allowed" if pending else None)
        or ("low callback gas limit" if params.callback_gas_limit < MIN_CALLBACK_GAS else None)
        or _outcome_refusal(params, sent, facts)
    )


def _allowance_refusal(sent: list[SendTokens], facts: GuardFacts) -> str | None:
    """Say whether the vault has approved what the router is to pull."""
    wanted: dict[str, int] = {}
    for one in sent:
        wanted[one.token] = wanted.get(one.token, 0) + one.amount_raw
    enough = all(facts.allowances_raw.get(token, 0) >= raw for token, raw in wanted.items())
    return None if enough else "ERC20: insufficient allowance"


def _gmx_refusal(params: OrderParams, sent: list[SendTokens], facts: GuardFacts) -> str | None:
    """Say what GMX refuses when an order is created."""
    if params.callback_gas_limit > facts.gmx.max_callback_gas:
        limits = f"{params.callback_gas_limit},{facts.gmx.max_callback_gas}"
        return f"MaxCallbackGasLimitExceeded({limits})"
    if params.valid_from_time != 0:
        return f"UnexpectedValidFromTime({int(params.order_type)})"
    fee_token = facts.gmx.fee_token
    fee_sent = sum(one.amount_raw for one in sent if one.token == fee_token)
    if fee_sent < params.execution_fee_raw:
        return f"InsufficientWntAmountForExecutionFee({fee_sent},{params.execution_fee_raw})"
    return None


def _outcome_refusal(params: OrderParams, sent: list[SendTokens], facts: GuardFacts) -> str | None:
    """Judge what the order would bring: a swap's least output, a position's leverage."""
    if params.order_type is OrderType.MARKET_SWAP:
        return _slippage_refusal(params, sent[-1], facts)
    key = (params.market, params.initial_collateral_token, params.is_long)
    held = facts.positions.get(key, NOTHING_HELD)
    if params.order_type is OrderType.MARKET_DECREASE:
        return _decrease_refusal(params, held, facts)
    after = HeldPosition(
        held.size_usd_raw + params.size_delta_usd_raw,
        held.net_collateral_raw + sent[-1].amount_raw,
    )
    return _leverage_refusal(held, after, params.initial_collateral_token, facts)


def _slippage_refusal(params: OrderParams, given: SendTokens, facts: GuardFacts) -> str | None:
    """Compare the least output with what goes in, by the vault's own prices."""
    tokens = facts.gmx.markets[params.swap_path[0]]
    is_long = given.token == tokens.long_token
    wanted = tokens.short_token if is_long else tokens.long_token
    paid = given.amount_raw * facts.prices_raw[given.token]
    gained = params.min_output_raw * facts.prices_raw[wanted]
    is_enough = gained * PER_MILLE >= paid * LEAST_SWAP_PER_MILLE
    return None if is_enough else "high slippage"


def _decrease_refusal(params: OrderParams, held: HeldPosition, facts: GuardFacts) -> str | None:
    """A full close skips the check; a partial one must leave collateral and sound leverage."""
    if params.size_delta_usd_raw >= held.size_usd_raw:
        return None
    if params.initial_collateral_delta_raw >= held.net_collateral_raw:
        return "invalid collateralDeltaAmount"
    after = HeldPosition(
        held.size_usd_raw - params.size_delta_usd_raw,
        held.net_collateral_raw - params.initial_collateral_delta_raw,
    )
    return _leverage_refusal(held, after, params.initial_collateral_token, facts)


def _leverage_refusal(
    before: HeldPosition, after: HeldPosition, collateral: str, facts: GuardFacts
) -> str | None:
    """A leverage that rises must not end above seven; one that falls may be anything."""
    price_raw = facts.prices_raw[collateral]
    new = _leverage_e18(after, price_raw)
    if new <= MAX_LEVERAGE_E18 or new <= _leverage_e18(before, price_raw):
        return None
    return "max leverage exceeded"


def _leverage_e18(held: HeldPosition, price_raw: int) -> int:
    """Give size over collateral with 18 decimals, rounded down as the contract does.

    A size without collateral has no leverage: it is told as more than any.
    """
    worth = held.net_collateral_raw * price_raw
    if worth > 0:
        return held.size_usd_raw * LEVERAGE_UNIT // worth
    return BEYOND_ANY if held.size_usd_raw else 0
