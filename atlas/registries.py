"""What higher floors register with the ground floor, so that it need not know them.

Each registry is filled in `AppConfig.ready()` and read at run time. A name that is registered
twice is a bug.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from atlas.domain.alerts import AlertSeverity
from atlas.domain.errors import Bug

T = TypeVar("T")


class Registry(Generic[T]):
    """A named, ordered collection that refuses duplicates."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._entries: dict[str, T] = {}

    def add(self, name: str, entry: T) -> T:
        """Register an entry; raises Bug where the name is taken by another one."""
        if self._entries.get(name, entry) is not entry:
            raise Bug(f"{self._what} {name!r} is registered twice")
        self._entries[name] = entry
        return entry

    def get(self, name: str) -> T:
        """Give an entry; raises Bug where nobody registered it."""
        if name not in self._entries:
            raise Bug(f"No {self._what} {name!r} is registered")
        return self._entries[name]

    def __iter__(self) -> Iterator[tuple[str, T]]:
        return iter(self._entries.items())

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, name: object) -> bool:
        return name in self._entries


@dataclass(frozen=True, slots=True)
class HealthResult:
    """What one health check found: fit or not, in words, with optional figures."""

    fit: bool
    state: str
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Panel:
    """One card or table of the console's dashboard.

    `context(now)` gives what the template finds as `panel`; `order` sorts panels, the smaller the
    higher. Who lacks `permission` (app.codename) does not see it.
    """

    order: int
    template: str
    context: Callable[[datetime], dict[str, Any]]
    permission: str


@dataclass(frozen=True, slots=True)
class TradingFacts:
    """What the console's state sentence says of trading; told by the floor that trades.

    `paper` and `live` count the deployments that the schedule runs, `working_orders` the orders
    between the gate and their end.
    """

    paper: int
    live: int
    working_orders: int
    newest_cycle_at: datetime | None


@dataclass(frozen=True, slots=True)
class Schedule:
    """A periodic task as shipped: seconds between runs and what happens to late ones."""

    task: str
    every_seconds: int
    queue: str
    description: str
    expires_seconds: int


@dataclass(frozen=True, slots=True)
class AlertRule:
    """One kind of alert: how grave it is, its name, what to do, and where the runbook says more.

    `section` is the anchor of a heading in `docs/runbook.md`.
    """

    severity: AlertSeverity
    title: str
    remedy: str
    section: str


# (scope, key) -> does a LIVE deployment lie under this switch?
covers_live: Registry[Callable[[str, str], bool]] = Registry("live coverage check")
health_checks: Registry[Callable[[datetime], HealthResult]] = Registry("health check")
# One short fact for the state sentence on every page, such as the age of the newest cycle.
state_facts: Registry[Callable[[datetime], str]] = Registry("state fact")
panels: Registry[Panel] = Registry("dashboard panel")
schedules: Registry[Schedule] = Registry("schedule")
trading_facts: Registry[Callable[[], TradingFacts]] = Registry("account of trading")
alert_rules: Registry[AlertRule] = Registry("alert rule")
