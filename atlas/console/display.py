"""Columns of the console's lists: pills, money, ages and links, each written once."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db import models
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from atlas.console import wording
from atlas.console.colours import tone_of

Column = Callable[[Any], Any]


def pill(word: str) -> SafeString:
    """Write a state as its word on its colour."""
    shown = word.replace("_", " ").upper()
    return format_html('<span class="ak-pill ak-{}">{}</span>', tone_of(word), shown)


def link_to(row: models.Model | None) -> SafeString | str:
    """Write a row as a link to its page; rows without a page are plain words."""
    if row is None:
        return wording.NOTHING
    try:
        path = page_of(row)
    except NoReverseMatch:
        return str(row)
    return format_html('<a class="text-link" href="{}">{}</a>', path, row)


def page_of(row: models.Model) -> str:
    """Give the path of a row's page in the console. Raises NoReverseMatch where it has none."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def list_of(model: type[models.Model], **filters: object) -> str:
    """Give the path of a model's list, narrowed by exact filters of its admin page."""
    path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    query = urlencode({f"{name}__exact": value for name, value in filters.items()})
    return f"{path}?{query}" if query else path


def pills(field: str, *, title: str = "") -> Column:
    """Make a column that shows a state as a pill."""
    return _column(field, lambda value: pill(str(value)), title=title)


def money(field: str, *, title: str = "") -> Column:
    """Make a column of US dollars to the cent."""
    return _column(field, wording.usd, title=title or field.removesuffix("_usd"))


def number(field: str, *, title: str = "") -> Column:
    """Make a column of plain numbers without trailing zeros."""
    return _column(field, wording.plain, title=title)


def either(field: str, yes: str, no: str, *, title: str) -> Column:
    """Make a column that words a yes or no: a short position is no failure."""
    return _column(field, lambda value: yes if value else no, title=title)


def links(field: str, *, title: str = "") -> Column:
    """Make a column that links to the row a foreign key names."""
    return _column(field, link_to, title=title)


def _column(field: str, write: Callable[[Any], Any], *, title: str) -> Column:
    """Make a sortable column from a field and how its value is written."""

    @admin.display(description=title or field.replace("_", " "), ordering=field)
    def column(row: Any) -> Any:
        return write(getattr(row, field))

    column.__name__ = field
    return column
