"""Pages of facts: everything can be read, nothing can be written, and no list counts for ever."""

from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any

from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from atlas.console.wording import plain


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Count at most 10,000 rows: a long list is narrowed by its filters, not paged through."""

    LIMIT = 10_000

    @cached_property
    def count(self) -> int:
        """Give the number of rows, or the limit where there are more."""
        rows: Any = self.object_list
        return int(rows.order_by()[: self.LIMIT].count())


class ReadOnly:
    """What may be done with a fact: look at it."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse to invent facts."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse to edit facts."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse to lose facts."""
        return False


class FactAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]  # the theme's types differ from Django's in details
    """The page of rows that happened; it has no form and no save button."""

    paginator = BoundedPaginator
    show_full_result_count = False
    list_per_page = 50
    list_filter_submit = True
    list_fullwidth = True
    icon = "list"
    # The theme's defaults are typed by their values; pages set them.
    actions_detail: Any = ()
    list_before_template: Any = None
    change_form_before_template: Any = None
    change_form_outer_before_template: Any = None
    change_form_outer_after_template: Any = None

    def __init__(self, model: type[models.Model], site: Any) -> None:
        super().__init__(model, site)
        self.readonly_preprocess_fields = {
            field.name: _without_zeros
            for field in model._meta.get_fields()
            if isinstance(field, models.DecimalField)
        }


class FactInline(ReadOnly, TabularInline):  # type: ignore[misc]  # the theme's types differ from Django's in details
    """Rows that belong to the row of the page, shown by `columns`: field names or made columns."""

    extra = 0
    show_change_link = True
    per_page: Any = 20
    columns: tuple[Any, ...] = ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show the columns."""
        return self.columns

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show them as they are written."""
        return self.columns


def _without_zeros(written: str) -> str:
    """Drop the zeros that the column's scale adds; what is no number stays."""
    try:
        return plain(Decimal(written))
    except InvalidOperation:
        return written
