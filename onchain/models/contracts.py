"""The contracts of a chain as reviewed data: sets, their addresses, tokens and markets."""

from django.db import models
from django.db.models import Q

from atlas.models.base import append_only, choice_check, choice_list
from atlas.rights import APPEND, READ, Rights
from onchain.addresses import ContractRole
from onchain.gmx.layouts import Layout
from onchain.models.register import Chain
from onchain.vocabulary import ContractSetState

ADDRESS = r"^0x[0-9a-fA-F]{40}$"
HASH = r"^0x[0-9a-f]{64}$"


class ContractSet(models.Model):
    """One generation of GMX on one chain, and dHEDGE's contracts beside it, as somebody reviewed it.

    The first set of a generation is in use at once; each later one that differs waits for two
    persons. The layout says how the set's own Reader answers. What a set pins never changes: a
    correction is a new version.
    """

    database_rights = Rights(
        app=APPEND, signer=READ, app_updates=("state", "in_use_at", "ended_at", "accepted_by")
    )

    chain = models.ForeignKey(Chain, on_delete=models.PROTECT, related_name="contract_sets")
    generation = models.CharField(max_length=20)
    version = models.PositiveIntegerField()
    layout = models.CharField(max_length=8, choices=choice_list(Layout))
    state = models.CharField(max_length=8, choices=choice_list(ContractSetState))
    content_hash = models.CharField(max_length=66, help_text="Of chain, layout and addresses.")
    note = models.CharField(max_length=300)
    loaded_by = models.CharField(max_length=150)
    loaded_at = models.DateTimeField()
    accepted_by = models.CharField(max_length=150, blank=True)
    in_use_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["chain", "generation", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["chain", "generation", "version"], name="contract_set_version_once"
            ),
            models.UniqueConstraint(
                fields=["chain", "generation"],
                condition=Q(state=ContractSetState.IN_USE),
                name="contract_set_one_in_use",
            ),
            models.UniqueConstraint(
                fields=["chain", "generation"],
                condition=Q(state=ContractSetState.WAITING),
                name="contract_set_one_waiting",
            ),
            models.CheckConstraint(
                condition=Q(content_hash__regex=HASH), name="contract_set_hash_form"
            ),
            choice_check("layout", Layout, name="contract_set_layout_known"),
            choice_check("state", ContractSetState, name="contract_set_state_known"),
            models.CheckConstraint(
                condition=Q(in_use_at__isnull=True, state__in=["WAITING", "REFUSED"])
                | Q(in_use_at__isnull=False, state__in=["IN_USE", "RETIRED"]),
                name="contract_set_use_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=False, state__in=["REFUSED", "RETIRED"])
                | Q(ended_at__isnull=True, state__in=["WAITING", "IN_USE"]),
                name="contract_set_end_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.chain} {self.generation}, version {self.version}"


class PinnedContract(models.Model):
    """One contract of a set: what it is for, where it is, and who says so."""

    contract_set = models.ForeignKey(
        ContractSet, on_delete=models.PROTECT, related_name="contracts"
    )
    role = models.CharField(max_length=30, choices=choice_list(ContractRole))
    address = models.CharField(max_length=42, help_text="With its checksum.")
    code_hash = models.CharField(max_length=66, blank=True)
    source = models.CharField(max_length=300)

    class Meta:
        ordering = ["contract_set", "role"]
        constraints = [
            models.UniqueConstraint(
                fields=["contract_set", "role"], name="pinned_contract_one_per_role"
            ),
            models.CheckConstraint(
                condition=Q(address__regex=ADDRESS), name="pinned_contract_address_form"
            ),
            models.CheckConstraint(
                condition=Q(code_hash="") | Q(code_hash__regex=HASH),
                name="pinned_contract_code_hash_form",
            ),
            choice_check("role", ContractRole, name="pinned_contract_role_known"),
        ]
        triggers = append_only("pinned_contract")

    def __str__(self) -> str:
        return f"{self.get_role_display()} {self.address}"


class Token(models.Model):
    """A token of a chain; a synthetic one has a price at GMX but cannot be held."""

    chain = models.ForeignKey(Chain, on_delete=models.PROTECT, related_name="tokens")
    address = models.CharField(max_length=42, help_text="With its checksum.")
    symbol = models.CharField(max_length=30)
    decimals = models.PositiveSmallIntegerField()
    is_synthetic = models.BooleanField(default=False)

    class Meta:
        ordering = ["chain", "symbol", "address"]
        constraints = [
            models.UniqueConstraint(fields=["chain", "address"], name="token_one_per_address"),
            models.CheckConstraint(condition=Q(address__regex=ADDRESS), name="token_address_form"),
            models.CheckConstraint(condition=Q(decimals__lte=30), name="token_decimals_at_most_30"),
        ]
        triggers = append_only("token")

    def __str__(self) -> str:
        return self.symbol


class Market(models.Model):
    """A market of GMX. Everything is keyed by its token: one symbol may have several markets.

    Without an index token there are no positions in it, only swaps.
    """

    chain = models.ForeignKey(Chain, on_delete=models.PROTECT, related_name="markets")
    market_token = models.CharField(max_length=42, help_text="With its checksum.")
    index_token = models.ForeignKey(
        Token, on_delete=models.PROTECT, null=True, blank=True, related_name="indexed_markets"
    )
    long_token = models.ForeignKey(
        Token, on_delete=models.PROTECT, related_name="long_backed_markets"
    )
    short_token = models.ForeignKey(
        Token, on_delete=models.PROTECT, related_name="short_backed_markets"
    )

    class Meta:
        ordering = ["chain", "market_token"]
        constraints = [
            models.UniqueConstraint(fields=["chain", "market_token"], name="market_one_per_token"),
            models.CheckConstraint(
                condition=Q(market_token__regex=ADDRESS), name="market_token_address_form"
            ),
        ]
        triggers = append_only("market")

    def __str__(self) -> str:
        index = self.index_token.symbol if self.index_token else "swap only"
        return f"{index} [{self.long_token.symbol}-{self.short_token.symbol}]"
