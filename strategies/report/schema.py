"""How the report describes itself in the OpenAPI document; a test holds every answer to it."""

from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from atlas.api.fields import UsdText
from atlas.domain.bridge import Leg
from atlas.domain.metrics import DEFINITIONS, Basis
from atlas.domain.metrics.headline import METRICS as HEADLINES
from strategies.filters import CATEGORIES, RISK_LEVELS, SOURCES, STATUSES
from strategies.performance_serializers import RestatementSerializer
from strategies.report.bridges import BridgeOf
from strategies.report.claims import Obstacle, Verdict
from strategies.report.figures import REPORTED, SAMPLES
from strategies.report.money import LABEL_WORDS, LABELS
from strategies.report.notes import NoteCode
from strategies.serializers import REASONS, BenchmarkSerializer
from strategies.views.definitions import METRICS, UNITS

Fields = dict[str, serializers.Field[Any, Any, Any, Any]]

LEGS = [(leg.value, leg.value.replace("_", " ")) for leg in Leg]
BASES = [(basis.value, basis.value) for basis in Basis]
LABEL_CHOICES = [(word, LABELS[word]) for word in LABEL_WORDS]
SAMPLE_CHOICES = [(name, name.replace("_", " ")) for name in SAMPLES]
NOTE_CODES = [(code.value, code.value.replace("_", " ")) for code in NoteCode]
VERDICTS = [(verdict.value, verdict.value.replace("_", " ")) for verdict in Verdict]
BRIDGE_KINDS = [(kind.value, kind.value) for kind in BridgeOf]
OBSTACLES = [*((one.value, one.value.replace("_", " ")) for one in Obstacle), *REASONS]


@extend_schema_field({"oneOf": [{"type": "number"}, {"type": "string", "format": "decimal"}]})
class MetricNumber(serializers.Field[Any, Any, Any, Any]):
    """A number, or an amount of US dollars as exact text where the unit is usd."""


class ReportStrategySerializer(serializers.Serializer[Any]):
    """What the report is about."""

    slug = serializers.SlugField()
    name = serializers.CharField()
    category = serializers.ChoiceField(choices=CATEGORIES)
    assets = serializers.ListField(child=serializers.CharField())
    timeframe = serializers.CharField()
    status = serializers.ChoiceField(choices=STATUSES)
    risk_level = serializers.ChoiceField(choices=RISK_LEVELS)
    inception_on = serializers.DateField(allow_null=True)


class ReportTermsSerializer(serializers.Serializer[Any]):
    """What the figures were computed with."""

    rf = serializers.FloatField(help_text="Yearly risk-free rate; 0.05 is 5 %.")
    days_a_year = serializers.IntegerField()
    rolling_days = serializers.IntegerField()
    max_fill_days = serializers.IntegerField(help_text="So long a NAV may be carried forward.")
    benchmark_max_fill_days = serializers.IntegerField(help_text="So long a benchmark's price may.")


class ReportWindowSerializer(serializers.Serializer[Any]):
    """What was looked at; the NAV at the end of the first day opens the range."""

    def get_fields(self) -> Fields:
        """Name the ends by hand: `from` is a word of the language."""
        return {
            "from": serializers.DateField(help_text="As asked for, else the first day there is."),
            "to": serializers.DateField(help_text="As asked for, else the last day there is."),
            "first_at": serializers.DateTimeField(help_text="The first observation in it."),
            "last_at": serializers.DateTimeField(help_text="The last observation in it."),
            "points": serializers.IntegerField(help_text="Points of the series in it."),
        }


class NoteSerializer(serializers.Serializer[Any]):
    """What must be known before a figure is believed."""

    code = serializers.ChoiceField(choices=NOTE_CODES)
    message = serializers.CharField()


class SampleSerializer(serializers.Serializer[Any]):
    """What a number was made from; all days are UTC calendar days."""

    def get_fields(self) -> Fields:
        """Name the fields by hand: `source` means something else to the base."""
        return {
            "source": serializers.ChoiceField(
                choices=SOURCES, allow_null=True, help_text="Null: not of one kind of evidence."
            ),
            "data_version": serializers.IntegerField(help_text="Of the strategy."),
            "benchmark": serializers.SlugField(allow_null=True),
            "benchmark_version": serializers.IntegerField(
                allow_null=True, help_text="Data version of the benchmarks."
            ),
            "window_from_on": serializers.DateField(),
            "window_to_on": serializers.DateField(),
            "samples": serializers.IntegerField(
                help_text="Daily returns, months, trades or shared days that went in."
            ),
            "filled_days": serializers.IntegerField(help_text="Days with a NAV carried forward."),
            "missing_days": serializers.IntegerField(help_text="Days within gaps."),
            "gaps": serializers.IntegerField(help_text="Gaps too long to be carried over."),
            "first_on": serializers.DateField(allow_null=True),
            "last_on": serializers.DateField(allow_null=True),
        }


