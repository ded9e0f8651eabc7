"""What has happened to a run and what is happening now, as its audit rows tell.

A worker may take long, or be gone: that something was asked for and has not been answered yet is all
that is known of it, and for how long it is believed is bounded.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from atlas.models import AuditEvent
from imports.carrying import POSTPONED, REFUSED, UNREAD_STATES
from imports.models import ImportRun
from imports.progress import Progress, read

LINES_SHOWN = 30
# No task of an import lives longer; what is not answered by then will not be.
LONGEST = timedelta(minutes=60)

REVIEW_ASKED = "import.review_again"
APPLY_ASKED = "import.apply_asked"
REVERT_ASKED = "import.revert_asked"
_TO_BE_READ = ("import.receive", REVIEW_ASKED, f"import.review{POSTPONED}")
_TO_BE_DONE = (APPLY_ASKED, REVERT_ASKED, f"import.apply{POSTPONED}", f"import.revert{POSTPONED}")


@dataclass(frozen=True, slots=True)
class Activity:
    """What is going on with a run; `refusal` says why the newest attempt came to nothing."""

    is_under_way: bool
    progress: Progress | None
    refusal: str
    events: list[AuditEvent]


def activity_of(run: ImportRun, *, now: datetime) -> Activity:
    """Read what happened last, and what a worker tells of itself."""
    events = list(
        AuditEvent.objects.filter(
            subject_type="imports.importrun", subject_id=str(run.pk)
        ).order_by("-pk")[:LINES_SHOWN]
    )
    progress = read(run.pk)
    newest = events[0] if events else None
    is_refused = newest is not None and newest.action.endswith(REFUSED)
    return Activity(
        is_under_way=progress is not None or _is_awaited(run, newest, now=now),
        progress=progress,
        refusal=newest.reason if newest is not None and is_refused else "",
        events=events,
    )


def _is_awaited(run: ImportRun, newest: AuditEvent | None, *, now: datetime) -> bool:
    """Say whether something was asked for that nobody has answered, and may still be."""
    if newest is None or newest.occurred_at < now - LONGEST:
        return False
    if newest.action in _TO_BE_DONE:
        return True
    return newest.action in _TO_BE_READ and run.state in UNREAD_STATES
