"""What imports show on the dashboard: the newest files and how far they got."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from atlas import registries
from atlas.console.colours import Tone, tone_of
from atlas.console.display import list_of
from atlas.console.wording import age
from atlas.registries import Panel
from imports.models import ImportRun

SHOWN = 5


@dataclass(frozen=True, slots=True)
class ShownRun:
    """One of the newest imports."""

    run: ImportRun
    tone: Tone
    received: str


def imports_context(now: datetime) -> dict[str, Any]:
    """Tell of the newest imports."""
    newest = ImportRun.objects.order_by("-pk")[:SHOWN]
    return {
        "rows": [
            ShownRun(run, tone_of(run.state), age(run.received_at, now=now)) for run in newest
        ],
        "all": list_of(ImportRun),
    }


def register() -> None:
    """Put the panel up; called once when the app is ready."""
    registries.panels.add(
        "imports",
        Panel(50, "imports/console/runs.html", imports_context, "imports.view_importrun"),
    )
