"""Trading switches: how much each scope may trade, and every change of that."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from atlas.domain.states import SwitchScope, SwitchState
from atlas.models.base import append_only, choice_check, choice_list
from atlas.rights import READ, Rights


class TradingState(models.Model):
    """The switch of one scope; the most restrictive of all scopes that cover an order wins.

    A scope that has no row is treated as HALTED. Rows are read under the shared advisory lock
    and written under the exclusive one, by `atlas.switches` alone.
    """

    database_rights = Rights(app=frozenset({"SELECT", "INSERT", "UPDATE"}), signer=READ)

    scope = models.CharField(max_length=16, choices=choice_list(SwitchScope))
    key = models.CharField(
        max_length=120, help_text="What the scope names: empty for GLOBAL, else its identifier."
    )
    state = models.CharField(max_length=16, choices=choice_list(SwitchState))
    reason = models.CharField(max_length=500)
    epoch = models.BigIntegerField(default=1, help_text="Raised by every change.")
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=150)

    class Meta:
        ordering = ["scope", "key"]
        constraints = [
            models.UniqueConstraint(fields=["scope", "key"], name="trading_state_one_per_scope"),
            choice_check("scope", SwitchScope, name="trading_state_scope_known"),
            choice_check("state", SwitchState, name="trading_state_state_known"),
            models.CheckConstraint(
                condition=Q(scope="GLOBAL", key="") | (~Q(scope="GLOBAL") & ~Q(key="")),
                name="trading_state_key_fits_scope",
            ),
        ]
        permissions = [
            ("halt_trading", "Can halt or reduce trading"),
            ("restore_trading", "Can restore trading"),
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.key or '*'}: {self.state}"


class TradingStateChange(models.Model):
    """One change of a switch: from what to what, by whom and why."""

    trading_state = models.ForeignKey(
        TradingState, on_delete=models.PROTECT, related_name="changes"
    )
    before = models.CharField(max_length=16, blank=True)
    after = models.CharField(max_length=16, choices=choice_list(SwitchState))
    reason = models.CharField(max_length=500)
    actor = models.CharField(max_length=150)
    actor_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    approval = models.ForeignKey(
        "atlas.ApprovalRequest", on_delete=models.PROTECT, null=True, related_name="switch_changes"
    )
    epoch = models.BigIntegerField()
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["-changed_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["trading_state", "epoch"], name="trading_state_change_one_per_epoch"
            ),
            models.CheckConstraint(
                condition=~Q(before=F("after")), name="trading_state_change_changes"
            ),
        ]
        triggers = append_only("trading_state_change")

    def __str__(self) -> str:
        return f"{self.trading_state_id}: {self.before} -> {self.after}"
