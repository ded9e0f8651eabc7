"""What has been used of limits that are counted, and the best that an account has been."""

import pgtrigger
from django.db import models
from django.db.models import Q

from atlas.domain.limits import LimitScope
from atlas.models.base import UsdField, choice_check, choice_list
from atlas.rights import Rights
from execution.vocabulary import ReservationState

KEPT = Rights(app=frozenset({"SELECT", "INSERT", "UPDATE"}))


class LimitUsage(models.Model):
    """The counters of one scope: a deployment, a vault, or all deployments of one mode.

    Its hours and days are those of the clock it is counted by: the feed's for a deployment, the
    database's for what deployments share. A gate holds the row locked, always in the order of
    `rank`, so that several gates can never pass a limit together. An order counts in full from
    the moment it is authorised.
    """

    scope = models.CharField(max_length=12, choices=choice_list(LimitScope))
    key = models.CharField(max_length=40, help_text="Number of the deployment or vault; the mode.")
    rank = models.PositiveSmallIntegerField(help_text="Place in the order of locking.")
    hour_at = models.DateTimeField(help_text="Beginning of the hour that is counted.")
    day_at = models.DateTimeField(help_text="Beginning of the day (UTC) that is counted.")
    orders_in_hour = models.PositiveIntegerField(default=0)
    cancels_in_hour = models.PositiveIntegerField(default=0)
    orders_in_day = models.PositiveIntegerField(default=0)
    turnover_usd = UsdField(default=0, help_text="Of the day, reserved or filled.")
    gas_usd = UsdField(default=0, help_text="Execution fees of the day, reserved or paid.")

    database_rights = KEPT

    class Meta:
        ordering = ["rank", "key"]
        verbose_name_plural = "limit usage"
        constraints = [
            models.UniqueConstraint(fields=["scope", "key"], name="limit_usage_one_per_scope"),
            choice_check("scope", LimitScope, name="limit_usage_scope_known"),
            models.CheckConstraint(
                condition=Q(turnover_usd__gte=0) & Q(gas_usd__gte=0),
                name="limit_usage_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"usage of {self.scope.lower()} {self.key}"


class LimitReservation(models.Model):
    """What one authorised order holds of one scope's counters until it has ended.

    Once the order has ended, whoever next looks at the counters settles it: a filled order keeps
    what it used, any other gives its turnover and its fee back.
    """

    usage = models.ForeignKey(LimitUsage, on_delete=models.PROTECT, related_name="reservations")
    order = models.ForeignKey(
        "execution.Order", on_delete=models.PROTECT, related_name="reservations"
    )
    state = models.CharField(
        max_length=12, choices=choice_list(ReservationState), default=ReservationState.RESERVED
    )
    turnover_usd = UsdField()
    gas_usd = UsdField()
    day_at = models.DateTimeField(help_text="The day whose counters hold it.")
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    database_rights = KEPT

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["order", "usage"], name="limit_reservation_one_per_scope"
            ),
            choice_check("state", ReservationState, name="limit_reservation_state_known"),
            models.CheckConstraint(
                condition=Q(state="RESERVED", ended_at__isnull=True)
                | (~Q(state="RESERVED") & Q(ended_at__isnull=False)),
                name="limit_reservation_ended_when_it_ended",
            ),
        ]
        indexes = [
            models.Index(
                fields=["usage"], condition=Q(state="RESERVED"), name="limit_reservation_open"
            )
        ]
        triggers = [
            pgtrigger.FSM(
                name="limit_reservation_lifecycle",
                field="state",
                transitions=[("RESERVED", "SETTLED"), ("RESERVED", "RELEASED")],
            ),
            pgtrigger.Protect(name="limit_reservation_never_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.turnover_usd:.2f} USD: {self.state.lower()}"


class HighWater(models.Model):
    """The best share value that a deployment's account has held; drawdowns are measured from it.

    It never falls by itself. `read_from_at` is where the next look at the equity series begins.
    """

    deployment = models.OneToOneField(
        "execution.Deployment", on_delete=models.PROTECT, related_name="high_water"
    )
    share_value_usd = UsdField()
    last_value_usd = UsdField(help_text="The newest value that was looked at.")
    read_from_at = models.DateTimeField(null=True, help_text="Feed time.")
    changed_at = models.DateTimeField(help_text="Wall time.")
    changed_by = models.CharField(max_length=150)

    database_rights = KEPT

    class Meta:
        ordering = ["deployment"]
        verbose_name_plural = "high-water marks"
        constraints = [
            models.CheckConstraint(condition=Q(share_value_usd__gt=0), name="high_water_above_zero")
        ]

    def __str__(self) -> str:
        return f"{self.share_value_usd.normalize():f} USD a share"