class SamplesSerializer(serializers.Serializer[Any]):
    """The samples by the names that metrics call them; none without a series."""

    def get_fields(self) -> Fields:
        """Give one description a sample."""
        return {name: SampleSerializer(required=False) for name in SAMPLES}


class ReportMetricSerializer(serializers.Serializer[Any]):
    """One number, or the reason why there is none."""

    value = MetricNumber(allow_null=True, help_text="Text where the unit is usd.")
    unit = serializers.ChoiceField(choices=UNITS)
    reason = serializers.ChoiceField(choices=REASONS, allow_null=True)
    short_history = serializers.BooleanField(help_text="Under 90 days or 30 daily returns.")
    on = serializers.DateField(
        allow_null=True, help_text="The day of a best or worst one; of a month its first."
    )
    provenance = serializers.ChoiceField(
        choices=SAMPLE_CHOICES,
        allow_null=True,
        help_text="Which of `provenances` it was made from.",
    )


class ReportMetricsSerializer(serializers.Serializer[Any]):
    """The metrics by their ids; `meta/metrics/` says what each means."""

    def get_fields(self) -> Fields:
        """Give one number a metric."""
        return {
            metric.value: ReportMetricSerializer(help_text=DEFINITIONS[metric].name)
            for metric in REPORTED
        }


class ComparedSerializer(serializers.Serializer[Any]):
    """One headline metric of the strategy and of its benchmark."""

    strategy = serializers.FloatField(allow_null=True)
    benchmark = serializers.FloatField(allow_null=True)
    benchmark_reason = serializers.ChoiceField(choices=REASONS, allow_null=True)
    difference = serializers.FloatField(allow_null=True, help_text="Strategy less benchmark.")


class ComparedMetricsSerializer(serializers.Serializer[Any]):
    """The headline metrics beside those of the benchmark."""

    def get_fields(self) -> Fields:
        """Give one pair a metric."""
        return {metric.value: ComparedSerializer() for metric in HEADLINES}


class ComparisonSerializer(serializers.Serializer[Any]):
    """The benchmark's own figures over the same days; beta and the like are among the metrics."""

    benchmark = BenchmarkSerializer()
    metrics = ComparedMetricsSerializer()


class MonthSerializer(serializers.Serializer[Any]):
    """What a calendar month earned."""

    value = serializers.FloatField()
    is_partial = serializers.BooleanField(help_text="Not every day of it is covered.")


class YearSerializer(serializers.Serializer[Any]):
    """One row of the monthly table."""

    year = serializers.IntegerField()
    months = serializers.ListField(
        child=MonthSerializer(allow_null=True),
        min_length=12,
        max_length=12,
        help_text="January to December; null where there is no data.",
    )
    total = serializers.FloatField(allow_null=True, help_text="The shown months compounded.")


class DrawdownSerializer(serializers.Serializer[Any]):
    """One fall of the NAV below its peak and back."""

    peak_on = serializers.DateField()
    valley_on = serializers.DateField()
    recovered_on = serializers.DateField(allow_null=True, help_text="Null while it lasts.")
    depth = serializers.FloatField()
    days_to_valley = serializers.IntegerField()
    days_to_recovery = serializers.IntegerField(allow_null=True)
    days = serializers.IntegerField(help_text="From the peak to the recovery or the last NAV.")


class HistogramSerializer(serializers.Serializer[Any]):
    """Daily returns in bars of one width; bar i counts from edge i to below edge i + 1."""

    edges = serializers.ListField(child=serializers.FloatField())
    counts = serializers.ListField(child=serializers.IntegerField())


class CurvesSerializer(serializers.Serializer[Any]):
    """Growth and drawdown as columns of equal length, thinned out to 366 days, extremes kept."""

    on = serializers.ListField(child=serializers.DateField())
    return_ratio = serializers.ListField(child=serializers.FloatField())
    drawdown_ratio = serializers.ListField(child=serializers.FloatField())
    benchmark_return_ratio = serializers.ListField(
        child=serializers.FloatField(allow_null=True), allow_null=True
    )
    days_before_thinning = serializers.IntegerField()


class RollingSerializer(serializers.Serializer[Any]):
    """One metric over a moving window, by the last day of the window; thinned out likewise."""

    metric = serializers.ChoiceField(choices=METRICS)
    window_days = serializers.IntegerField()
    on = serializers.ListField(child=serializers.DateField())
    values = serializers.ListField(child=serializers.FloatField())
    values_before_thinning = serializers.IntegerField()


