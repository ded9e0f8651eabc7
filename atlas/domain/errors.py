"""The one tree of errors, named by what the reader does next.

AtlasError
├── DomainRefusal      expected: we said no; becomes data (a row, a 4xx, an exit code)
│   ├── InvalidInput       what was given is malformed or out of range
│   ├── NotAllowed         the caller lacks the right, or a second person is missing
│   ├── ConflictingState   the world has moved on since the caller looked
│   ├── IllegalTransition  the lifecycle table has no such arrow
│   ├── LeaseLost          another worker holds the lease; stop writing
│   ├── UnusableData       market data is stale, gapped or malformed
│   └── Denied             a guardrail, a switch or a limit forbids it
├── Temporary          try again later with backoff: time-outs, a service away
├── NeedsHuman         tighten the switch and raise an alert; no retry will help
└── Bug                a broken promise of our own code; let it crash

Errors are caught at the edges only: tasks, commands, views, admin.
"""

from collections.abc import Mapping
from typing import Any


class AtlasError(Exception):
    """Base of everything Atlas raises on purpose.

    `code` is a stable word for machines; `detail` holds the values that the message names.
    """

    code = "error"

    def __init__(
        self, message: str, *, code: str | None = None, detail: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.detail: dict[str, Any] = dict(detail or {})


class DomainRefusal(AtlasError):
    """An expected "no" that is stored or shown, never retried blindly."""

    code = "refused"


class InvalidInput(DomainRefusal):
    """What was given is malformed or out of range."""

    code = "invalid_input"


class NotAllowed(DomainRefusal):
    """The caller lacks the right, or a second person has not agreed."""

    code = "not_allowed"


class ConflictingState(DomainRefusal):
    """The world has moved on since the caller looked."""

    code = "conflict"


class IllegalTransition(ConflictingState):
    """The lifecycle table has no arrow from the present state to the wanted one."""

    code = "illegal_transition"


class LeaseLost(ConflictingState):
    """Another worker took the lease over; whoever sees this stops writing."""

    code = "lease_lost"


class UnusableData(DomainRefusal):
    """Market data is stale, gapped, duplicated or malformed."""

    code = "unusable_data"


class Denied(DomainRefusal):
    """A guardrail, a switch or a limit forbids the act."""

    code = "denied"


class Temporary(AtlasError):
    """A service is away or slow; try again later with backoff."""

    code = "temporary"


class NeedsHuman(AtlasError):
    """No retry will help: tighten the switch and tell a person."""

    code = "needs_human"


class Bug(AtlasError):
    """A promise of our own code is broken; let it crash and be seen."""

    code = "bug"
