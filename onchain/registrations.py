"""What the chain's floor tells the ground floor of itself: schedules."""

from atlas import registries
from atlas.registries import Schedule

ATTEST = "onchain-signer-attest"

_ATTEST = Schedule(
    task="onchain.signer.attest",
    every_seconds=60,
    queue="signer",
    description="Lets the signer process say that it is alive and what it holds.",
    expires_seconds=60,
)


def register() -> None:
    """Fill the registries; called once when the app is ready."""
    registries.schedules.add(ATTEST, _ATTEST)
