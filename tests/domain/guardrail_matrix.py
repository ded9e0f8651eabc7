"""The matrix of SAFETY 3.1, typed from the document: what each rule does to each kind of permit.

D denies, R is written down and stops nothing, P asks for a pause and never for more, - has no word.
The columns are INCREASE, SWAP, REDUCE, STOP, FLATTEN, CANCEL, CLAIM, BURN, SETUP.
"""

from atlas.domain.states import PermitKind

COLUMNS = tuple(
    PermitKind(name)
    for name in [
        "INCREASE",
        "SWAP",
        "REDUCE",
        "STOP",
        "FLATTEN",
        "CANCEL",
        "CLAIM",
        "BURN",
        "SETUP",
    ]
)
RISK = "D D R R - - - - -"
MATRIX = {
    # signal freshness, cooldown, turnover, orders per hour, daily loss, drawdown, exposure, leverage
    "signal_freshness": RISK,
    "cooldown": RISK,
    "turnover_per_day": RISK,
    "orders_per_hour": RISK,
    "orders_per_day": RISK,
    "daily_loss": RISK,
    "drawdown": RISK,
    "gross_exposure": RISK,
    "net_exposure": RISK,
    "shared_exposure": RISK,
    "max_order_notional": RISK,
    "max_position_notional": RISK,
    "max_leverage": RISK,
    "allowed_market": RISK,
    "allowed_side": RISK,
    "min_order": RISK,
    # NAV or token price readable; what has to be left
    "nav_known": RISK,
    "free_collateral": RISK,
    "weth_buffer": RISK,
    "withdrawal_buffer": RISK,
    # two price sources; what execution is expected to cost
    "price_freshness": RISK,
    "sources_agree": RISK,
    "acceptable_distance": RISK,
    "slippage": RISK,
    "price_impact": RISK,
    "admits_execution": RISK,
    # fees
    "gas_per_day": RISK,
    # retry breaker, cancels per hour
    "cancels_per_hour": RISK,
    "consecutive_failures": RISK,
    "retry_budget": RISK,
    "retry_changed": RISK,
    "retry_pause": "D D P P P P P - -",
    # position known, size within it
    "within_position": "- - D D D - - - -",
    # acceptable-price distance, one working order
    "acceptable_price": "D - D D D - - - -",
    "one_working_order": "D D D D D - - - -",
    # the table of SAFETY 1.5
    "switch_state": "D D D D D D D D D",
}


def cells() -> list[tuple[str, PermitKind, str]]:
    """Give every cell: rule, kind, word."""
    return [
        (rule, kind, word)
        for rule, line in MATRIX.items()
        for kind, word in zip(COLUMNS, line.split(), strict=True)
    ]
