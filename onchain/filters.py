"""What lists of the vault register can be narrowed by."""

from django_filters.filters import CharFilter, NumberFilter
from django_filters.filterset import FilterSet
from drf_spectacular.utils import extend_schema_field

from atlas.api.filtering import AnyOfFilter
from atlas.models.base import choice_list
from onchain.models import Vault
from onchain.vocabulary import VaultStatus

VAULT_STATUSES = choice_list(VaultStatus)


@extend_schema_field({"type": "integer", "minimum": 1})
class ChainFilter(NumberFilter):
    """A filter by the whole number that names a chain."""


class VaultFilter(FilterSet):
    """The list of vaults: each filter narrows it further."""

    strategy = CharFilter(
        field_name="strategy__slug", max_length=80, help_text="Slug of the strategy."
    )
    chain = ChainFilter(
        field_name="chain_id", min_value=1, decimal_places=0, help_text="Id of the chain: 42161."
    )
    status = AnyOfFilter(choices=VAULT_STATUSES, help_text="One or several, by commas.")

    class Meta:
        model = Vault
        fields: list[str] = []
