"""The dead-man switch: when nobody watches, nothing new is begun.

The effective state is REDUCING at most while a part that trading needs is silent; that is computed
wherever the state is read. Whoever sees it while about to act latches it, after the transaction in which
it was seen: the GLOBAL switch goes to REDUCING and stays there until a person restores it.
"""

from collections.abc import Sequence
from datetime import datetime

from atlas import switches
from atlas.alert_codes import DEAD_MAN
from atlas.alerts import raise_alert
from atlas.audit import Actor
from atlas.domain.states import SwitchState

ACTOR = Actor.system("dead-man switch")


def latch(silent: Sequence[str], *, now: datetime) -> None:
    """Bring the GLOBAL switch to REDUCING because these parts are silent, and tell of it.

    Call it outside of any transaction: it takes the exclusive lock of the switches. A switch that is
    as tight already stays as it is.
    """
    parts = " and ".join(silent)
    reason = f"No sign of life from {parts}: nobody watches over trading"
    switches.tighten(
        scope=switches.GLOBAL_SCOPE, state=SwitchState.REDUCING, reason=reason, actor=ACTOR, now=now
    )
    raise_alert(
        DEAD_MAN,
        subject=("switch", "GLOBAL"),
        message=f"{reason}. The GLOBAL switch is REDUCING or tighter until a person restores it.",
        now=now,
    )


def latch_if_silent(*, now: datetime) -> tuple[str, ...]:
    """Look whether trading would be allowed with nobody watching, and latch; gives who is silent."""
    silent = switches.effective_now().silent
    if silent:
        latch(silent, now=now)
    return silent