class HeadlineNumbersSerializer(serializers.Serializer[Any]):
    """Headline metrics by their ids."""

    def get_fields(self) -> Fields:
        """Give one number a metric."""
        return {metric.value: serializers.FloatField(allow_null=True) for metric in HEADLINES}


class FeesSerializer(serializers.Serializer[Any]):
    """The headline metrics before (gross) and after (net) management and performance fees."""

    basis = serializers.ChoiceField(
        choices=BASES, allow_null=True, help_text="Which of both the series is; null: not known."
    )
    charged_by = serializers.CharField(allow_null=True)
    management_ratio = serializers.FloatField(allow_null=True, help_text="Of the NAV in a year.")
    performance_ratio = serializers.FloatField(
        allow_null=True, help_text="Of each rise above the highest NAV."
    )
    gross = HeadlineNumbersSerializer(allow_null=True)
    net = HeadlineNumbersSerializer(allow_null=True)
    is_computed = serializers.BooleanField(
        help_text="The other side was computed from agreed terms; it is no record of what was paid."
    )
    reason = serializers.ChoiceField(
        choices=REASONS, allow_null=True, help_text="Why a side is missing."
    )


class StepSerializer(serializers.Serializer[Any]):
    """One leg: its effect on the NAV, what was paid being negative."""

    leg = serializers.ChoiceField(choices=LEGS)
    amount_usd = UsdText(allow_null=True, help_text="Null: nobody reported it.")
    after_usd = UsdText()


class BridgeSerializer(serializers.Serializer[Any]):
    """Opening NAV + legs + residual = closing NAV, to the last digit."""

    of = serializers.ChoiceField(
        choices=BRIDGE_KINDS, help_text="The producer's record, or an account that trades it."
    )
    account = serializers.CharField(allow_null=True)
    label = serializers.ChoiceField(choices=LABEL_CHOICES)  # type: ignore[assignment]  # a field, the base means another
    label_text = serializers.CharField()
    opening_at = serializers.DateTimeField()
    opening_nav_usd = UsdText()
    steps = StepSerializer(many=True)
    residual_usd = UsdText(help_text="What the known legs leave unexplained.")
    closing_at = serializers.DateTimeField()
    closing_nav_usd = UsdText()
    unknown_legs = serializers.ListField(child=serializers.ChoiceField(choices=LEGS))


class ClaimSerializer(serializers.Serializer[Any]):
    """What the producer claims, against ours over the same record up to that day."""

    claimed_as = serializers.CharField(help_text="The producer's name of the metric.")
    metric = serializers.ChoiceField(choices=METRICS, allow_null=True)
    claimed_value = serializers.FloatField(allow_null=True)
    claimed_text = serializers.CharField(allow_null=True)
    claimed_at = serializers.DateTimeField()
    ours = serializers.FloatField(allow_null=True)
    difference = serializers.FloatField(allow_null=True, help_text="Claimed less ours.")
    tolerance = serializers.FloatField(allow_null=True, help_text="Up to it both agree.")
    verdict = serializers.ChoiceField(choices=VERDICTS)
    reason = serializers.ChoiceField(choices=OBSTACLES, allow_null=True)


@extend_schema_serializer(many=False)
class ReportSerializer(serializers.Serializer[Any]):
    """The investor report over a range of days."""

    def get_fields(self) -> Fields:
        """Name the fields by hand: `source` means something else to the base."""
        return {
            "strategy": ReportStrategySerializer(),
            "source": serializers.ChoiceField(choices=SOURCES, allow_null=True),
            "source_label": serializers.CharField(
                allow_null=True, help_text="The kind of evidence in plain words; show it."
            ),
            "data_version": serializers.IntegerField(),
            "is_current": serializers.BooleanField(),
            "edition": serializers.IntegerField(help_text="Of the definitions; see meta/metrics/."),
            "terms": ReportTermsSerializer(),
            "notes": NoteSerializer(many=True),
            "window": ReportWindowSerializer(allow_null=True),
            "short_history": serializers.BooleanField(),
            "provenances": SamplesSerializer(),
            "metrics": ReportMetricsSerializer(),
            "comparison": ComparisonSerializer(allow_null=True),
            "years": YearSerializer(many=True),
            "drawdowns": DrawdownSerializer(many=True, help_text="The ten deepest."),
            "ongoing_drawdown": DrawdownSerializer(allow_null=True),
            "histogram": HistogramSerializer(allow_null=True),
            "curves": CurvesSerializer(allow_null=True),
            "rolling": RollingSerializer(many=True),
            "fees": FeesSerializer(),
            "bridges": BridgeSerializer(many=True),
            "claims": ClaimSerializer(many=True),
            "restatements": RestatementSerializer(many=True),
        }
