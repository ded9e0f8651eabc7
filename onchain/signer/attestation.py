"""The signer's word about itself, the only thing other processes know of it.

The rows are append-only, so an unchanged signer repeats itself only now and then; a reader treats a
signer as silent when its last word is older than two repeats.
"""

import os
import socket
from datetime import datetime, timedelta
from importlib.metadata import version

from atlas.models import SignerAttestation

REPEAT_AFTER = timedelta(minutes=5)
_SAID = ("host", "process_id", "code_version", "holds_key", "address", "live_trading")


def attest(*, live_trading: bool, now: datetime) -> SignerAttestation | None:
    """Write an attestation where something changed or the last one is old; gives the new row.

    No key provider exists yet, so the signer says that it holds no key.
    """
    word = SignerAttestation(
        attested_at=now,
        host=socket.gethostname()[:120],
        process_id=os.getppid(),  # a task runs in a child; the worker is its parent
        code_version=version("atlas"),
        holds_key=False,
        address="",
        live_trading=live_trading,
    )
    last = SignerAttestation.objects.order_by("-attested_at", "-pk").first()
    if last is not None and _same(last, word) and now - last.attested_at < REPEAT_AFTER:
        return None
    word.save(force_insert=True)
    return word


def _same(one: SignerAttestation, other: SignerAttestation) -> bool:
    """Say whether two attestations say the same."""
    return all(getattr(one, name) == getattr(other, name) for name in _SAID)
