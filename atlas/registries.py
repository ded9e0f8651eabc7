"""What higher floors register with the ground floor, so that it need not know them.

Each registry is filled in `AppConfig.ready()` and read at run time. A name that is registered
twice is a bug.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

from atlas.domain.alerts import AlertSeverity
from atlas.domain.bridge import Bridge
from atlas.domain.errors import Bug
from atlas.domain.metrics import Basis, FeesTaken, FeeTerms

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
    """A periodic task as shipped: seconds between runs and what happens to late ones.

    `args` are what the task is called with: numbers and words that JSON knows.
    """

    task: str
    every_seconds: int
    queue: str
    description: str
    expires_seconds: int
    args: tuple[int | str, ...] = ()


@dataclass(frozen=True, slots=True)
class AlertRule:
    """One kind of alert: how grave it is, its name, what to do, and where the runbook says more.

    `section` is the anchor of a heading in `docs/runbook.md`.
    """

    severity: AlertSeverity
    title: str
    remedy: str
    section: str


@dataclass(frozen=True, slots=True)
class AccountBridge:
    """The way of one account from one NAV to another, told by the floor that keeps the account.

    `evidence` is paper or live; `is_simulated` marks an account that plays a recording.
    """

    account: str
    evidence: str
    is_simulated: bool
    opening_at: datetime
    closing_at: datetime
    bridge: Bridge


@dataclass(frozen=True, slots=True)
class ReportLegs:
    """Where an investor report learns of the accounts on which a strategy is traded.

    `bridges` takes the id of a strategy and the moments between which the report looks (None: from
    the first, to the last; the NAV just before each counts), in a number of queries that does not
    depend on the number of accounts. `version` is SQL: one expression over the strategy `s` that
    gives a text, another one whenever `bridges` would, and null where there is nothing to tell. It
    is part of the query that every cached read begins with, and has to be cheap.
    """

    version: str
    bridges: Callable[[int, datetime | None, datetime | None], Sequence[AccountBridge]]


@dataclass(frozen=True, slots=True, eq=False)
class FeesOfSeries:
    """What is known of the management and performance fees in a series.

    `basis` tells whether the published NAV is what is left after them; `terms` are those agreed,
    `taken` what was really charged, each None where it is not known. `charged_by` names who charges.
    """

    basis: Basis
    terms: FeeTerms | None
    taken: FeesTaken | None
    charged_by: str


@dataclass(frozen=True, slots=True)
class Family:
    """One metric with all its series, as Prometheus reads it.

    The name begins with `atlas_` and ends with its unit; a counter gets `_total` on top. Each sample
    has the values of `labels` in their order. A label names few things: sources, states, rules, never
    a run, an order or an address.
    """

    name: str
    kind: Literal["gauge", "counter"]
    help: str
    labels: tuple[str, ...]
    samples: Sequence[tuple[tuple[str, ...], float]]


@dataclass(frozen=True, slots=True)
class FeeSource:
    """Where an investor report learns of fees.

    `ask` takes the id of a strategy and a kind of evidence; `knows` is SQL: one cheap condition over
    the strategy `s` without which it is not asked.
    """

    knows: str
    ask: Callable[[int, str], FeesOfSeries | None]


# (scope, key) -> does a LIVE deployment lie under this switch?
covers_live: Registry[Callable[[str, str], bool]] = Registry("live coverage check")
health_checks: Registry[Callable[[datetime], HealthResult]] = Registry("health check")
# One short fact for the state sentence on every page, such as the age of the newest cycle.
state_facts: Registry[Callable[[datetime], str]] = Registry("state fact")
panels: Registry[Panel] = Registry("dashboard panel")
schedules: Registry[Schedule] = Registry("schedule")
# Schedules that follow from rows; asked each time, so that a changed row changes its schedule.
schedule_sources: Registry[Callable[[], Mapping[str, Schedule]]] = Registry("source of schedules")
trading_facts: Registry[Callable[[], TradingFacts]] = Registry("account of trading")
alert_rules: Registry[AlertRule] = Registry("alert rule")
report_legs: Registry[ReportLegs] = Registry("source of report legs")
report_fees: Registry[FeeSource] = Registry("source of fees")
# Groups of metrics, read from rows whenever they are asked for.
metrics: Registry[Callable[[datetime], Iterable[Family]]] = Registry("group of metrics")
# (name, file) -> a copy of the file is kept under that name in a place outside of this machine.
archives: Registry[Callable[[str, Path], None]] = Registry("archive")
