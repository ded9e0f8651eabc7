"""The words of what is sent: short enough for a phone, and with what to do."""

from collections.abc import Sequence

from atlas.domain.alerts import AlertState, Occasion
from atlas.models import Alert

TITLE_LENGTH = 250
SAMPLES = 5
SAMPLE_LENGTH = 300

_MARK = {
    Occasion.NEW: "",
    Occasion.GRAVER: "graver: ",
    Occasion.AGAIN: "still: ",
    Occasion.ESCALATED: "nobody has it: ",
    Occasion.OVER: "over: ",
}


def title_of(alert: Alert, occasion: Occasion, *, instance: str, also: int = 0) -> str:
    """Word the first line; `also` counts further alerts of the rule that this one speaks for."""
    crowd = f" (and {also:,} more)" if also else ""
    words = f"[{instance}] {alert.severity}: {_MARK[occasion]}{alert.title}"
    return f"{words[: TITLE_LENGTH - len(crowd)]}{crowd}"


def body_of(
    alert: Alert, occasion: Occasion, *, samples: Sequence[Alert] = (), also: int = 0
) -> str:
    """Word what happened, how often, and what to do; `samples` are the first of `also` others."""
    paragraphs = [alert.message]
    if also:
        paragraphs.append(_crowd(samples, also))
    if occasion is Occasion.OVER:
        paragraphs.append(f"Over since {alert.resolved_at:%Y-%m-%d %H:%M} UTC: {alert.resolution}")
    else:
        paragraphs.append(f"What to do: {alert.remedy}")
    paragraphs.append(
        f"Alert {alert.pk}, {_times(alert.count)} since {alert.first_seen_at:%Y-%m-%d %H:%M} UTC, "
        f"last {alert.last_seen_at:%H:%M}{_holder(alert)}. Runbook: {alert.runbook}."
    )
    return "\n\n".join(paragraphs)


def _crowd(samples: Sequence[Alert], also: int) -> str:
    """Word the other alerts that are told in the same breath."""
    lines = [f"- {one.message[:SAMPLE_LENGTH]}" for one in samples[:SAMPLES]]
    if also > len(lines):
        lines.append(f"- and {also - len(lines):,} more")
    return "\n".join(["The same rule speaks of these too:", *lines])


def _times(count: int) -> str:
    """Word how often it happened."""
    return "once" if count == 1 else f"{count:,} times"


def _holder(alert: Alert) -> str:
    """Word who took it on."""
    if alert.state != AlertState.ACKNOWLEDGED:
        return ""
    return f", taken on by {alert.acknowledged_by}"
