"""The definition of each metric as data: for the code, the API, the documents and the frontend."""

from atlas.domain.metrics.definitions import comparison, performance, risk, trading
from atlas.domain.metrics.definitions.kind import (
    LEAST_DAYS,
    LEAST_OBSERVATIONS,
    Better,
    Definition,
    Group,
    Needs,
)
from atlas.domain.metrics.identifiers import MetricId

DEFINITIONS: dict[MetricId, Definition] = {
    definition.metric: definition
    for room in (performance, risk, comparison, trading)
    for definition in room.DEFINITIONS
}

__all__ = [
    "DEFINITIONS",
    "LEAST_DAYS",
    "LEAST_OBSERVATIONS",
    "Better",
    "Definition",
    "Group",
    "Needs",
]
