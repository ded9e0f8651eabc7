"""What the chain's floor tells the floors below of itself: schedules, and a strategy's vaults."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from rest_framework import serializers

from atlas import registries
from atlas.registries import Family, Schedule
from onchain import node_alerts
from strategies.parts import DetailPart, detail_parts

ATTEST = "onchain-signer-attest"
VAULTS = "vaults"

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
    detail_parts.add(VAULTS, _VAULTS)
    registries.metrics.add("onchain", _families)
    node_alerts.register()


def _families(now: datetime) -> Iterable[Family]:
    """Read the floor's metrics."""
    from onchain.metrics import families

    return families(now)


def _vaults_of(strategy_id: int) -> Any:
    """Read the vaults that a strategy is published from."""
    from onchain.models import Vault
    from onchain.values import with_latest_value

    vaults = (
        Vault.objects.get_queryset().filter(strategy_id=strategy_id).order_by("chain", "address")
    )
    return list(with_latest_value(vaults).select_related("chain", "strategy"))


def _field() -> serializers.Field[Any, Any, Any, Any]:
    """Say how vaults appear."""
    from onchain.serializers import VaultSerializer

    return VaultSerializer(many=True, read_only=True)


_VAULTS = DetailPart(field=_field, read=_vaults_of)
