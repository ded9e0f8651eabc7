"""Versions of parameters: what a deployment's rule is given, from which moment on, and why."""

from django.db import models
from django.db.models import Q

from atlas.models.base import append_only

FIRST_CHANGE = 2


class ParameterVersion(models.Model):
    """What a deployment's rule is given from a moment on.

    The deployment's own row is version 1; each change is a further row here, never an edit. A cycle
    goes by the highest version that was there when it began, also when another worker ends it.
    """

    deployment = models.ForeignKey(
        "execution.Deployment", on_delete=models.PROTECT, related_name="parameter_versions"
    )
    version = models.PositiveIntegerField()
    parameters = models.JSONField(help_text="Every parameter of the rule, written out whole.")
    approval = models.ForeignKey(
        "atlas.ApprovalRequest",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The second person's word, where the deployment is LIVE.",
    )
    reason = models.CharField(max_length=500)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=150)

    class Meta:
        ordering = ["deployment", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["deployment", "version"], name="parameter_version_one_per_version"
            ),
            models.CheckConstraint(
                condition=Q(version__gte=FIRST_CHANGE), name="parameter_version_2_on"
            ),
        ]
        triggers = append_only("parameter_version")

    def __str__(self) -> str:
        return f"parameters v{self.version} of deployment {self.deployment_id}"
