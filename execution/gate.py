"""THE DOOR: the one place that lets an order out, or says no with every reason.

One short transaction, in the order of SAFETY 1: the shared lock first, in its own statement;
then the switches, the limits, the account's row, the counters, the rules; then the decision, and a
permit or a denial. Nothing else happens under the lock: no look at the market, no message, no retry.
What a breach asks for beside the denial is done after the commit (`execution.protection`).
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from atlas import dead_man
from atlas.audit import Actor, record
from atlas.domain.digest import intent_digest
from atlas.domain.errors import Bug
from atlas.domain.guardrail_rules import HOUSE_RULES
from atlas.domain.guardrails import Judgement, judge
from atlas.domain.snapshots import Snapshot
from atlas.domain.states import ORDER_TRANSITIONS, OrderState, PermitKind, SwitchScope
from atlas.domain.units import ZERO, plain
from atlas.switches import EffectiveState, Scope, read_effective, shared_lock
from atlas.transitions import move
from execution import protection
from execution.leases import database_now
from execution.live_keys import missing_live_keys
from execution.mandates import LimitsInForce, limits_in_force
from execution.models import Deployment, GuardrailDecision, Order, PaperAccount
from execution.order_events import note_order
from execution.records import read_records
from execution.usage import lock_counters, reserve, usages_of, write_counters
from execution.vocabulary import CycleOrigin
from onchain import permits
from onchain.models import Vault
from onchain.vocabulary import PermitVenue

# SAFETY 2.4: what adds risk must go out quickly or not at all.
PERMIT_LIFETIME = {PermitKind.INCREASE: timedelta(seconds=20)}
EXIT_LIFETIME = timedelta(seconds=60)
# Their denial is over by itself or by a person's act; it is no answer that a retry would repeat.
PASSING_RULES = frozenset(
    {"switch_state", "one_working_order", "cooldown", "retry_pause", "retry_changed"}
)
REFUSAL_LENGTH = 200


def authorise(
    order: Order, *, snapshot: Snapshot, feed_at: datetime, fencing_token: int, actor: Actor
) -> GuardrailDecision:
    """Judge a planned order and write the decision: it leaves AUTHORISED with a permit, or DENIED.

    `snapshot` is what the order was planned on, `feed_at` the feed's time by which ages count,
    `fencing_token` that of the cycle's holder. Raises IllegalTransition or ConflictingState where
    the order is not PLANNED (any more); a database error leaves it as it was.
    """
    with shared_lock():
        deployment = Deployment.objects.detailed().get(pk=order.deployment_id)
        is_played = order.cycle.origin == CycleOrigin.PLAYBACK
        switch = read_effective(scopes_of(deployment, order.market), needs_watching=not is_played)
        now = database_now()
        limits = limits_in_force(deployment)
        account = _lock_account(deployment)
        _read_again(order)
        missing = _missing_keys(deployment, switch, now)
        records = read_records(
            order, deployment, account=account, snapshot=snapshot, feed_at=feed_at, now=now
        )
        working = _working_orders(order)
        counters = lock_counters(deployment, limits, feed_at=feed_at, now=now)  # the last lock
        records = replace(records, usages=usages_of(counters, deployment, limits, order=order))
        seen = replace(snapshot, switch_state=switch.state, working_orders=working, records=records)
        judgement = judge(order.intent, seen, limits.tightest, feed_at, rules=HOUSE_RULES)
        decision = _decide(
            order,
            judgement,
            switch=switch,
            limits=limits,
            missing=missing,
            feed_at=feed_at,
            fencing_token=fencing_token,
            now=now,
        )
        if decision.allowed:
            expected = records.expected
            reserve(order, counters, gas_usd=expected.fee_usd if expected else ZERO, now=now)
        write_counters(counters)
        _carry_out(order, decision, switch_epoch=switch.epoch, now=now)
        _note(order, decision, actor=actor, now=now)
    if switch.silent:
        dead_man.latch(switch.silent, now=now)
    protection.act_on(judgement.verdicts, deployment, now=now)
    return decision


def scopes_of(deployment: Deployment, market: str) -> tuple[Scope, ...]:
    """List the switches that cover an order of this deployment, besides the global one."""
    scopes: list[Scope] = [
        (SwitchScope.STRATEGY.value, deployment.strategy.slug),
        (SwitchScope.MARKET.value, market),
    ]
    if deployment.vault is not None:
        scopes.append((SwitchScope.VAULT.value, deployment.vault.account_id))
        scopes.append((SwitchScope.CHAIN.value, str(deployment.vault.chain_id)))
    return tuple(scopes)


def _lock_account(deployment: Deployment) -> PaperAccount | None:
    """Hold the account's row, so that two gates of one account follow each other."""
    if deployment.vault_id is not None:
        Vault.objects.select_for_update().get(pk=deployment.vault_id)
    if deployment.is_live:
        return None
    account: PaperAccount = PaperAccount.objects.select_for_update().get(deployment=deployment)
    return account


