"""The nodes of a chain: how they are to be used, and how they are."""

from django.db import models
from django.db.models import Q

from onchain.models.register import Chain


class RpcEndpoint(models.Model):
    """How a node of a chain is used. Its address is in the environment: it may carry a key.

    The name joins the two. An endpoint of the environment without a row is used with the defaults.
    """

    chain = models.ForeignKey(Chain, on_delete=models.PROTECT, related_name="rpc_endpoints")
    name = models.CharField(max_length=40)
    priority = models.PositiveSmallIntegerField(
        default=100, help_text="Lower ones are asked first."
    )
    weight = models.PositiveSmallIntegerField(
        default=1, help_text="Share of the load among endpoints of one priority."
    )
    requests_per_second = models.PositiveIntegerField(default=20)
    log_range_blocks = models.PositiveIntegerField(
        default=10_000, help_text="The widest range of blocks that is asked for logs at once."
    )
    is_enabled = models.BooleanField(default=True)

    class Meta:
        ordering = ["chain", "priority", "name"]
        constraints = [
            models.UniqueConstraint(fields=["chain", "name"], name="rpc_endpoint_one_per_name"),
            models.CheckConstraint(condition=Q(weight__gte=1), name="rpc_endpoint_weight_positive"),
            models.CheckConstraint(
                condition=Q(requests_per_second__gte=1), name="rpc_endpoint_rate_positive"
            ),
            models.CheckConstraint(
                condition=Q(log_range_blocks__gte=1),
                name="rpc_endpoint_log_range_positive",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.chain} {self.name}"


class RpcNodeHealth(models.Model):
    """What all processes together have seen of a node: answers, failures by kind, speed and lag."""

    chain = models.ForeignKey(Chain, on_delete=models.PROTECT, related_name="node_healths")
    name = models.CharField(max_length=40)
    answers = models.PositiveBigIntegerField(default=0)
    failures = models.JSONField(default=dict, help_text="Counts by the error's code.")
    latency_ms = models.PositiveIntegerField(default=0)
    head_block = models.PositiveBigIntegerField(default=0)
    lag_blocks = models.PositiveIntegerField(default=0)
    is_in_use = models.BooleanField(default=True)
    untrusted_because = models.CharField(max_length=300, blank=True)
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ["chain", "name"]
        verbose_name_plural = "RPC node healths"
        constraints = [
            models.UniqueConstraint(fields=["chain", "name"], name="rpc_health_one_per_node"),
        ]

    def __str__(self) -> str:
        return f"{self.chain} {self.name}"
