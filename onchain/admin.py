"""The chain's floor in the console: chains, the vault register, permits."""

from django.contrib import admin
from unfold.contrib.filters.admin import RangeDateTimeFilter

from atlas.console.display import links, pills
from atlas.console.facts import FactAdmin, FactInline
from onchain.models import (
    Chain,
    ContractSet,
    Market,
    PinnedContract,
    RpcEndpoint,
    RpcNodeHealth,
    Token,
    TransactionPermit,
    Vault,
)


@admin.register(Chain)
class ChainAdmin(FactAdmin):
    """Chains: on which blockchains may a vault live?"""

    icon = "link"
    list_display = ("name", "chain_id", "is_local")


class PinnedContractInline(FactInline):
    """The contracts of a set, with who says where they are."""

    model = PinnedContract
    columns = ("role", "address", "code_hash", "source")
    per_page = 30


@admin.register(ContractSet)
class ContractSetAdmin(FactAdmin):
    """Contract sets: which contracts were reviewed, and which are believed?"""

    icon = "contract"
    list_display = ("__str__", links("chain"), "layout", pills("state"), "loaded_at", "in_use_at")
    list_filter = ("state", "chain", "generation")
    search_fields = ("=contracts__address", "=content_hash")
    list_select_related = ("chain",)
    inlines = (PinnedContractInline,)


@admin.register(Token)
class TokenAdmin(FactAdmin):
    """Tokens: what is traded or held on a chain, and with how many decimals?"""

    icon = "token"
    list_display = ("symbol", links("chain"), "address", "decimals", "is_synthetic")
    list_filter = ("chain", "is_synthetic")
    search_fields = ("=symbol", "=address")
    list_select_related = ("chain",)


@admin.register(Market)
class MarketAdmin(FactAdmin):
    """Markets: which markets does GMX have, and which tokens back them?"""

    icon = "storefront"
    list_display = (
        "__str__",
        links("chain"),
        "market_token",
        links("index_token"),
        links("long_token"),
        links("short_token"),
    )
    list_filter = ("chain",)
    search_fields = ("=market_token", "=index_token__symbol")
    list_select_related = ("chain", "index_token", "long_token", "short_token")


@admin.register(RpcEndpoint)
class RpcEndpointAdmin(FactAdmin):
    """RPC endpoints: which nodes are asked, in which order and how often?"""

    icon = "lan"
    list_display = (
        "name",
        links("chain"),
        "priority",
        "weight",
        "requests_per_second",
        "log_range_blocks",
        "is_enabled",
    )
    list_filter = ("chain", "is_enabled")
    list_select_related = ("chain",)


@admin.register(RpcNodeHealth)
class RpcNodeHealthAdmin(FactAdmin):
    """Node health: do the nodes answer, how fast, and how far are they behind?"""

    icon = "monitor_heart"
    list_display = (
        "name",
        links("chain"),
        "is_in_use",
        "untrusted_because",
        "latency_ms",
        "head_block",
        "lag_blocks",
        "answers",
        "seen_at",
    )
    list_filter = ("chain", "is_in_use")
    list_select_related = ("chain",)


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
