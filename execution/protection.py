"""Protection: what a limit that is near or broken asks for beside the denial.

People are told from four fifths of a limit on, and told that it is over once the use has come back
by a tenth. A broken limit on losses or failures brings the switch of the account to REDUCING. All of
it happens after the gate's transaction: a gate that tightened a switch while it holds the shared lock
would wait for itself. Nothing is ever loosened here.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType

from django.db import transaction

from atlas import switches
from atlas.alerts import raise_alert, resolve_by_itself
from atlas.audit import Actor
from atlas.domain.guardrail_rules import HOUSE_RULES
from atlas.domain.guardrail_rules.losses import fall_ratio
from atlas.domain.guardrails import GuardrailRule, Outcome, Verdict
from atlas.domain.measures import REST_RATIO, WARN_RATIO, Measure, Shown
from atlas.domain.snapshots import Snapshot
from atlas.domain.states import SwitchScope, SwitchState
from atlas.domain.units import exact, plain
from atlas.models import Alert
from atlas.switches import Scope
from execution.high_water import best_of_day_usd, raise_mark
from execution.limit_alerts import NEAR, REACHED, TIGHTENED
from execution.mandates import limits_in_force
from execution.models import Deployment, PaperAccount
from execution.records import share_value_now

ACTOR = Actor.system("guardrails")
RULES: Mapping[str, GuardrailRule] = MappingProxyType({rule.name: rule for rule in HOUSE_RULES})
PERCENT = 100


def act_on(verdicts: Iterable[Verdict], deployment: Deployment, *, now: datetime) -> None:
    """Tell people of limits that are near or broken, and tighten where a rule asks for it.

    Call it outside of every transaction that holds the lock of the switches. What is unknown is
    neither near nor broken here: it has denied already, and proves nothing about the account.
    """
    standing = [one for one in verdicts if RULES[one.rule].stands and one.used_ratio is not None]
    _tell(standing, deployment, now=now)
    broken = [one for one in standing if RULES[one.rule].tightens and _is_broken(one)]
    if broken:
        _tighten(broken, deployment, now=now)


def watch(deployment: Deployment, snapshot: Snapshot, *, feed_at: datetime, now: datetime) -> None:
    """Hold an account's value against its limits on losses, whether or not it wants to trade.

    Only accounts on paper are known so far; others are watched once their venue tells their value.
    """
    if deployment.is_live:
        return
    limits = limits_in_force(deployment).tightest
    with transaction.atomic():
        account = PaperAccount.objects.select_for_update().get(deployment=deployment)
        mark = raise_mark(deployment, now=now)
        best_usd = best_of_day_usd(mark, feed_at=feed_at)
    value_usd = share_value_now(snapshot.nav_usd, account)
    loss, fall = fall_ratio(value_usd, best_usd), fall_ratio(value_usd, mark.share_value_usd)
    found = [
        _verdict("daily_loss", loss, limits.max_daily_loss_ratio, "Loss of 24 hours"),
        _verdict("drawdown", fall, limits.max_drawdown_ratio, "Drawdown"),
    ]
    act_on(found, deployment, now=now)


def _verdict(rule: str, value: Decimal | None, limit: Decimal | None, sentence: str) -> Verdict:
    measure = Measure(value, limit, sentence, Shown.SHARE)
    breach = measure.breach(rule)
    outcome = Outcome.RECORDED if breach else Outcome.PASSED
    return Verdict(rule, outcome, breach, measure.used_ratio)


def switch_of(deployment: Deployment) -> Scope:
    """Name the switch that a broken limit tightens: the vault's; on paper the strategy's."""
    if deployment.vault is not None:
        return SwitchScope.VAULT.value, deployment.vault.account_id
    return SwitchScope.STRATEGY.value, deployment.strategy.slug


def _is_broken(verdict: Verdict) -> bool:
    return verdict.outcome in {Outcome.BREACHED, Outcome.RECORDED}


def _tighten(broken: list[Verdict], deployment: Deployment, *, now: datetime) -> None:
    """Bring the account's switch to REDUCING, once, and say so."""
    scope = switch_of(deployment)
    if switches.effective_now([scope]).state is not SwitchState.ACTIVE:
        return
    said = " ".join(one.breach.message for one in broken if one.breach)
    reason = f"Deployment {deployment.pk}: {said}"
    switches.tighten(scope=scope, state=SwitchState.REDUCING, reason=reason, actor=ACTOR, now=now)
    raise_alert(
        TIGHTENED,
        subject=deployment,
        message=f"{reason} {' '.join(scope)} is now REDUCING.",
        now=now,
        key=f"{scope[0]}:{scope[1]}",
    )


def _tell(standing: list[Verdict], deployment: Deployment, *, now: datetime) -> None:
    """Raise what is near or broken; end what has come back far enough."""
    for one in standing:
        rule = _alert_of(one)
        if rule:
            raise_alert(
                rule,
                subject=deployment,
                message=_sentence(one, deployment),
                now=now,
                key=_key(deployment, one.rule),
            )
    _end_what_is_over(standing, deployment, now=now)


def _alert_of(verdict: Verdict) -> str:
    """Name the alert that a verdict asks for; empty where it asks for none."""
    if _is_broken(verdict):
        return REACHED
    near = verdict.used_ratio is not None and verdict.used_ratio >= WARN_RATIO
    return NEAR if near else ""


def _end_what_is_over(standing: list[Verdict], deployment: Deployment, *, now: datetime) -> None:
    """End the alerts whose use lies a tenth below where they begin; one query where none is open."""
    open_ones = set(
        Alert.objects.unresolved()
        .filter(rule__in=[NEAR, REACHED], dedupe_key__startswith=f"limits:{deployment.pk}:")
        .values_list("rule", "dedupe_key")
    )
    for one in standing:
        for rule, begins_at in ((NEAR, WARN_RATIO), (REACHED, Decimal(1))):
            key = _key(deployment, one.rule)
            with exact():
                rests = one.used_ratio is not None and one.used_ratio < begins_at * REST_RATIO
            if rests and (rule, key) in open_ones:
                said = f"{one.rule} is at {_percent(one)} of its limit again."
                resolve_by_itself(
                    rule, subject=deployment, reason=said, actor=ACTOR, now=now, key=key
                )


def _key(deployment: Deployment, rule: str) -> str:
    return f"limits:{deployment.pk}:{rule}"


def _sentence(verdict: Verdict, deployment: Deployment) -> str:
    said = verdict.breach.message if verdict.breach else ""
    return f"{deployment}: {verdict.rule} is at {_percent(verdict)} of its limit. {said}".strip()


def _percent(verdict: Verdict) -> str:
    used = verdict.used_ratio
    if used is None or not used.is_finite():
        return "more than all"
    with exact():
        return f"{plain(round(used * PERCENT, 1))} %"
