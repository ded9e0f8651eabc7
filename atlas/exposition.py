"""What Prometheus reads: the metrics of every floor, derived from rows when they are asked for.

Rows are one truth for all processes, so it does not matter which web process is asked, and nothing
is lost with a worker (docs/decisions/0009). A group that fails or takes too long is left out, and
`atlas_metrics_group_up` says so; the others are answered.
"""

import hmac
from collections.abc import Iterable
from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import Any

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from atlas.client_address import address_behind, client_address
from atlas.registries import Family, metrics

log = structlog.get_logger(__name__)

EXPOSITION_TYPE = CONTENT_TYPE_LATEST
STATEMENT_MS = 2_000
BEARER = "Bearer "


def may_read_metrics(request: HttpRequest) -> bool:
    """Say whether a request has the token, or comes from a network that may read without one.

    Behind a proxy that nobody declared as ours, everybody has the proxy's address: then no address
    counts. Nothing is open unless a setting opens it.
    """
    given = request.headers.get("Authorization", "")
    token = settings.ATLAS_METRICS_TOKEN
    if token and hmac.compare_digest(given.encode(), f"{BEARER}{token}".encode()):
        return True
    address = client_address(request)
    connected = address_behind(request.META.get("REMOTE_ADDR", ""), forwarded="", trusted=())
    if not address or ("X-Forwarded-For" in request.headers and address == connected):
        return False
    return any(ip_address(address) in ip_network(one) for one in settings.ATLAS_METRICS_ALLOW)


def exposition(*, now: datetime) -> bytes:
    """Write all metrics in the text form of Prometheus."""
    registry = CollectorRegistry()
    registry.register(_Collector(now))
    written: bytes = generate_latest(registry)
    return written


class _Collector:
    """Hands the library what the groups gave at one moment."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def collect(self) -> Iterable[Metric]:
        """Give every family of every group, and which groups could be read."""
        up = GaugeMetricFamily(
            "atlas_metrics_group_up", "Whether a group of metrics could be read.", labels=["group"]
        )
        for name, read in metrics:
            families = _read(name, read, self._now)
            up.add_metric([name], float(families is not None))
            yield from map(_as_metric, families or ())
        yield up

    def describe(self) -> Iterable[Metric]:
        """Describe nothing: what there is depends on rows."""
        return ()


def _read(name: str, read: Any, now: datetime) -> list[Family] | None:
    """Read one group in a short transaction of its own; None where it cannot be read."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT set_config('statement_timeout', %s, true)", [str(STATEMENT_MS)]
                )
            return list(read(now))
    except Exception as error:  # noqa: BLE001  # an edge: a group that fails is a figure, not a 500
        log.warning("metrics_not_read", group=name, error=error)
        return None


def _as_metric(family: Family) -> Metric:
    """Write a family as the library's own."""
    made = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
    metric = made(family.name, family.help, labels=list(family.labels))
    for labels, value in family.samples:
        metric.add_metric(list(labels), value)
    return metric
