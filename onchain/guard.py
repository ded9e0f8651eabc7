"""A mirror of dHEDGE's guard: would the vault revert, and with which words?

Asked before gas is spent. The mirror follows the order of the checks in dhedge V2-Public
(`PoolLogic.execTransaction`, `GmxExchangeRouterContractGuard`, `ERC20Guard`) and adds what GMX's
router itself refuses at once. It says nothing of what the keeper will do later.
"""

from collections.abc import Sequence

from onchain.abi import SELECTOR_BYTES, UndecodableBytes, selector
from onchain.dhedge import APPROVE, AssetChange, Execution, decode_approval
from onchain.gmx.codec import (
    CANCEL_ORDER,
    CLAIM_COLLATERAL,
    CLAIM_FUNDING_FEES,
    MULTICALL,
    ZERO_ADDRESS,
    CancelOrder,
    ClaimCollateral,
    ClaimFundingFees,
    Multicall,
    RouterCall,
    decode_router,
)
from onchain.guard_facts import GuardFacts
from onchain.guard_orders import multicall_refusal, order_effect_refusal

NOT_ALLOWED = "dh23"
GUARDED_SELECTORS = frozenset(
    selector(name) for name in (MULTICALL, CANCEL_ORDER, CLAIM_FUNDING_FEES, CLAIM_COLLATERAL)
)


def guard_refusal(executions: Sequence[Execution], facts: GuardFacts) -> str | None:
    """Predict the revert of a vault transaction of one or several calls; None: it goes through.

    The words are those of the revert: dHEDGE's text or code, or GMX's error with its values.
    """
    if facts.factory_paused:
        return "dh1"
    if facts.trading_paused:
        return "dh20"
    orders = len(facts.pending_orders)
    for execution in executions:
        refusal = _before_the_call(execution, facts)
        if refusal is None and not facts.caller_may_trade:
            refusal = "dh24"
        if refusal is None:
            refusal, orders = _effect(execution, facts, orders)
        if refusal is not None:
            return refusal
    return None


def asset_change_refusal(change: AssetChange, facts: GuardFacts) -> str | None:
    """Predict the revert of a change of the vault's assets; removals run before additions."""
    if not facts.caller_may_trade:
        return "only manager, owner or trader enabled"
    enabled = set(facts.enabled_assets)
    for asset in change.removals:
        if asset not in enabled:
            return "asset not supported"
        if asset in facts.assets_held:
            return "cannot remove non-empty asset"
        enabled.discard(asset)
    for asset, is_deposit in change.additions:
        refusal = _addition_refusal(asset, facts, is_deposit=is_deposit)
        if refusal is not None:
            return refusal
        enabled.add(asset)
    if len(enabled) > facts.max_assets:
        return "maximum assets reached"
    deposits = (facts.deposit_assets & enabled) | {one for one, is_in in change.additions if is_in}
    return None if deposits else "at least one deposit asset"


def _addition_refusal(asset: str, facts: GuardFacts, *, is_deposit: bool) -> str | None:
    """Say why one asset cannot be enabled."""
    if asset in facts.virtual_tokens:
        return "cannot add virtual token"
    if asset not in facts.known_assets:
        return "invalid asset"
    if asset not in facts.gmx.markets:
        return None
    if is_deposit:
        return "deposit not supported"
    return None if facts.is_whitelisted else "not gmx whitelisted"


def _before_the_call(execution: Execution, facts: GuardFacts) -> str | None:
    """Run the guard that stands before a call: by contract, or by asset."""
    if execution.to == ZERO_ADDRESS:
        return "dh18"
    if len(execution.data) < SELECTOR_BYTES:
        return "Reading bytes out of bounds"
    chosen = execution.data[:SELECTOR_BYTES]
    is_gmx = execution.to == facts.gmx.router and execution.to in facts.guarded
    if is_gmx and chosen in GUARDED_SELECTORS:
        return _router_refusal(execution.data, facts)
    if execution.to in facts.known_assets and execution.to not in facts.enabled_assets:
        return "dh22"
    if chosen != selector(APPROVE):
        return NOT_ALLOWED
    spender = decode_approval(execution.data).spender
    return None if spender in facts.guarded else "unsupported spender approval"


def _router_refusal(data: bytes, facts: GuardFacts) -> str | None:
    """Run the guard of GMX's router."""
    if not facts.is_whitelisted:
        return "not gmx whitelisted"
    if facts.withdrawal_asset and facts.withdrawal_asset not in facts.enabled_assets:
        return "unsupported withdrawal asset"
    try:
        call = decode_router(data)
    except UndecodableBytes:
        return NOT_ALLOWED if data[:SELECTOR_BYTES] == selector(MULTICALL) else "EMPTY"
    return _admitted_refusal(call, facts)


def _admitted_refusal(call: RouterCall | Multicall, facts: GuardFacts) -> str | None:
    """Judge a call of one of the kinds that the guard knows."""
    if isinstance(call, Multicall):
        return multicall_refusal(call, facts)
    if isinstance(call, ClaimFundingFees | ClaimCollateral):
        return _claim_refusal(call, facts)
    return _cancel_refusal(call, facts) if isinstance(call, CancelOrder) else NOT_ALLOWED


def _claim_refusal(call: ClaimFundingFees | ClaimCollateral, facts: GuardFacts) -> str | None:
    """Check a claim: pairs of enabled markets and their own tokens, paid to the vault."""
    keys = call.time_keys if isinstance(call, ClaimCollateral) else call.markets
    if not len(call.markets) == len(call.tokens) == len(keys):
        return "invalid length"
    for market, token in zip(call.markets, call.tokens, strict=True):
        if market not in facts.enabled_assets:
            return "invalid market"
        if token not in facts.gmx.markets[market]:
            return "invalid token"
        if token not in facts.enabled_assets:
            return "unsupported token"
    return None if call.receiver == facts.vault else "invalid receiver"


def _cancel_refusal(call: CancelOrder, facts: GuardFacts) -> str | None:
    """Check a cancellation: a settled or unknown order has no token, so none that is enabled."""
    order = facts.pending_orders.get(call.key)
    if order is None or order.collateral_token not in facts.enabled_assets:
        return "unsupported token"
    return None if facts.gmx.fee_token in facts.enabled_assets else "unsupported wnt"


def _effect(execution: Execution, facts: GuardFacts, orders: int) -> tuple[str | None, int]:
    """Run the call itself and the guard after it; gives the refusal and the orders then pending."""
    is_approval = execution.data[:SELECTOR_BYTES] == selector(APPROVE)
    if execution.to != facts.gmx.router or is_approval:
        return None, orders
    call = decode_router(execution.data)
    if not facts.gmx.router_is_controller:
        return f"Unauthorized({facts.gmx.router},CONTROLLER)", orders
    if isinstance(call, CancelOrder):
        return _age_refusal(call, facts), orders - 1
    if not isinstance(call, Multicall):
        return None, orders
    return _multicall_effect(call, facts, orders), orders + 1


def _multicall_effect(call: Multicall, facts: GuardFacts, orders: int) -> str | None:
    """Say what stops an order that the guard let through."""
    if not facts.gmx.router_is_plugin:
        return f"Unauthorized({facts.gmx.router},ROUTER_PLUGIN)"
    return order_effect_refusal(call, facts, pending=orders)


def _age_refusal(call: CancelOrder, facts: GuardFacts) -> str | None:
    """Say whether GMX lets an order of this age be cancelled."""
    age, least = facts.pending_orders[call.key].age_seconds, facts.gmx.cancel_after_seconds
    return None if age >= least else f"RequestNotYetCancellable({age},{least},Order)"
