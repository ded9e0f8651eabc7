"""Is the house fit? Every part is asked at once and nobody waits longer than two seconds.

A service that is down refuses at once; one that hangs answers never. So each group of checks runs
in a thread of its own and is waited for until the deadline; a group that still hangs from an
earlier call is not asked again but reported as hanging, so that probes never pile up threads.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from django.db import connections

from atlas.domain.errors import AtlasError
from atlas.health_checks import CHECKS_OF_DATABASE, CHECKS_OF_READINESS, CHECKS_OF_REDIS, Check
from atlas.registries import HealthResult, health_checks

DEADLINE_SECONDS = 1.8  # the answer itself shall leave within two
DATABASE = "database"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found and how long it took."""

    result: HealthResult
    latency_ms: float

    def as_data(self) -> dict[str, Any]:
        """Give the finding as it appears in the answer."""
        return {
            "fit": self.result.fit,
            "state": self.result.state,
            "latency_ms": round(self.latency_ms, 1),
            "detail": self.result.detail,
        }


@dataclass
class Group:
    """Checks that use the same service and are asked one after the other on one connection."""

    checks: Callable[[], Mapping[str, Check]]
    needs: str = ""  # where this check fails the rest of the group is not asked
    running: threading.Thread | None = None
    guard: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, now: datetime) -> "Asked":
        """Start asking in a thread, unless the last one still hangs."""
        asked = Asked(tuple(self.checks()))
        with self.guard:
            if self.running is not None and self.running.is_alive():
                return asked
            self.running = threading.Thread(
                target=self._ask, args=(asked, now), name="health", daemon=True
            )
            asked.thread = self.running
            self.running.start()
        return asked

    def _ask(self, asked: "Asked", now: datetime) -> None:
        """Run the checks in order; the thread's own connection is closed at the end."""
        try:
            for name, check in self.checks().items():
                gate = asked.findings.get(self.needs)
                if gate is not None and not gate.result.fit:
                    asked.findings[name] = Finding(_unknown(self.needs), 0.0)
                    continue
                asked.findings[name] = _timed(name, check, now)
        finally:
            connections.close_all()


@dataclass
class Asked:
    """One round of questions to a group."""

    names: Sequence[str]
    thread: threading.Thread | None = None
    findings: dict[str, Finding] = field(default_factory=dict)

    def collect(self, deadline: float) -> dict[str, Finding]:
        """Wait until the deadline (monotonic seconds) and give what was found by then."""
        if self.thread is not None:
            self.thread.join(max(0.0, deadline - time.monotonic()))
        found = dict(self.findings)
        silent = Finding(
            HealthResult(fit=False, state="no answer in time", detail={}), DEADLINE_SECONDS * 1000
        )
        return {name: found.get(name, silent) for name in self.names}


def _database_checks() -> Mapping[str, Check]:
    """Name the checks that use the database, those of higher floors last."""
    return {**CHECKS_OF_DATABASE, **dict(health_checks)}


HEALTH_GROUPS = (Group(_database_checks, needs=DATABASE), Group(lambda: CHECKS_OF_REDIS))
READINESS_GROUPS = (Group(lambda: CHECKS_OF_READINESS, needs=DATABASE),)


def ask(groups: Sequence[Group], *, now: datetime) -> dict[str, Finding]:
    """Ask all groups at once and give every finding within two seconds."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    rounds = [group.begin(now) for group in groups]
    return {name: one for asked in rounds for name, one in asked.collect(deadline).items()}


def is_fit(findings: Mapping[str, Finding]) -> bool:
    """Say whether every check found its part fit."""
    return all(finding.result.fit for finding in findings.values())


def _timed(name: str, check: Check, now: datetime) -> Finding:
    """Run one check; whatever it raises means unfit, worded in the log and not in the answer."""
    began = time.perf_counter()
    try:
        result = check(now)
    except Exception as error:  # noqa: BLE001  # an edge: a broken check is an unfit part, not a 500
        log.warning("health_check_failed", check=name, error=error)
        word = error.code if isinstance(error, AtlasError) else type(error).__name__
        result = HealthResult(fit=False, state="does not answer", detail={"error": word})
    return Finding(result, (time.perf_counter() - began) * 1000)


def _unknown(needs: str) -> HealthResult:
    """Say that a check could not be asked."""
    return HealthResult(fit=False, state=f"unknown: {needs} is away", detail={})
