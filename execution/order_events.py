"""The events of orders: each change of state leaves one."""

from datetime import datetime

from atlas.domain.states import OrderState
from execution.models import Order, OrderEvent


def note_order(
    order: Order, *, before: OrderState | None, name: str, at: datetime, message: str = ""
) -> OrderEvent:
    """Write that an order came from `before` to the state it is in now; None: it is new."""
    return OrderEvent.objects.create(
        order=order,
        before="" if before is None else before.value,
        after=order.state,
        name=name,
        message=message,
        at=at,
    )
