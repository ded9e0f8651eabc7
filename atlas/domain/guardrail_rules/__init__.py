"""The guardrail rules of the house and the list of them.

To add a rule: write one function that answers with a Measure, a Breach or None, and one line in its
room's list that names it, the permit kinds it binds and the limits it reads. The table of SAFETY
3.1 decides which kinds those are; whatever limits risk binds INCREASE and SWAP alone.

A number equal to its limit passes.
"""

from atlas.domain.guardrail_rules.buffers import BUFFER_RULES
from atlas.domain.guardrail_rules.counts import COUNT_RULES
from atlas.domain.guardrail_rules.door import DOOR_RULES
from atlas.domain.guardrail_rules.losses import LOSS_RULES
from atlas.domain.guardrail_rules.prices import PRICE_RULES
from atlas.domain.guardrail_rules.sizes import SIZE_RULES
from atlas.domain.guardrails import GuardrailRule

HOUSE_RULES: tuple[GuardrailRule, ...] = (
    *DOOR_RULES,
    *SIZE_RULES,
    *BUFFER_RULES,
    *PRICE_RULES,
    *COUNT_RULES,
    *LOSS_RULES,
)
