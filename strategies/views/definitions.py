"""`meta/metrics`: what every published number means, as data for documents and frontends."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from atlas.api.filtering import refuse_unknown
from atlas.domain.metrics import DEFINITIONS, Better, Definition, Group, Reason, Unit
from atlas.domain.metrics.definitions import LEAST_DAYS, LEAST_OBSERVATIONS
from atlas.domain.metrics.judge import DAYS_A_YEAR
from strategies.serializers import REASONS
from strategies.snapshots import EDITION

METRICS = [(metric.value, definition.name) for metric, definition in DEFINITIONS.items()]
UNITS = [(unit.value, unit.value) for unit in Unit]
GROUPS = [(group.value, group.value) for group in Group]
BETTER = [(better.value, better.value) for better in Better]


class MetricNeedsSerializer(serializers.Serializer[Any]):
    """What a metric needs; where it is missing the value is null with a reason."""

    days = serializers.IntegerField(help_text="Least days from the opening to the last NAV.")
    observations = serializers.IntegerField(
        help_text="Least daily returns with a NAV of their own."
    )
    unbroken = serializers.BooleanField(help_text="The return over every gap must be known.")
    alive = serializers.BooleanField(help_text="It means nothing once everything was lost.")


class MetricDefinitionSerializer(serializers.Serializer[Any]):
    """What one metric means."""

    metric = serializers.ChoiceField(choices=METRICS)
    name = serializers.CharField()
    group = serializers.ChoiceField(choices=GROUPS)
    unit = serializers.ChoiceField(
        choices=UNITS, help_text="A ratio of 0.12 is 12 %; usd is text, everything else a number."
    )
    better = serializers.ChoiceField(
        choices=BETTER, help_text="Which of two values speaks for a strategy, all else being equal."
    )
    formula = serializers.CharField(
        help_text="In words; r is the daily return, b the benchmark's, n the number of daily returns."
    )
    annualisation = serializers.CharField()
    convention = serializers.CharField(help_text="Whose definition it is, where there are several.")
    needs = MetricNeedsSerializer()


class MetricReasonSerializer(serializers.Serializer[Any]):
    """Why a number may be missing."""

    reason = serializers.ChoiceField(choices=REASONS)
    meaning = serializers.CharField()


class MetricDefinitionsSerializer(serializers.Serializer[Any]):
    """The definitions of all metrics, and what they share."""

    edition = serializers.IntegerField(help_text="Raised whenever a definition changes.")
    days_a_year = serializers.IntegerField()
    least_days = serializers.IntegerField(help_text="Below it, figures are flagged short_history.")
    least_observations = serializers.IntegerField(help_text="Below it likewise.")
    metrics = MetricDefinitionSerializer(many=True)
    reasons = MetricReasonSerializer(many=True)


class MetricDefinitionsView(APIView):
    """The definitions as data."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="meta_metrics",
        summary="Read what each metric means",
        description="Name, formula in words, annualisation, unit and needs of every metric id, and "
        "what each reason for a missing number means.",
        responses=MetricDefinitionsSerializer,
    )
    def get(self, request: Request) -> Response:
        """Answer with all definitions."""
        refuse_unknown(request, ())
        return Response(definitions())


def definitions() -> dict[str, Any]:
    """Give the definitions of all metrics, in the order of the reports."""
    return {
        "edition": EDITION,
        "days_a_year": DAYS_A_YEAR,
        "least_days": LEAST_DAYS,
        "least_observations": LEAST_OBSERVATIONS,
        "metrics": [_definition(one) for one in DEFINITIONS.values()],
        "reasons": [{"reason": one.value, "meaning": one.meaning} for one in Reason],
    }


def _definition(one: Definition) -> dict[str, Any]:
    """Write one definition."""
    return {
        "metric": one.metric.value,
        "name": one.name,
        "group": one.group.value,
        "unit": one.unit.value,
        "better": one.better.value,
        "formula": one.formula,
        "annualisation": one.annualisation,
        "convention": one.source,
        "needs": {
            "days": one.needs.days,
            "observations": one.needs.observations,
            "unbroken": one.needs.chain,
            "alive": one.needs.life,
        },
    }
