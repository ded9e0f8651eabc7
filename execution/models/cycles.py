"""Cycles: one scheduled decision each, what it looked at, and what it wanted."""

import pgtrigger
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from atlas.domain.signals import Direction
from atlas.domain.states import CYCLE_TRANSITIONS, CycleState
from atlas.models.base import RatioField, UsdField, append_only, choice_check, choice_list
from execution.models.fences import fenced_by_cycle, final, lifecycle, token_never_falls
from execution.querysets import CycleRunManager
from execution.vocabulary import CycleOrigin, CycleStep, InputKind


class CycleRun(models.Model):
    """One decision of a deployment for one slot of its cadence.

    The slot is feed time: for a recording that is played, the recording's. Whoever runs it holds
    a lease by the database's clock and a fencing token; after the lease has expired another
    worker raises the token and goes on after the last committed step. A second delivery of the
    same slot finds this row and does nothing.
    """

    deployment = models.ForeignKey(
        "execution.Deployment", on_delete=models.PROTECT, related_name="cycles"
    )
    scheduled_for = models.DateTimeField(help_text="The slot, in feed time.")
    simulated_time = models.BooleanField(help_text="The slot is a recording's time.")
    origin = models.CharField(max_length=8, choices=choice_list(CycleOrigin))
    state = models.CharField(
        max_length=10, choices=choice_list(CycleState), default=CycleState.RUNNING
    )
    step = models.CharField(max_length=8, choices=choice_list(CycleStep), default=CycleStep.CLAIMED)
    round_number = models.PositiveSmallIntegerField(
        default=1, help_text="Each order of a cycle is decided on a fresh look at the account."
    )
    fencing_token = models.BigIntegerField(default=1)
    lease_until = models.DateTimeField(help_text="By the database's clock.")
    missed_slots = models.PositiveIntegerField(
        default=0, help_text="Slots since the previous cycle that nobody ran."
    )
    reason = models.CharField(max_length=40, blank=True)
    message = models.TextField(blank=True)
    detail = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    inputs_hash = models.CharField(max_length=64, blank=True)
    started_at = models.DateTimeField(help_text="Wall time.")
    finished_at = models.DateTimeField(null=True, help_text="Wall time.")

    objects = CycleRunManager()

    class Meta:
        ordering = ["-scheduled_for", "-pk"]
        indexes = [
            models.Index(fields=["-started_at", "-id"], name="cycle_newest"),
            models.Index(
                fields=["lease_until"], condition=Q(state="RUNNING"), name="cycle_running_lease"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["deployment", "scheduled_for"], name="cycle_one_per_slot"
            ),
            models.UniqueConstraint(
                fields=["deployment"],
                condition=Q(state="RUNNING"),
                name="cycle_one_live_lease_per_deployment",
            ),
            choice_check("state", CycleState, name="cycle_state_known"),
            choice_check("step", CycleStep, name="cycle_step_known"),
            choice_check("origin", CycleOrigin, name="cycle_origin_known"),
            models.CheckConstraint(condition=Q(fencing_token__gt=0), name="cycle_token_positive"),
            models.CheckConstraint(
                condition=Q(state="RUNNING", finished_at__isnull=True)
                | (~Q(state="RUNNING") & Q(finished_at__isnull=False)),
                name="cycle_finished_when_not_running",
            ),
            models.CheckConstraint(
                condition=Q(state="RUNNING") | ~Q(reason=""), name="cycle_ends_with_a_reason"
            ),
        ]
        triggers = [
            *token_never_falls("cycle"),
            *lifecycle("cycle", CYCLE_TRANSITIONS),
            *final("cycle", ~pgtrigger.Q(old__state="RUNNING")),
        ]

    def __str__(self) -> str:
        return f"cycle of deployment {self.deployment_id} at {self.scheduled_for:%Y-%m-%d %H:%M}"


class CycleInput(models.Model):
    """One thing that cycles decided on, named by its content.

    The same parameters, limits or code version are stored once, however many cycles used them.
    Candles are kept in their own table; what is stored here is which of them, and their digest.
    """

    digest = models.CharField(primary_key=True, max_length=64)
    kind = models.CharField(max_length=12, choices=choice_list(InputKind))
    content = models.JSONField()
    stored_at = models.DateTimeField()

    class Meta:
        ordering = ["-stored_at"]
        constraints = [choice_check("kind", InputKind, name="cycle_input_kind_known")]
        triggers = append_only("cycle_input")

    def __str__(self) -> str:
        return f"{self.kind} {self.digest[:12]}"


class CycleInputUse(models.Model):
    """Which input a cycle used, in which round and for which market."""

    cycle = models.ForeignKey(CycleRun, on_delete=models.PROTECT, related_name="input_uses")
    round_number = models.PositiveSmallIntegerField()
    subject = models.CharField(max_length=40, blank=True, help_text="The market, where it has one.")
    kind = models.CharField(max_length=12, choices=choice_list(InputKind))
    input = models.ForeignKey(CycleInput, on_delete=models.PROTECT, related_name="uses")
    fencing_token = models.BigIntegerField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["cycle", "round_number", "kind", "subject"],
                name="cycle_input_use_one_per_kind",
            ),
            choice_check("kind", InputKind, name="cycle_input_use_kind_known"),
        ]
        triggers = [*append_only("cycle_input_use"), *fenced_by_cycle("cycle_input_use")]

    def __str__(self) -> str:
        return f"{self.kind} of cycle {self.cycle_id}"


class Signal(models.Model):
    """What the rule wanted of one market, until when, and why in words."""

    cycle = models.ForeignKey(CycleRun, on_delete=models.PROTECT, related_name="signals")
    market = models.CharField(max_length=40)
    direction = models.CharField(max_length=8, choices=choice_list(Direction))
    target_exposure_ratio = RatioField(help_text="Signed notional over NAV.")
    confidence_ratio = RatioField()
    as_of_at = models.DateTimeField(help_text="Feed time.")
    valid_until_at = models.DateTimeField(help_text="Feed time.")
    reason = models.TextField()
    indicators = models.JSONField(default=dict)
    stop_usd = UsdField(null=True)
    take_profit_usd = UsdField(null=True)
    rule = models.CharField(max_length=60)
    rule_version = models.PositiveIntegerField()
    fencing_token = models.BigIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-as_of_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["cycle", "market"], name="signal_one_per_market"),
            choice_check("direction", Direction, name="signal_direction_known"),
            models.CheckConstraint(
                condition=Q(confidence_ratio__gte=0) & Q(confidence_ratio__lte=1),
                name="signal_confidence_is_a_share",
            ),
        ]
        triggers = [*append_only("signal"), *fenced_by_cycle("signal")]

    def __str__(self) -> str:
        return f"{self.market} {self.direction} at {self.as_of_at:%Y-%m-%d %H:%M}"
