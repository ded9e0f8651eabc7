"""Trades and orders: what was to be moved, each attempt at it, and the gate's word on each."""

import uuid

import pgtrigger
from django.db import models
from django.db.models import F, Q

from atlas.domain.intents import Authority, OrderIntent
from atlas.domain.states import (
    ORDER_TRANSITIONS,
    TRADE_TRANSITIONS,
    WORKING_ORDER_STATES,
    OrderState,
    PermitKind,
    SwitchState,
    TradeState,
)
from atlas.models.base import UsdField, append_only, choice_check, choice_list
from execution.models.fences import fenced_by_cycle, fenced_by_order, final, lifecycle
from execution.querysets import OrderManager
from execution.vocabulary import Venue

WORKING = sorted(state.value for state in WORKING_ORDER_STATES)
FROZEN_COLUMNS = [
    "id",
    "trade",
    "cycle",
    "deployment",
    "round_number",
    "venue",
    "account",
    "kind",
    "market",
    "is_long",
    "size_delta_usd",
    "collateral_delta_usd",
    "expected_pre_size_usd",
    "acceptable_price_usd",
    "signal_as_of_at",
    "signal_valid_until_at",
    "authority",
    "intent_digest",
]
ENDED_TRADES = [s.value for s in TradeState if not TRADE_TRANSITIONS[s]]


class Trade(models.Model):
    """The wish to bring one market to one absolute target, carried out by orders.

    The target stays while orders come and go: a flip is one trade with two orders, a close and
    an opening, and the second is sized from a new look at the account.
    """

    cycle = models.ForeignKey("execution.CycleRun", on_delete=models.PROTECT, related_name="trades")
    deployment = models.ForeignKey(
        "execution.Deployment", on_delete=models.PROTECT, related_name="trades"
    )
    signal = models.OneToOneField(
        "execution.Signal", on_delete=models.PROTECT, related_name="trade"
    )
    market = models.CharField(max_length=40)
    target_notional_usd = UsdField(
        null=True, help_text="Signed; empty where NAV or price was unknown and only exits count."
    )
    basis_notional_usd = UsdField(null=True, help_text="What was held when it was planned, signed.")
    state = models.CharField(
        max_length=12, choices=choice_list(TradeState), default=TradeState.PLANNED
    )
    reason = models.TextField()
    fencing_token = models.BigIntegerField()
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["cycle", "market"], name="trade_one_per_market"),
            choice_check("state", TradeState, name="trade_state_known"),
            models.CheckConstraint(
                condition=Q(state__in=ENDED_TRADES, ended_at__isnull=False)
                | (~Q(state__in=ENDED_TRADES) & Q(ended_at__isnull=True)),
                name="trade_ended_when_it_ended",
            ),
        ]
        triggers = [*lifecycle("trade", TRADE_TRANSITIONS), *fenced_by_cycle("trade")]

    def __str__(self) -> str:
        return f"{self.market} to {self.target_notional_usd} USD"


