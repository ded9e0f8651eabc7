"""The chain's floor in the console: chains, the vault register, permits."""

from django.contrib import admin
from unfold.contrib.filters.admin import RangeDateTimeFilter

from atlas.console.display import links, pills
from atlas.console.facts import FactAdmin
from onchain.models import Chain, TransactionPermit, Vault


@admin.register(Chain)
class ChainAdmin(FactAdmin):
    """Chains: on which blockchains may a vault live?"""

    icon = "link"
    list_display = ("name", "chain_id", "is_local")


@admin.register(Vault)
class VaultAdmin(FactAdmin):
    """Vaults: which pools are known, and which strategy is published from each?"""

    icon = "account_balance"
    list_display = ("name", links("chain"), "address", pills("status"), links("strategy"))
    list_filter = ("status", "chain")
    search_fields = ("name", "=address")
    list_select_related = ("chain", "strategy")
    readonly_fields = ("account_id",)

    @admin.display(description="Account id (CAIP-10)")
    def account_id(self, row: Vault) -> str:
        """Give the name by which series know this vault."""
        return row.account_id


@admin.register(TransactionPermit)
class TransactionPermitAdmin(FactAdmin):
    """Permits: what did the gate allow, once, and what became of it?"""

    icon = "verified_user"
    list_display = ("issued_at", "kind", "venue", pills("state"), "intent_tag", "expires_at")
    list_filter = ("state", "kind", "venue", ("issued_at", RangeDateTimeFilter))
    search_fields = ("=intent_tag", "=intent_digest")
