"""The state sentence: what the house does right now, in words and colour, on every page."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from atlas.console.colours import Tone, tone_of
from atlas.console.wording import age
from atlas.domain.states import SwitchState, TradingMode
from atlas.models import TradingState
from atlas.registries import TradingFacts, trading_facts
from atlas.switches import GLOBAL_SCOPE


@dataclass(frozen=True, slots=True)
class StateSentence:
    """One word with its colour, what it means, how fresh the house is, and who switched why."""

    word: str
    tone: Tone
    meaning: str
    freshness: str
    switch: str
    tighter: str
    global_state: SwitchState

    @property
    def is_halted(self) -> bool:
        """Tell whether the global switch forbids everything."""
        return self.global_state is SwitchState.HALTED


def global_switch() -> TradingState:
    """Give the global switch as the pages show it; one that is missing or unreadable is HALTED."""
    scope, key = GLOBAL_SCOPE
    row = TradingState.objects.filter(scope=scope, key=key).first()
    if row is not None and row.state in SwitchState.__members__:
        return row
    reason = "the global switch is missing or unreadable, which counts as halted"
    return TradingState(
        scope=scope, key=key, state=SwitchState.HALTED.value, reason=reason, epoch=0
    )


def state_sentence(*, now: datetime) -> StateSentence:
    """Say what the house does. Read without the switch lock: a page must never delay a halt."""
    switch = global_switch()
    state = SwitchState(switch.state)
    facts = [tell() for _, tell in trading_facts]
    live = sum(fact.live for fact in facts)
    word = _word(state, live=live)
    return StateSentence(
        word=word,
        tone=tone_of(word),
        meaning=_meaning(state, facts),
        freshness=_freshness(facts, now=now),
        switch=_switched(switch, now=now),
        tighter=_tighter_scopes(),
        global_state=state,
    )


def _word(state: SwitchState, *, live: int) -> str:
    """Name the state: the switch where it is thrown, else whether real money trades."""
    if state is not SwitchState.ACTIVE:
        return state.value
    return TradingMode.LIVE.value if live else TradingMode.PAPER.value


def _meaning(state: SwitchState, facts: list[TradingFacts]) -> str:
    """Say what the word means for orders."""
    if state is SwitchState.HALTED:
        working = sum(fact.working_orders for fact in facts)
        if not working:
            return "no order starts."
        return f"no order starts. Draining: {working} sent before the halt did not end yet."
    running = _running(facts)
    if state is SwitchState.REDUCING:
        return f"positions may shrink, none may grow; {running}."
    return f"{running}."


def _running(facts: list[TradingFacts]) -> str:
    """Count who trades, real money first."""
    live, paper = sum(fact.live for fact in facts), sum(fact.paper for fact in facts)
    on_paper = f"{paper} deployment{'s' if paper != 1 else ''} on paper"
    if live:
        return f"{live} deployment{'s' if live != 1 else ''} with real money, {on_paper}"
    return f"{on_paper}, no real money" if paper else "no deployment is scheduled"


def _freshness(facts: list[TradingFacts], *, now: datetime) -> str:
    """Say how old the newest cycle is."""
    newest = max((fact.newest_cycle_at for fact in facts if fact.newest_cycle_at), default=None)
    return "No cycle yet" if newest is None else f"Newest cycle {age(newest, now=now)} ago"


def _switched(switch: TradingState, *, now: datetime) -> str:
    """Say who threw the global switch, when and why."""
    if switch._state.adding:
        return switch.reason.capitalize()
    since = age(switch.changed_at, now=now)
    return f"{switch.get_state_display()} for {since}, by {switch.changed_by}: {switch.reason}"


def _tighter_scopes() -> str:
    """Count the switches below the global one that are not free."""
    scope, _ = GLOBAL_SCOPE
    found = (
        TradingState.objects.exclude(state=SwitchState.ACTIVE.value)
        .exclude(scope=scope)
        .values_list("state")
        .order_by("state")
        .annotate(Count("pk"))
    )
    return ", ".join(f"{count} {state.lower()}" for state, count in found)