class Order(models.Model):
    """One attempt at a venue to carry out one intent.

    `account` names the paper account or the vault; at most one order of an account is working.
    DENIED means that we refused, CANCELED that the venue (or a halt, or time) did, FAILED that
    the chain reverted it. Only `final_at` ends an order.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    trade = models.ForeignKey(Trade, on_delete=models.PROTECT, related_name="orders")
    cycle = models.ForeignKey("execution.CycleRun", on_delete=models.PROTECT, related_name="orders")
    deployment = models.ForeignKey(
        "execution.Deployment", on_delete=models.PROTECT, related_name="orders"
    )
    round_number = models.PositiveSmallIntegerField()
    venue = models.CharField(max_length=8, choices=choice_list(Venue))
    account = models.CharField(max_length=80)
    state = models.CharField(
        max_length=12, choices=choice_list(OrderState), default=OrderState.PLANNED
    )
    kind = models.CharField(max_length=12, choices=choice_list(PermitKind))
    market = models.CharField(max_length=40)
    is_long = models.BooleanField()
    size_delta_usd = UsdField()
    collateral_delta_usd = UsdField()
    expected_pre_size_usd = UsdField()
    acceptable_price_usd = UsdField(null=True)
    signal_as_of_at = models.DateTimeField(null=True)
    signal_valid_until_at = models.DateTimeField(null=True)
    authority = models.CharField(max_length=12, choices=choice_list(Authority))
    intent_digest = models.CharField(max_length=64)
    permit = models.OneToOneField(
        "onchain.TransactionPermit", on_delete=models.PROTECT, null=True, related_name="+"
    )
    cancel_name = models.CharField(max_length=40, blank=True)
    cancel_reason = models.TextField(blank=True)
    fencing_token = models.BigIntegerField()
    created_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(
        null=True, help_text="Feed time at which a paper keeper executes it."
    )
    final_at = models.DateTimeField(null=True)

    objects = OrderManager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["deployment", "-created_at"], name="order_latest")]
        constraints = [
            models.UniqueConstraint(
                fields=["account"],
                condition=Q(state__in=WORKING),
                name="order_one_working_per_account",
            ),
            models.UniqueConstraint(
                fields=["cycle", "round_number"], name="order_one_per_cycle_round"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["PLANNED", "DENIED", "CANCELED"]) | Q(permit__isnull=False),
                name="order_past_the_gate_has_a_permit",
            ),
            models.CheckConstraint(
                condition=Q(final_at__isnull=True)
                | Q(state__in=["FILLED", "CANCELED", "FAILED", "DENIED"]),
                name="order_final_only_at_an_end",
            ),
            models.CheckConstraint(
                condition=Q(final_at__isnull=False) | ~Q(state="DENIED"),
                name="order_denied_is_final",
            ),
            models.CheckConstraint(condition=Q(size_delta_usd__gt=0), name="order_has_a_size"),
            choice_check("state", OrderState, name="order_state_known"),
            choice_check("kind", PermitKind, name="order_kind_known"),
            choice_check("venue", Venue, name="order_venue_known"),
            choice_check("authority", Authority, name="order_authority_known"),
        ]
        triggers = [
            *lifecycle("order", ORDER_TRANSITIONS),
            *final("order", pgtrigger.Q(old__final_at__isnull=False)),
            *fenced_by_cycle("order"),
            pgtrigger.ReadOnly(name="order_intent_frozen", fields=FROZEN_COLUMNS),
        ]

    def __str__(self) -> str:
        side = "long" if self.is_long else "short"
        return f"{self.kind} {self.market} {side} {self.size_delta_usd:.2f} USD: {self.state}"

    @property
    def intent(self) -> OrderIntent:
        """Read the intent that the gate judges and a permit names."""
        return OrderIntent(
            account=self.account,
            kind=PermitKind(self.kind),
            market=self.market,
            is_long=self.is_long,
            size_delta_usd=self.size_delta_usd,
            collateral_delta_usd=self.collateral_delta_usd,
            expected_pre_size_usd=self.expected_pre_size_usd,
            acceptable_price_usd=self.acceptable_price_usd,
            signal_as_of_at=self.signal_as_of_at,
            signal_valid_until_at=self.signal_valid_until_at,
            authority=Authority(self.authority),
        )


class OrderEvent(models.Model):
    """One thing that happened to an order; its states are read off these."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="events")
    before = models.CharField(max_length=12, blank=True)
    after = models.CharField(max_length=12, choices=choice_list(OrderState))
    name = models.CharField(max_length=40, blank=True, help_text="The venue's or our own word.")
    message = models.TextField(blank=True)
    at = models.DateTimeField(help_text="Wall time.")

    class Meta:
        ordering = ["pk"]
        constraints = [
            choice_check("after", OrderState, name="order_event_state_known"),
            models.CheckConstraint(condition=~Q(before=F("after")), name="order_event_changes"),
        ]
        triggers = append_only("order_event")

    def __str__(self) -> str:
        return f"{self.before or 'new'} -> {self.after}"


class GuardrailDecision(models.Model):
    """The gate's word on one order: every rule's verdict, with both numbers where one objects.

    It keeps under which switch state and which limits the word was given, and which keys of live
    trading were missing.
    """

    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="decision")
    allowed = models.BooleanField()
    reason = models.TextField()
    switch_state = models.CharField(max_length=16, choices=choice_list(SwitchState))
    switch_scope = models.CharField(max_length=140)
    switch_reason = models.CharField(max_length=500)
    switch_epoch = models.BigIntegerField()
    limits = models.ForeignKey(
        "execution.GuardrailLimits", on_delete=models.PROTECT, null=True, related_name="decisions"
    )
    vault_limits = models.ForeignKey(
        "execution.GuardrailLimits", on_delete=models.PROTECT, null=True, related_name="+"
    )
    global_limits = models.ForeignKey(
        "execution.GuardrailLimits", on_delete=models.PROTECT, null=True, related_name="+"
    )
    verdicts = models.JSONField()
    refusal = models.CharField(
        max_length=200, blank=True, default="", help_text="The rules that denied, as retries count."
    )
    missing_live_keys = models.JSONField(default=list)
    feed_at = models.DateTimeField(help_text="The feed's time that ages were measured by.")
    fencing_token = models.BigIntegerField()
    decided_at = models.DateTimeField(help_text="By the database's clock, after the lock.")

    class Meta:
        ordering = ["-decided_at", "-pk"]
        constraints = [
            choice_check("switch_state", SwitchState, name="guardrail_decision_switch_known"),
            models.CheckConstraint(
                condition=Q(allowed=False) | Q(missing_live_keys=[]),
                name="guardrail_decision_live_needs_all_keys",
            ),
        ]
        triggers = [*append_only("guardrail_decision"), *fenced_by_order("guardrail_decision")]

    def __str__(self) -> str:
        return f"{'allowed' if self.allowed else 'denied'}: {self.reason[:80]}"