def _read_again(order: Order) -> None:
    """Take the order as its row says, not as the caller remembers it."""
    order.refresh_from_db()
    if intent_digest(order.intent) != order.intent_digest:
        raise Bug(f"Order {order.pk} no longer is the intent that it was planned as.")


def _missing_keys(deployment: Deployment, switch: EffectiveState, now: datetime) -> tuple[str, ...]:
    return missing_live_keys(deployment, switch=switch.state, now=now) if deployment.is_live else ()


def _working_orders(order: Order) -> int:
    """Count the account's other orders on their way."""
    working: int = (
        Order.objects.working().filter(account=order.account).exclude(pk=order.pk).count()
    )
    return working


def _decide(
    order: Order,
    judgement: Judgement,
    *,
    switch: EffectiveState,
    limits: LimitsInForce,
    missing: tuple[str, ...],
    feed_at: datetime,
    fencing_token: int,
    now: datetime,
) -> GuardrailDecision:
    """Write the decision with every verdict."""
    return GuardrailDecision.objects.create(
        order=order,
        allowed=judgement.allowed and not missing,
        reason=_reason(judgement, missing),
        switch_state=switch.state.value,
        switch_scope=" ".join(switch.scope).strip(),
        switch_reason=switch.reason,
        switch_epoch=switch.epoch,
        limits=limits.deployment,
        vault_limits=limits.vault,
        global_limits=limits.house,
        verdicts=list(_verdicts(judgement)),
        refusal=_refusal(judgement),
        missing_live_keys=list(missing),
        feed_at=feed_at,
        fencing_token=fencing_token,
        decided_at=now,
    )


def _reason(judgement: Judgement, missing: tuple[str, ...]) -> str:
    if not missing:
        return judgement.reason
    refused = f"Live trading is refused: {'; '.join(missing)}."
    return refused if judgement.allowed else f"{refused} {judgement.reason}"


def _refusal(judgement: Judgement) -> str:
    """Name the rules that deny by what the order is; a closed switch or a pause says nothing of it."""
    rules = sorted(breach.rule for breach in judgement.breaches)
    return " ".join(rule for rule in rules if rule not in PASSING_RULES)[:REFUSAL_LENGTH]


def _verdicts(judgement: Judgement) -> Iterable[dict[str, Any]]:
    for verdict in judgement.verdicts:
        breach = verdict.breach
        yield {
            "rule": verdict.rule,
            "outcome": verdict.outcome.value,
            "measured": breach.measured if breach else None,
            "limit": breach.limit if breach else None,
            "message": breach.message if breach else "",
            "used_ratio": None if verdict.used_ratio is None else plain(verdict.used_ratio),
        }


def _carry_out(
    order: Order, decision: GuardrailDecision, *, switch_epoch: int, now: datetime
) -> None:
    """Give the order its permit, or end it DENIED."""
    if not decision.allowed:
        move(order, OrderState.DENIED, ORDER_TRANSITIONS, final_at=now)
        note_order(order, before=OrderState.PLANNED, name="denied", message=decision.reason, at=now)
        return
    kind = PermitKind(order.kind)
    permit = permits.issue(
        venue=PermitVenue.PAPER,
        kind=kind,
        intent_digest=order.intent_digest,
        intent_tag=str(order.pk),
        switch_epoch=switch_epoch,
        lifetime=PERMIT_LIFETIME.get(kind, EXIT_LIFETIME),
        now=now,
    )
    move(order, OrderState.AUTHORISED, ORDER_TRANSITIONS, permit=permit)
    note_order(order, before=OrderState.PLANNED, name="authorised", at=now)


def _note(order: Order, decision: GuardrailDecision, *, actor: Actor, now: datetime) -> None:
    record(
        action="order.authorise" if decision.allowed else "order.deny",
        subject=order,
        actor=actor,
        now=now,
        before={"state": OrderState.PLANNED.value},
        after={"state": order.state, "switch": decision.switch_state, "order": str(order)},
        reason=decision.reason,
    )
