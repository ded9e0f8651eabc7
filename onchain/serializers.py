"""How the vault register appears in answers of the API."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from atlas.api.fields import UsdText
from onchain.models import Chain, Vault
from onchain.terms import SHARE_PRICE_IS_NET_OF, TermsReason, fees_of, terms_of
from strategies.filters import SOURCES
from strategies.models import Strategy
from strategies.vocabulary import SOURCE_LABELS, SeriesSource

TERMS_REASONS = [(reason.value, reason.meaning) for reason in TermsReason]


class ChainSerializer(serializers.ModelSerializer[Chain]):
    """The blockchain that a vault lives on."""

    class Meta:
        model = Chain
        fields = ["chain_id", "name"]
        read_only_fields = fields


class NetOfSerializer(serializers.Serializer[Any]):
    """Which fees are already taken from the share price, and so from every return shown."""

    management = serializers.BooleanField()
    performance = serializers.BooleanField()
    entry = serializers.BooleanField()
    exit = serializers.BooleanField()


class VaultFeesSerializer(serializers.Serializer[Any]):
    """The four fees of a vault; 100 is one per cent."""

    entry_bps = serializers.IntegerField(allow_null=True)
    exit_bps = serializers.IntegerField(allow_null=True)
    performance_bps = serializers.IntegerField(allow_null=True)
    management_bps = serializers.IntegerField(allow_null=True)
    reason = serializers.ChoiceField(
        choices=TERMS_REASONS, allow_null=True, help_text="Why they are null."
    )
    share_price_is_net_of = serializers.SerializerMethodField()

    @extend_schema_field(NetOfSerializer)
    def get_share_price_is_net_of(self, _fees: Any) -> dict[str, bool]:
        """Say which numbers include which fee."""
        return dict(SHARE_PRICE_IS_NET_OF)


class VaultTermsSerializer(serializers.Serializer[Any]):
    """What deposits and withdrawals are bound by."""

    deposit_capacity_usd = UsdText(allow_null=True)
    cooldown_seconds = serializers.IntegerField(
        allow_null=True, help_text="How long a deposit must stay."
    )
    withdrawal_limit_usd = UsdText(allow_null=True)
    reason = serializers.ChoiceField(
        choices=TERMS_REASONS, allow_null=True, help_text="Why they are null."
    )


class VaultValueSerializer(serializers.Serializer[Any]):
    """What a share was worth last, by the best evidence there is."""

    source = serializers.ChoiceField(choices=SOURCES)  # type: ignore[assignment]  # a field, the base means another
    source_label = serializers.CharField(help_text="What kind of evidence this is.")
    as_of_at = serializers.DateTimeField()
    nav_per_share_usd = UsdText()
    aum_usd = UsdText(allow_null=True)


class VaultSerializer(serializers.ModelSerializer[Vault]):
    """A vault of the register."""

    chain = ChainSerializer(read_only=True)
    account_id = serializers.CharField(
        read_only=True, help_text="CAIP-10: the chain and the address in one word."
    )
    strategy: serializers.SlugRelatedField[Strategy] = serializers.SlugRelatedField(
        "slug", read_only=True, allow_null=True
    )
    latest = serializers.SerializerMethodField()
    fees = serializers.SerializerMethodField()
    terms = serializers.SerializerMethodField()

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
            "latest",
            "fees",
            "terms",
            "updated_at",
        ]
        read_only_fields = fields

    @extend_schema_field(VaultValueSerializer(allow_null=True))
    def get_latest(self, vault: Vault) -> dict[str, Any] | None:
        """Give the newest value that `with_latest_value` has read."""
        told = getattr(vault, "latest_value", None)
        if told is None:
            return None
        source = SeriesSource(told["source"])
        amounts = {name: told[name] for name in ("nav_per_share_usd", "aum_usd")}
        exact = {name: None if text is None else Decimal(text) for name, text in amounts.items()}
        moment = datetime.fromisoformat(told["as_of_at"])
        value = {**told, **exact, "as_of_at": moment, "source_label": SOURCE_LABELS[source]}
        return dict(VaultValueSerializer(value).data)

    @extend_schema_field(VaultFeesSerializer)
    def get_fees(self, vault: Vault) -> dict[str, Any]:
        """Give the fees, or why they are not known."""
        return dict(VaultFeesSerializer(fees_of(vault)).data)

    @extend_schema_field(VaultTermsSerializer)
    def get_terms(self, vault: Vault) -> dict[str, Any]:
        """Give the terms, or why they are not known."""
        return dict(VaultTermsSerializer(terms_of(vault)).data)
