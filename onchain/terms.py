"""What an investor of a vault pays and is bound by, as far as it is known.

The vault's own contracts say it. Until they have been read, every number is null and `reason` says
so: a fee that nobody has read is not a fee of zero.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from onchain.models import Vault


class TermsReason(StrEnum):
    """Why a term of a vault has no value."""

    NOT_READ = "not_read"

    @property
    def meaning(self) -> str:
        """Say it in words."""
        return "the vault's contracts have not been read yet"


@dataclass(frozen=True, slots=True)
class Fees:
    """The four fees of a vault in hundredths of a per cent; null with a reason.

    Management fees are taken by time, performance fees from new highs of the share price, entry and
    exit fees from whoever comes or goes.
    """

    entry_bps: int | None
    exit_bps: int | None
    performance_bps: int | None
    management_bps: int | None
    reason: TermsReason | None


@dataclass(frozen=True, slots=True)
class Terms:
    """What deposits and withdrawals of a vault are bound by; null with a reason."""

    deposit_capacity_usd: Decimal | None
    cooldown_seconds: int | None
    withdrawal_limit_usd: Decimal | None
    reason: TermsReason | None


# A vault's own share price falls with the shares that its manager is minted; what it takes from
# somebody's deposit or withdrawal never touches the price of the others' shares.
SHARE_PRICE_IS_NET_OF = {
    "management": True,
    "performance": True,
    "entry": False,
    "exit": False,
}


def fees_of(_vault: Vault) -> Fees:
    """Give the fees of a vault as they were last read; nothing reads them yet."""
    return Fees(None, None, None, None, TermsReason.NOT_READ)


def terms_of(_vault: Vault) -> Terms:
    """Give the terms of a vault as they were last read; nothing reads them yet."""
    return Terms(None, None, None, TermsReason.NOT_READ)
