"""What may be asked of a second person: one table of kinds, read by the console, the rules and tests.

A kind says what the change means, who may ask and who may decide, and whether a fresh one-time
password is needed in every house or only where operators have devices. The floor that owns a change
registers in `staleness` how to see that the world has moved on since it was asked for.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from atlas.domain.errors import Bug
from atlas.models import ApprovalRequest
from atlas.registries import Registry

DECIDE = "atlas.decide_approval"
HALF_AN_HOUR, ONE_DAY = timedelta(minutes=30), timedelta(hours=24)
ABSENT = "-"


@dataclass(frozen=True, slots=True)
class ApprovalKind:
    """One kind of change that two people make together.

    `ask` and `decide` are permissions (app.codename). `is_grave` demands a one-time password of
    both, whatever the settings are; other kinds demand it of everybody who has a device, and of all
    where the installation requires one. `fields` are the names of the change for kinds that are
    asked for on the console's own form; others are asked for where their change is made.
    """

    title: str
    meaning: str
    ask: str
    decide: str = DECIDE
    lifetime: timedelta = HALF_AN_HOUR
    is_grave: bool = False
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One line of the table of a change: its name, the value before, the value after."""

    name: str
    before: str
    after: str

    @property
    def differs(self) -> bool:
        """Say whether this line is what the change is about."""
        return self.before not in {self.after, ABSENT}


KINDS: Mapping[str, ApprovalKind] = MappingProxyType(
    {
        "live.start": ApprovalKind(
            title="Let a deployment trade real money",
            meaning="Orders of this deployment leave for the chain once every other key is there.",
            ask="atlas.request_live",
            is_grave=True,
            fields=("deployment", "vault", "limits_version", "signer"),
        ),
        "switch.restore": ApprovalKind(
            title="Restore a switch that covers live trading",
            meaning="Orders under this switch start again as soon as the restore is carried out.",
            ask="atlas.restore_trading",
        ),
        "limits.loosen": ApprovalKind(
            title="Raise a limit of live trading",
            meaning="More may be risked than before, from the next decision of the gate on.",
            ask="execution.add_guardraillimits",
        ),
        "parameters.change": ApprovalKind(
            title="Change the parameters of a live deployment",
            meaning="Its rule decides by other numbers from the next cycle on.",
            ask="execution.change_deployment",
        ),
        "allow_list.add": ApprovalKind(
            title="Add to an allow-list",
            meaning="What is on the list may be traded, called or paid from then on.",
            ask="atlas.request_allow_list",
            is_grave=True,
            fields=("list", "entry", "list_version"),
        ),
        "signer.change": ApprovalKind(
            title="Change the signer",
            meaning="Another key signs for the vaults; the present one ends.",
            ask="atlas.request_signer",
            is_grave=True,
            fields=("chain", "from_address", "to_address"),
        ),
        "contract_set.replace": ApprovalKind(
            title="Replace the contracts that are believed",
            meaning="Other contracts are called and listened to from the next block on.",
            ask="atlas.request_contracts",
        ),
        "chain_state.adopt": ApprovalKind(
            title="Adopt the chain's state",
            meaning="The ledger takes over what the chain shows where the two differ.",
            ask="atlas.request_adoption",
            is_grave=True,
            fields=("vault", "block", "block_hash", "difference"),
        ),
        "import.apply": ApprovalKind(
            title="Apply an import to what trades live",
            meaning="Strategies with live deployments are published with this change.",
            ask="imports.change_importrun",
        ),
        "import.revert": ApprovalKind(
            title="Revert an import of what trades live",
            meaning="Strategies with live deployments go back to what they were before.",
            ask="imports.change_importrun",
        ),
    }
)

# kind -> why a request of it is no longer what was asked for; empty where it still is.
staleness: Registry[Callable[[ApprovalRequest], str]] = Registry("look for stale approvals")


def kind_named(name: str) -> ApprovalKind:
    """Give a kind. Raises Bug for a name that the table does not know."""
    found = KINDS.get(name)
    if found is None:
        raise Bug(f"No kind of approval is called {name!r}: write it into atlas/approval_kinds.py")
    return found


def why_stale(request: ApprovalRequest) -> str:
    """Word why the world has moved on since the change was asked for; empty where it has not."""
    return staleness.get(request.kind)(request) if request.kind in staleness else ""


def change_lines(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[ChangeLine]:
    """Lay a change out as lines: each name once, values before and after side by side."""
    old, new = dict(_flat(before)), dict(_flat(after))
    names = [*new, *(name for name in old if name not in new)]
    return [ChangeLine(name, old.get(name, ABSENT), new.get(name, ABSENT)) for name in names]


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Walk nested values: `limits.max_leverage`, lists as words."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        elif isinstance(value, list):
            yield prefix + name, ", ".join(map(str, value)) or "nothing"
        else:
            yield prefix + name, ABSENT if value in (None, "") else str(value)
