"""The register of chains and vaults."""

from django.db import models

from atlas.api.access import Reader
from atlas.models.base import choice_check, choice_list
from onchain.querysets import VaultQuerySet
from onchain.vocabulary import VaultStatus


class Chain(models.Model):
    """A blockchain that a vault may live on; the id is stored so that a wrong node is noticed."""

    chain_id = models.PositiveBigIntegerField(primary_key=True)
    name = models.CharField(max_length=60, unique=True)
    is_local = models.BooleanField(
        default=False, help_text="A development chain: demo keys are allowed there only."
    )

    class Meta:
        ordering = ["chain_id"]

    def __str__(self) -> str:
        return self.name


class VaultManager(models.Manager["Vault"]):
    """The door to the table.

    Written out: type checkers lose a manager that is derived from its query set at run time.
    """

    def get_queryset(self) -> VaultQuerySet:
        """Give all rows."""
        return VaultQuerySet(self.model, using=self._db)

    def readable_by(self, reader: Reader) -> VaultQuerySet:
        """Give what this reader may see."""
        return self.get_queryset().readable_by(reader)


class Vault(models.Model):
    """A dHEDGE V2 pool whose trader may be us; one strategy at most is published from it."""

    chain = models.ForeignKey(Chain, on_delete=models.PROTECT, related_name="vaults")
    address = models.CharField(max_length=42, help_text="Lower-case hexadecimal with 0x.")
    name = models.CharField(max_length=160)
    status = models.CharField(
        max_length=12, choices=choice_list(VaultStatus), default=VaultStatus.WATCHED
    )
    strategy = models.ForeignKey(
        "strategies.Strategy",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="vaults",
    )
    inception_on = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = VaultManager()

    class Meta:
        ordering = ["chain", "address"]
        constraints = [
            models.UniqueConstraint(fields=["chain", "address"], name="vault_one_per_address"),
            models.CheckConstraint(
                condition=models.Q(address__regex=r"^0x[0-9a-f]{40}$"),
                name="vault_address_lower_hex",
            ),
            choice_check("status", VaultStatus, name="vault_status_known"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def account_id(self) -> str:
        """Give the CAIP-10 text by which the catalogue's series name this vault."""
        return f"eip155:{self.chain_id}:{self.address}"
