"""What the rest of Atlas knows of the signer process: only what it reports of itself."""

from django.db import models

from atlas.models.base import append_only
from atlas.rights import APPEND, READ, Rights


class SignerAttestation(models.Model):
    """A sign of life of the signer process, written by its own database role.

    Other processes cannot see the signer's environment; these rows are all they learn: that it
    runs, whether it holds a key, for which address, and whether live trading is on there.
    """

    database_rights = Rights(app=READ, signer=APPEND)

    attested_at = models.DateTimeField(db_index=True)
    host = models.CharField(max_length=120)
    process_id = models.PositiveIntegerField()
    code_version = models.CharField(max_length=64)
    holds_key = models.BooleanField()
    address = models.CharField(max_length=42, blank=True)
    live_trading = models.BooleanField()

    class Meta:
        ordering = ["-attested_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(holds_key=True) | models.Q(address=""),
                name="signer_attestation_address_needs_key",
            ),
        ]
        triggers = append_only("signer_attestation")

    def __str__(self) -> str:
        return f"signer on {self.host} at {self.attested_at:%Y-%m-%d %H:%M:%S}"
