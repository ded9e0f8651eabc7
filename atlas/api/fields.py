"""How single values appear in answers."""

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from atlas.api.renderers import plain_decimal


@extend_schema_field({"type": "string", "format": "decimal", "example": "1234.56"})
class UsdText(serializers.Field[Decimal, Any, str, Any]):
    """An amount of US dollars as exact text: no exponent, no idle zeros."""

    def to_representation(self, value: Decimal) -> str:
        """Word the amount."""
        return plain_decimal(value)
