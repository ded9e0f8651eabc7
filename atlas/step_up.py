"""The proof that the person before the browser just now showed a one-time password.

A proof is made where the code was spent (`atlas.console.step_up`) and handed down with the act. It
lies in no row and no session, so it cannot be used for a second act; it is for one person, and it
is void five minutes later, should an act take that long.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from atlas.audit import Actor
from atlas.domain.errors import NotAllowed

FRESH = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Proof:
    """Who showed a code, and when; `by_code` is False where the house lets people go without."""

    user_id: int
    at: datetime
    by_code: bool


def demand_proof(proof: Proof | None, *, actor: Actor, now: datetime) -> None:
    """Refuse an act without a fresh code of the very person. Raises NotAllowed with the remedy."""
    if proof is None or not proof.by_code:
        raise NotAllowed(
            "This needs a fresh one-time password in every installation: set a device up under "
            "'My access' in the console and send its code along"
        )
    if actor.user is None or proof.user_id != actor.user.pk:
        raise NotAllowed("The one-time password was shown by another person")
    if not timedelta(0) <= now - proof.at <= FRESH:
        raise NotAllowed("The one-time password was shown too long ago: type a new one")
