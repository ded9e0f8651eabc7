"""Trading switches: reading them under the shared lock, changing them under the exclusive one.

The order of statements is the whole point. A reader takes the advisory lock in a statement of its
own and reads the rows in a later one, under READ COMMITTED: a statement that does both would look
at a snapshot older than the lock and could let an order pass after a halt. `tests/flows` proves
that the merged form fails and this form does not.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db import OperationalError, connection, transaction

from atlas.approvals import change_hash, use_approval
from atlas.audit import Actor, record
from atlas.domain.errors import Bug, ConflictingState, InvalidInput, NotAllowed, Temporary
from atlas.domain.states import SwitchScope, SwitchState
from atlas.heartbeat import silent_for_trading
from atlas.models import ApprovalRequest, TradingState, TradingStateChange
from atlas.registries import covers_live

SWITCH_LOCK_KEY = (
    0x41544C53  # "ATLS": one key for all scopes, so there is no lock order to get wrong
)
HOLDER_STATEMENT_MS = 800
HOLDER_IDLE_MS = 1_000
HALT_LOCK_MS = 700

Scope = tuple[str, str]
GLOBAL_SCOPE: Scope = (SwitchScope.GLOBAL.value, "")


@dataclass(frozen=True, slots=True)
class EffectiveState:
    """The tightest state over the scopes that cover an order, and where it comes from.

    `silent` names the parts whose silence alone made it REDUCING: who reads that and is about to act
    latches it with `atlas.dead_man.latch` after its own transaction.
    """

    state: SwitchState
    scope: Scope
    reason: str
    epoch: int
    silent: tuple[str, ...] = ()


@contextmanager
def shared_lock() -> Iterator[None]:
    """Open the outermost transaction of a reader and take the shared lock as its first act.

    Raises Bug where the isolation level is not READ COMMITTED.
    """
    with transaction.atomic(durable=True):
        _bound_holder()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [SWITCH_LOCK_KEY])
        _assert_read_committed()
        yield


@contextmanager
def exclusive_lock() -> Iterator[None]:
    """Open the outermost transaction of a writer and take the exclusive lock as its first act.

    A reader that holds its lock longer than 700 ms is stuck; its connection is ended, so that a
    halt never waits for it. Raises Temporary where even that does not free the lock.
    """
    try:
        with _exclusive_once():
            yield
            return
    except _LockBusy:
        _terminate_holders()
    try:
        with _exclusive_once():
            yield
    except _LockBusy:
        raise Temporary("The trading switch is locked by a process that cannot be ended") from None


class _LockBusy(Exception):
    """The exclusive lock was not to be had in time."""


@contextmanager
def _exclusive_once() -> Iterator[None]:
    """Take the exclusive lock once, or say that it is busy."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{HALT_LOCK_MS}ms"])
            try:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SWITCH_LOCK_KEY])
            except OperationalError as error:
                if "lock timeout" in str(error):
                    raise _LockBusy from error
                raise
        _assert_read_committed()
        yield


def _bound_holder() -> None:
    """Limit how long a reader may hold the lock, awake or asleep."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('statement_timeout', %s, true), "
            "set_config('idle_in_transaction_session_timeout', %s, true)",
            [f"{HOLDER_STATEMENT_MS}ms", f"{HOLDER_IDLE_MS}ms"],
        )


def _assert_read_committed() -> None:
    """Refuse to decide under an isolation level that reads the past."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_isolation")
        (level,) = cursor.fetchone()
    if level != "read committed":
        raise Bug(f"The trading switch needs READ COMMITTED, the connection has {level}")


