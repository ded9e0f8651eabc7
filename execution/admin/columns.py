"""Columns that several pages of trading share."""

from atlas.console.display import either

SIDE = either("is_long", "long", "short", title="side")
DIRECTION = either("is_increase", "increase", "decrease", title="direction")
