"""Deployments: a strategy put to work, under which limits and on whose clock."""

from datetime import timedelta
from decimal import Decimal

from django.db import models
from django.db.models import F, Q

from atlas.domain.candles import Timeframe
from atlas.domain.states import TradingMode
from atlas.domain.timetable import GRACE_SHARE, MissedSlots, Timetable
from atlas.models.base import RatioField, UsdField, choice_check, choice_list
from execution.querysets import DeploymentManager
from execution.vocabulary import DeploymentStatus


class FeedClock(models.Model):
    """The time of a recording that is played as if it happened now.

    At `anchor_wall_at` the recording stands at `anchor_feed_at`, and one second on the wall is
    `speed` seconds of it. A recording plays only while somebody watches: after a pause of the
    house the anchors move, so that it goes on where it stood.
    """

    name = models.CharField(max_length=80, unique=True)
    anchor_wall_at = models.DateTimeField()
    anchor_feed_at = models.DateTimeField()
    speed = models.DecimalField(max_digits=12, decimal_places=3)
    seen_at = models.DateTimeField(help_text="When the house last looked at this clock (wall).")

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(speed__gt=0), name="feed_clock_runs_forward"),
            models.CheckConstraint(
                condition=Q(seen_at__gte=F("anchor_wall_at")), name="feed_clock_seen_after_anchor"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.speed.normalize():f} times as fast"


class Deployment(models.Model):
    """A strategy at work on one account: a paper account, or a vault once it goes live.

    It runs the rule that it was created with: an import that changes the strategy's own does not
    silently change what trades. Its `parameters` are version 1; a change is a ParameterVersion,
    which marks the track record. Another rule is a new deployment.
    """

    strategy = models.ForeignKey(
        "strategies.Strategy", on_delete=models.PROTECT, related_name="deployments"
    )
    mode = models.CharField(max_length=8, choices=choice_list(TradingMode))
    vault = models.ForeignKey(
        "onchain.Vault",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="deployments",
    )
    status = models.CharField(
        max_length=8, choices=choice_list(DeploymentStatus), default=DeploymentStatus.ENABLED
    )
    rule = models.CharField(max_length=60)
    parameters = models.JSONField(default=dict, blank=True)
    markets = models.JSONField(help_text="Markets that it trades, for example ETH/USD.")
    timeframe = models.CharField(max_length=4, choices=choice_list(Timeframe))
    cadence_seconds = models.PositiveIntegerField(
        help_text="Seconds of feed time between two cycles."
    )
    offset_seconds = models.PositiveIntegerField(
        default=0, help_text="How long after the bar's close its slots lie; below the cadence."
    )
    jitter_seconds = models.PositiveIntegerField(
        default=0,
        help_text="Its cycles begin up to so long after their slots, so that not all begin at once.",
    )
    missed_slots = models.CharField(
        max_length=8,
        choices=choice_list(MissedSlots),
        default=MissedSlots.LATEST,
        help_text="What becomes of slots that nobody ran.",
    )
    feed = models.CharField(
        max_length=40, default="replay", help_text="Which market-data provider it listens to."
    )
    feed_clock = models.ForeignKey(
        FeedClock,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="deployments",
        help_text="Empty: the world's own time.",
    )
    min_order_usd = UsdField(default=Decimal(10))
    leverage_ratio = RatioField(default=Decimal(2), help_text="Size over collateral of an order.")
    rebalance_band_ratio = RatioField(
        default=Decimal("0.05"), help_text="Share of the target within which nothing is done."
    )
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=150)

    objects = DeploymentManager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            choice_check("mode", TradingMode, name="deployment_mode_known"),
            choice_check("status", DeploymentStatus, name="deployment_status_known"),
            choice_check("timeframe", Timeframe, name="deployment_timeframe_known"),
            models.UniqueConstraint(
                fields=["vault"],
                condition=Q(mode="LIVE"),
                name="deployment_one_live_per_vault",
            ),
            models.CheckConstraint(
                condition=Q(mode="PAPER") | Q(vault__isnull=False),
                name="deployment_live_needs_a_vault",
            ),
            models.CheckConstraint(
                condition=Q(mode="PAPER") | Q(feed_clock__isnull=True),
                name="deployment_live_runs_on_the_worlds_time",
            ),
            models.CheckConstraint(
                condition=Q(cadence_seconds__gt=0), name="deployment_cadence_positive"
            ),
            choice_check("missed_slots", MissedSlots, name="deployment_missed_slots_known"),
            models.CheckConstraint(
                condition=Q(offset_seconds__lt=F("cadence_seconds"))
                & Q(cadence_seconds__gt=F("jitter_seconds") * GRACE_SHARE),
                name="deployment_timetable_can_be_kept",
            ),
            models.CheckConstraint(
                condition=Q(mode="PAPER") | ~Q(missed_slots=MissedSlots.ALL.value),
                name="deployment_live_catches_nothing_up",
            ),
            models.CheckConstraint(condition=~Q(markets=[]), name="deployment_has_a_market"),
            models.CheckConstraint(
                condition=Q(min_order_usd__gt=0)
                & Q(leverage_ratio__gt=0)
                & Q(rebalance_band_ratio__gte=0)
                & Q(rebalance_band_ratio__lte=1),
                name="deployment_terms_in_range",
            ),
        ]
        permissions = [
            ("run_paper_cycle", "Can run a paper cycle now"),
            ("pause_deployment", "Can pause and resume a deployment"),
        ]

    def __str__(self) -> str:
        return f"{self.strategy} on {', '.join(self.markets)} ({self.mode.lower()})"

    @property
    def is_live(self) -> bool:
        """Tell whether it would trade real money."""
        return self.mode == TradingMode.LIVE

    @property
    def cadence(self) -> timedelta:
        """Give the feed time between two cycles."""
        return timedelta(seconds=self.cadence_seconds)

    @property
    def timetable(self) -> Timetable:
        """Give when its cycles begin."""
        return Timetable(
            cadence=self.cadence,
            offset=timedelta(seconds=self.offset_seconds),
            jitter=timedelta(seconds=self.jitter_seconds),
            missed=MissedSlots(self.missed_slots),
        )
