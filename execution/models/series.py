"""Series: candles and equity, one row a point in time, without an id of their own."""

from django.db import models
from django.db.models import F, Q

from atlas.domain.candles import Timeframe
from atlas.models.base import UsdField, append_only, choice_check, choice_list


class Candle(models.Model):
    """One closed bar as a source gave it when it was first used; sources may not change history.

    Cycles refer to these rows by digest, so a bar is stored once however many decisions saw it.
    """

    pk = models.CompositePrimaryKey("market", "timeframe", "source", "open_at")
    market = models.CharField(max_length=40)
    timeframe = models.CharField(max_length=4, choices=choice_list(Timeframe))
    source = models.CharField(max_length=120, help_text="For example replay:ethusd-1h.csv.gz")
    open_at = models.DateTimeField()
    open_usd = UsdField()
    high_usd = UsdField()
    low_usd = UsdField()
    close_usd = UsdField()
    volume = models.DecimalField(max_digits=38, decimal_places=18)

    class Meta:
        constraints = [
            choice_check("timeframe", Timeframe, name="candle_timeframe_known"),
            models.CheckConstraint(
                condition=Q(low_usd__gt=0)
                & Q(low_usd__lte=F("open_usd"))
                & Q(low_usd__lte=F("close_usd"))
                & Q(high_usd__gte=F("open_usd"))
                & Q(high_usd__gte=F("close_usd")),
                name="candle_is_possible",
            ),
            models.CheckConstraint(condition=Q(volume__gte=0), name="candle_volume_not_negative"),
        ]
        triggers = append_only("candle")

    def __str__(self) -> str:
        return f"{self.market} {self.timeframe} {self.open_at:%Y-%m-%d %H:%M}"


class EquityPoint(models.Model):
    """What an account was worth at the end of a cycle or at a tick of the clock, and why.

    Funding and borrowing are what was paid and what is pending. While an order is pending, what it
    holds lies in `positions_usd`.

    `share_value_usd` is the figure to measure performance by: deposits and withdrawals change the
    number of shares and never their value. Points of a played recording carry `simulated_time` and
    enter no published live figure.
    """

    pk = models.CompositePrimaryKey("deployment_id", "as_of_at")
    deployment = models.ForeignKey(
        "execution.Deployment",
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="equity_points",
    )
    as_of_at = models.DateTimeField(help_text="Feed time.")
    simulated_time = models.BooleanField()
    on_clock = models.BooleanField(default=False, help_text="Taken by the clock, not by a cycle.")
    cash_usd = UsdField()
    positions_usd = UsdField(help_text="All positions and what a pending order holds.")
    equity_usd = UsdField()
    flows_usd = UsdField()
    shares = models.DecimalField(max_digits=38, decimal_places=18)
    share_value_usd = UsdField(null=True, help_text="Empty where there are no shares.")
    realised_usd = UsdField()
    unrealised_usd = UsdField()
    funding_usd = UsdField()
    borrowing_usd = UsdField()
    position_fee_usd = UsdField()
    execution_fee_usd = UsdField()
    recorded_at = models.DateTimeField(help_text="Wall time.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(equity_usd=F("cash_usd") + F("positions_usd")),
                name="equity_point_adds_up",
            ),
        ]
        triggers = append_only("equity_point")

    def __str__(self) -> str:
        return f"{self.deployment_id} {self.as_of_at:%Y-%m-%d %H:%M}: {self.equity_usd:.2f} USD"
