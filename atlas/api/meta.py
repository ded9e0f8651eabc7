"""`meta/errors`: every code that an error can carry, as data for programs and documents."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from atlas.api.errors import ERROR_CODES, RETRYABLE, STATUS_OF_CODE
from atlas.api.filtering import refuse_unknown
from atlas.api.schema import CODES


class ErrorCodeItemSerializer(serializers.Serializer[Any]):
    """What one code means."""

    code = serializers.ChoiceField(choices=CODES)
    status = serializers.IntegerField(help_text="The HTTP status that it comes with.")
    meaning = serializers.CharField()
    retry = serializers.BooleanField(
        help_text="The same request may succeed later; wait as long as Retry-After says."
    )


class ErrorCodesSerializer(serializers.Serializer[Any]):
    """All codes. None is ever taken away or given another meaning; new ones may join."""

    codes = ErrorCodeItemSerializer(many=True)


class ErrorCodesView(APIView):
    """The codes as data."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="meta_errors",
        summary="Read what each error code means",
        description="Codes are stable: none is taken away or changes its meaning within a version.",
        responses=ErrorCodesSerializer,
    )
    def get(self, request: Request) -> Response:
        """Answer with all codes."""
        refuse_unknown(request, ())
        return Response({"codes": [_described(code) for code in sorted(ERROR_CODES)]})


def _described(code: str) -> dict[str, Any]:
    """Write one code."""
    return {
        "code": code,
        "status": STATUS_OF_CODE[code],
        "meaning": ERROR_CODES[code],
        "retry": code in RETRYABLE,
    }
