"""Tasks of the signer worker; no other process loads this module."""

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from onchain.signer.attestation import attest


@shared_task(name="onchain.signer.attest", ignore_result=True)
def attest_signer() -> None:
    """Let the signer say what it is."""
    attest(live_trading=settings.ATLAS_LIVE_TRADING, now=timezone.now())
