"""Columns and filters that several pages of trading share."""

from unfold.contrib.filters.admin import AutocompleteSelectFilter, FieldTextFilter

from atlas.console.display import either

SIDE = either("is_long", "long", "short", title="side")
DIRECTION = either("is_increase", "increase", "decrease", title="direction")
# Plain filters of free text would collect its values from the whole table with each list.
BY_MARKET = ("market", FieldTextFilter)
BY_REASON = ("reason", FieldTextFilter)
BY_RULE = ("rule", FieldTextFilter)
# Looks deployments up as they are typed; a plain filter would load all of them with each list.
BY_DEPLOYMENT = ("deployment", AutocompleteSelectFilter)
