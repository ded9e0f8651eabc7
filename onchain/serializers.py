"""How the vault register appears in answers of the API."""

from rest_framework import serializers

from onchain.models import Chain, Vault
from strategies.models import Strategy


class ChainSerializer(serializers.ModelSerializer[Chain]):
    """The blockchain that a vault lives on."""

    class Meta:
        model = Chain
        fields = ["chain_id", "name"]
        read_only_fields = fields


class VaultSerializer(serializers.ModelSerializer[Vault]):
    """A vault of the register."""

    chain = ChainSerializer(read_only=True)
    account_id = serializers.CharField(
        read_only=True, help_text="CAIP-10: the chain and the address in one word."
    )
    strategy: serializers.SlugRelatedField[Strategy] = serializers.SlugRelatedField(
        "slug", read_only=True, allow_null=True
    )

    class Meta:
        model = Vault
        fields = [
            "account_id",
            "chain",
            "address",
            "name",
            "status",
            "strategy",
            "inception_on",
            "updated_at",
        ]
        read_only_fields = fields
