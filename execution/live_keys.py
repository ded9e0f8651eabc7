"""The keys of live trading (DESIGN 8): which of them a deployment lacks.

Nothing here can open the door. The list is never empty as long as no venue for real money is
installed, and the gate denies whatever has a missing key.
"""

from datetime import datetime, timedelta

from django.conf import settings

from atlas.domain.promotion import Stage
from atlas.domain.states import SwitchState
from atlas.models import SignerAttestation
from execution.models import Deployment
from execution.promotion import promotion_of

ATTESTATION_FRESH = timedelta(seconds=60)

NO_SETTING = "ATLAS_LIVE_TRADING is not true in this process"
NO_ATTESTATION = "no fresh word of the signer that it holds a key with live trading on"
NO_AUTHORISATION = "no live authorisation by two persons"
NO_READINESS = "the vault's readiness is not proved"
NO_EPOCH = "the database epoch is not recorded, so a restored backup would not be noticed"
NO_VENUE = "no venue for real money is installed"
PROMOTION = "the record does not admit it: "


def missing_live_keys(
    deployment: Deployment, *, switch: SwitchState, now: datetime
) -> tuple[str, ...]:
    """Name every key of live trading that is missing, in words for people; never empty yet.

    `switch` is the effective state of the deployment's scopes.
    """
    missing = []
    if not settings.ATLAS_LIVE_TRADING:
        missing.append(NO_SETTING)
    if not _signer_attests(now):
        missing.append(NO_ATTESTATION)
    if switch is not SwitchState.ACTIVE:
        missing.append(f"the effective switch is {switch.value}, not ACTIVE")
    if deployment.vault is None:
        missing.append("the deployment has no vault")
    promotion = promotion_of(deployment, Stage.LIVE, now=now)
    missing += [f"{PROMOTION}{one.sentence}" for one in promotion.missing]
    # Authorisations, readiness, the epoch and the venue have no rows yet: they cannot be there.
    return (*missing, NO_AUTHORISATION, NO_READINESS, NO_EPOCH, NO_VENUE)


def _signer_attests(now: datetime) -> bool:
    """Tell whether a signer with a key and live trading on has reported lately."""
    return SignerAttestation.objects.filter(
        attested_at__gte=now - ATTESTATION_FRESH,
        attested_at__lte=now,
        holds_key=True,
        live_trading=True,
    ).exists()
