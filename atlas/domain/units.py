"""Units and roundings of money, the one place that decides how many digits survive.

Every rounding in Atlas names its direction. `floor_to` and `ceil_to` round towards the smaller
and the larger number (not towards zero), so that "against us" is a choice the caller states: what
we receive or own is floored, what we pay or owe is ceiled.

The quanta fit columns of NUMERIC(38, 18), so a value that was rounded here comes back from the
database unchanged, and folding stored rows gives the same digits as folding fresh ones.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal, localcontext

ZERO = Decimal(0)
ONE = Decimal(1)
BPS = Decimal(10_000)

USD_QUANTUM = Decimal("0.00000001")  # amounts of money in the ledger
PRICE_QUANTUM = Decimal("0.000000000001")  # USD for one token; GMX keeps 12 digits for ether
TOKEN_QUANTUM = Decimal("0.000000000000000001")  # 18 decimals, the finest token we meet
SIZE_QUANTUM_USD = Decimal("0.01")  # order sizes: nobody needs a tenth of a cent of exposure
RATIO_QUANTUM = Decimal("0.00000001")

# A product of a token amount (18 + 20 digits) and a price (12 + 12 digits) must be exact before
# it is rounded once; the default context of 28 digits would round it silently, half to even.
_DIGITS = 80


@contextmanager
def exact() -> Iterator[Context]:
    """Widen the decimal context so that sums and products of money are exact inside the block."""
    with localcontext() as context:
        context.prec = _DIGITS
        yield context


def floor_to(value: Decimal, quantum: Decimal) -> Decimal:
    """Round down to a multiple of `quantum` (towards minus infinity)."""
    with exact():
        return value.quantize(quantum, rounding=ROUND_FLOOR)


def ceil_to(value: Decimal, quantum: Decimal) -> Decimal:
    """Round up to a multiple of `quantum` (towards plus infinity)."""
    with exact():
        return value.quantize(quantum, rounding=ROUND_CEILING)


def bps_of(amount_usd: Decimal, rate_bps: int) -> Decimal:
    """Charge `rate_bps` of an amount, rounded up to the ledger's quantum: a fee we pay."""
    with exact():
        return ceil_to(amount_usd * rate_bps / BPS, USD_QUANTUM)


def plain(value: Decimal) -> str:
    """Write a number in plain digits: no exponent, no trailing zeros, no negative zero."""
    if value == 0:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
