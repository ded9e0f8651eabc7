"""A system check: no button of the console may act on a plain GET.

An action of the theme without a dialog runs as soon as its link is opened, by a browser that
looks ahead too. Dotted permission names make the theme ask the database within system checks,
which breaks the first `migrate`.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.contrib import admin
from django.core import checks

GETS_ACT, DOTTED = "atlas.E001", "atlas.E002"


def check_actions(
    app_configs: Sequence[AppConfig] | None = None, **_: Any
) -> list[checks.CheckMessage]:
    """Find actions of registered pages that would act on a GET or name dotted permissions."""
    del app_configs  # the console is checked whole
    return [
        problem for page in admin.site._registry.values() for problem in problems_of_actions(page)
    ]


def problems_of_actions(page: Any) -> Iterator[checks.CheckMessage]:
    """Find what is wrong with the actions of one page."""
    linked = [
        *page._get_base_actions_list(),
        *page._get_base_actions_detail(),
        *page._get_base_actions_row(),
    ]
    for action in linked:
        if action.dialog is None:
            yield checks.Error(
                f"{type(page).__name__}.{action.action_name} has no dialog and would act on a GET",
                hint="Give the action a dialog with a form.",
                id=GETS_ACT,
            )
    for action in [*linked, *page._get_base_actions_submit_line()]:
        if any("." in name for name in getattr(action.method, "allowed_permissions", [])):
            yield checks.Error(
                f"{type(page).__name__}.{action.action_name} names a dotted permission",
                hint='Write permissions=["halt"] and a method has_halt_permission.',
                id=DOTTED,
            )