def _terminate_holders() -> None:
    """End the connections that hold the switch lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' "
            "AND granted AND classid = 0 AND objid = %s AND pid <> pg_backend_pid()",
            [SWITCH_LOCK_KEY],
        )


def read_effective(scopes: Iterable[Scope], *, needs_watching: bool = True) -> EffectiveState:
    """Give the tightest state over `scopes` plus GLOBAL; call it inside `shared_lock`.

    A scope without exactly one readable row is HALTED. Where a part that trading needs is silent, the
    state is REDUCING at most; `needs_watching` is false for a recording that somebody plays by hand.
    """
    wanted = sorted({GLOBAL_SCOPE, *scopes})
    rows = {
        (row.scope, row.key): row
        for row in TradingState.objects.filter(
            scope__in=[scope for scope, _ in wanted], key__in=[key for _, key in wanted]
        )
    }
    found = [_state_of(scope, rows.get(scope)) for scope in wanted]
    tightest = max(found, key=lambda one: one.state.severity)
    return _watched(tightest) if needs_watching else tightest


def _watched(found: EffectiveState) -> EffectiveState:
    """Allow reducing at most while nobody watches; what is as tight already stays as it is."""
    if found.state.severity >= SwitchState.REDUCING.severity:
        return found
    silent = silent_for_trading()
    if not silent:
        return found
    reason = f"no sign of life from {' and '.join(silent)}: nobody watches over trading"
    return EffectiveState(SwitchState.REDUCING, GLOBAL_SCOPE, reason, found.epoch, silent)


def _state_of(scope: Scope, row: TradingState | None) -> EffectiveState:
    """Read one row; what cannot be read is HALTED."""
    if row is None:
        return EffectiveState(SwitchState.HALTED, scope, "this scope has no switch", 0)
    if row.state not in SwitchState.__members__:
        return EffectiveState(SwitchState.HALTED, scope, "the switch is unreadable", row.epoch)
    return EffectiveState(SwitchState(row.state), scope, row.reason, row.epoch)


def effective_now(scopes: Iterable[Scope] = ()) -> EffectiveState:
    """Read the effective state in a transaction of its own; for pages and health, not for gates."""
    with shared_lock():
        return read_effective(scopes)


def create_scope(*, scope: SwitchScope, key: str, actor: Actor, now: datetime) -> TradingState:
    """Make sure that a scope has a switch; a new one starts HALTED."""
    state, created = TradingState.objects.get_or_create(
        scope=scope.value,
        key=key,
        defaults={
            "state": SwitchState.HALTED.value,
            "reason": "new scope: every scope starts halted",
            "changed_at": now,
            "changed_by": actor.name,
        },
    )
    if created:
        record(
            action="switch.create",
            subject=state,
            actor=actor,
            now=now,
            after={"scope": scope.value, "key": key, "state": state.state},
        )
    return state


def tighten(
    *, scope: Scope, state: SwitchState, reason: str, actor: Actor, now: datetime
) -> TradingState:
    """Bring a switch to REDUCING or HALTED; one person or automation suffices.

    A switch that is already as tight stays as it is. Raises InvalidInput for an empty reason.
    """
    _require_reason(reason)
    with exclusive_lock():
        row = _locked_row(scope, actor=actor, now=now)
        if SwitchState(row.state).severity >= state.severity:
            return row
        return _write(row, state, reason=reason, actor=actor, approval=None, now=now)


def loosen(
    *,
    scope: Scope,
    state: SwitchState,
    reason: str,
    actor: Actor,
    now: datetime,
    approval: ApprovalRequest | None = None,
) -> TradingState:
    """Bring a switch to a freer state; a person must do it, with a reason.

    Where the scope covers a LIVE deployment, an approved request of a second person over exactly
    this change is used up. Raises NotAllowed without it, InvalidInput for an empty reason.
    """
    _require_reason(reason)
    with exclusive_lock():
        row = _locked_row(scope, actor=actor, now=now)
        if SwitchState(row.state).severity <= state.severity:
            raise ConflictingState(
                f"{scope[0]} {scope[1]} is {row.state}; restoring it to {state} loosens nothing"
            )
        if needs_second_person(scope):
            _use_second_word(row, state, approval=approval, actor=actor, now=now)
        return _write(row, state, reason=reason, actor=actor, approval=approval, now=now)


def needs_second_person(scope: Scope) -> bool:
    """Say whether loosening this switch would let a LIVE deployment trade."""
    return any(check(*scope) for _, check in covers_live)


def loosening_change(row: TradingState, state: SwitchState) -> dict[str, object]:
    """Describe a loosening exactly, for the hash that a second person approves.

    The epoch is part of it: any change of the switch in between voids the approval.
    """
    return {"scope": row.scope, "key": row.key, "to": state.value, "epoch": row.epoch}


def _use_second_word(
    row: TradingState,
    state: SwitchState,
    *,
    approval: ApprovalRequest | None,
    actor: Actor,
    now: datetime,
) -> None:
    """Use up the approval for this change, or refuse."""
    if approval is None:
        raise NotAllowed(
            "This switch covers a live deployment: a second person must approve the restore first",
            detail={"change_hash": change_hash(loosening_change(row, state))},
        )
    use_approval(
        approval,
        kind="switch.restore",
        change=loosening_change(row, state),
        actor=actor,
        now=now,
    )


def _locked_row(scope: Scope, *, actor: Actor, now: datetime) -> TradingState:
    """Give the switch of a scope, made HALTED where it is missing."""
    if scope[0] not in SwitchScope.__members__:
        known = ", ".join(SwitchScope.__members__)
        raise InvalidInput(f"{scope[0]!r} is no switch scope; known: {known}")
    return create_scope(scope=SwitchScope(scope[0]), key=scope[1], actor=actor, now=now)


def _write(
    row: TradingState,
    state: SwitchState,
    *,
    reason: str,
    actor: Actor,
    approval: ApprovalRequest | None,
    now: datetime,
) -> TradingState:
    """Write the new state, its change row and its audit row."""
    before = {"state": row.state, "epoch": row.epoch}
    old = row.state
    row.state, row.reason, row.epoch = state.value, reason[:500], row.epoch + 1
    row.changed_at, row.changed_by = now, actor.name
    row.save(update_fields=["state", "reason", "epoch", "changed_at", "changed_by"])
    TradingStateChange.objects.create(
        trading_state=row,
        before=old,
        after=state.value,
        reason=row.reason,
        actor=actor.name,
        actor_user=actor.user,
        approval=approval,
        epoch=row.epoch,
        changed_at=now,
    )
    record(
        action=f"switch.{state.value.lower()}",
        subject=row,
        actor=actor,
        now=now,
        before=before,
        after={"scope": row.scope, "key": row.key, "state": row.state, "epoch": row.epoch},
        reason=reason,
    )
    return row


def _require_reason(reason: str) -> None:
    """Refuse a change that says nothing about why."""
    if not reason.strip():
        raise InvalidInput("A reason is needed: say in a sentence why the switch changes")


def ensure_defaults() -> None:
    """Create the GLOBAL switch where it is missing, HALTED: a new house trades nothing."""
    from django.utils import timezone

    scope, key = GLOBAL_SCOPE
    TradingState.objects.get_or_create(
        scope=scope,
        key=key,
        defaults={
            "state": SwitchState.HALTED.value,
            "reason": "new installation: nothing trades before a person restores it",
            "changed_at": timezone.now(),
            "changed_by": "atlas",
        },
    )
