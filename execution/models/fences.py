"""Triggers of the cycle's rows: an overtaken worker cannot write, an ended row cannot change.

A cycle's worker holds a fencing token. Whoever takes the cycle over raises it, and from then on
the database refuses every row that carries an older one, whatever the overtaken worker believes.
"""

import pgtrigger

from atlas.domain.states import Table

FENCE_SQLSTATE = "AT001"
CYCLE_TABLE = "execution_cyclerun"
ORDER_TABLE = "execution_order"

_REFUSE = (
    "RAISE EXCEPTION 'fencing: % wrote with token %, the cycle has %', "
    f"TG_TABLE_NAME, NEW.fencing_token, current_token USING ERRCODE = '{FENCE_SQLSTATE}';"
)
# The row is locked, so that a takeover waits for this write or this write sees the takeover.
_OF_CYCLE = (
    f"SELECT fencing_token INTO current_token FROM {CYCLE_TABLE} "  # noqa: S608 - own constants
    "WHERE id = NEW.cycle_id FOR NO KEY UPDATE;"
)
_OF_ORDER = (
    f"SELECT c.fencing_token INTO current_token FROM {CYCLE_TABLE} c "  # noqa: S608 - own constants
    f"JOIN {ORDER_TABLE} o ON o.cycle_id = c.id WHERE o.id = NEW.order_id "
    "FOR NO KEY UPDATE OF c;"
)


def _fence(name: str, lookup: str) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("current_token", "BIGINT")],
        func=(
            f"{lookup} IF NEW.fencing_token IS DISTINCT FROM current_token THEN {_REFUSE} "
            "END IF; RETURN NEW;"
        ),
    )


def fenced_by_cycle(name: str) -> list[pgtrigger.Trigger]:
    """Refuse the insert of a row whose token is not its cycle's."""
    return [_fence(f"{name}_fenced", _OF_CYCLE)]


def fenced_by_order(name: str) -> list[pgtrigger.Trigger]:
    """Refuse the insert of a row whose token is not that of its order's cycle."""
    return [_fence(f"{name}_fenced", _OF_ORDER)]


def token_never_falls(name: str) -> list[pgtrigger.Trigger]:
    """Refuse an update of a cycle that carries an older token than the row."""
    return [
        pgtrigger.Trigger(
            name=f"{name}_token_never_falls",
            when=pgtrigger.Before,
            operation=pgtrigger.Update,
            declare=[("current_token", "BIGINT")],
            func=(
                "current_token := OLD.fencing_token; "
                f"IF NEW.fencing_token < current_token THEN {_REFUSE} END IF; RETURN NEW;"
            ),
        )
    ]


def lifecycle(name: str, table: Table) -> list[pgtrigger.Trigger]:
    """Refuse a change of state that the lifecycle table does not have, and any deletion."""
    pairs = sorted((str(old), str(new)) for old, after in table.items() for new in after)
    return [
        pgtrigger.FSM(name=f"{name}_lifecycle", field="state", transitions=pairs),
        pgtrigger.Protect(name=f"{name}_never_deleted", operation=pgtrigger.Delete),
    ]


def final(name: str, condition: pgtrigger.Q) -> list[pgtrigger.Trigger]:
    """Refuse any update of a row that has reached its end; `condition` speaks of the old row."""
    return [
        pgtrigger.Protect(name=f"{name}_final", operation=pgtrigger.Update, condition=condition)
    ]
