"""What a share of a vault was worth last, beside each vault of a list."""

from django.db.models import Case, CharField, IntegerField, OuterRef, Subquery, Value, When
from django.db.models.functions import Cast, Concat, JSONObject

from onchain.querysets import VaultQuerySet
from strategies.models import VaultPerformancePoint
from strategies.vocabulary import BEST_EVIDENCE_FIRST


def with_latest_value(vaults: VaultQuerySet) -> VaultQuerySet:
    """Bring the newest point of the best evidence beside each vault, in one statement."""
    account = Concat(
        Value("eip155:"),
        Cast(OuterRef("chain_id"), CharField()),
        Value(":"),
        OuterRef("address"),
        output_field=CharField(),
    )
    preference = Case(
        *[When(source=one.value, then=Value(rank)) for rank, one in enumerate(BEST_EVIDENCE_FIRST)],
        output_field=IntegerField(),
    )
    points = VaultPerformancePoint.objects.filter(vault=account).order_by(preference, "-as_of_at")
    told = JSONObject(
        source="source",
        as_of_at="as_of_at",
        nav_per_share_usd=Cast("nav_per_share_usd", CharField()),
        aum_usd=Cast("aum_usd", CharField()),
    )
    annotated: VaultQuerySet = vaults.annotate(latest_value=Subquery(points.values(told=told)[:1]))
    return annotated
