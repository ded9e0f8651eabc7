"""The vault register over the API: read-only; vaults of public strategies need no account."""

from collections.abc import Mapping

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, viewsets
from rest_framework.permissions import AllowAny

from atlas.api.fieldsets import SparseFields
from atlas.api.filtering import Order
from atlas.api.tables import Tabular
from onchain.filters import VaultFilter
from onchain.models import Vault
from onchain.querysets import VaultQuerySet
from onchain.serializers import VaultSerializer
from onchain.values import with_latest_value


@extend_schema_view(
    list=extend_schema(
        summary="List vaults",
        description="Each with what a share was worth last, its fees and its terms. Without an "
        "account only vaults of public strategies are listed.",
    )
)
class VaultViewSet(Tabular, SparseFields, mixins.ListModelMixin, viewsets.GenericViewSet[Vault]):
    """The vaults that Atlas knows."""

    permission_classes = [AllowAny]
    queryset = Vault.objects.all()
    serializer_class = VaultSerializer
    filterset_class = VaultFilter
    orderings: Mapping[str, Order] = {"name": ["name"], "address": ["chain_id", "address"]}

    def get_queryset(self) -> VaultQuerySet:
        """Read what the asking person may see."""
        readable = Vault.objects.readable_by(self.request.user)
        return with_latest_value(readable.select_related("chain", "strategy"))
