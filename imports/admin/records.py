"""Fetched files, issues and changes of imports: lists of facts."""

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import FieldTextFilter, RangeDateTimeFilter

from atlas.console.display import links, pills
from atlas.console.facts import FactAdmin
from atlas.console.wording import NOTHING
from imports.admin.pages import raw_path
from imports.models import (
    ChangeGroup,
    FetchedObject,
    ImportIssue,
    RecordChange,
)


@admin.register(FetchedObject)
class FetchedObjectAdmin(FactAdmin):
    """Fetched files: which version of each file of a source did we take last, and when?"""

    icon = "cloud_download"
    list_display = (
        "fetched_at",
        links("source"),
        "name",
        "size_bytes",
        "etag",
        "modified",
        "version",
        links("run"),
    )
    list_filter = ("source", ("fetched_at", RangeDateTimeFilter))
    search_fields = ("=name", "=etag", "=version")
    list_select_related = ("source", "run")
    ordering = ("-fetched_at", "-pk")


@admin.register(ImportIssue)
class ImportIssueAdmin(FactAdmin):
    """Issues: what is wrong, or worth a look, in which file and where?"""

    icon = "report"
    list_display = (
        pills("severity"),
        "code",
        "message",
        "path",
        "kind",
        "owner",
        "key",
        "value",
        "record",
        links("run"),
    )
    list_filter = ("severity", ("code", FieldTextFilter), ("kind", FieldTextFilter))
    search_fields = ("=owner", "=key", "=path")
    list_select_related = ("run",)

    def record(self, row: ImportIssue) -> SafeString | str:
        """Lead to the record's bytes as they came."""
        if not row.byte_length:
            return NOTHING
        path = raw_path(row)
        return format_html('<a class="text-link" href="{}">as it came</a>', path)


@admin.register(ChangeGroup)
class ChangeGroupAdmin(FactAdmin):
    """Change groups: how many records of one kind and owner does an import change?"""

    icon = "summarize"
    list_display = (
        "kind",
        "owner",
        "inserted",
        "updated",
        "unchanged",
        "deleted",
        links("run"),
    )
    list_filter = ("kind",)
    search_fields = ("=owner",)
    list_select_related = ("run",)


@admin.register(RecordChange)
class RecordChangeAdmin(FactAdmin):
    """Record changes: which rows does an import change, and what stood there before?"""

    icon = "difference"
    list_display = ("action", "kind", "owner", "key", "ordinal", links("run"))
    list_filter = ("action", "kind")
    search_fields = ("=owner", "=key")
    list_select_related = ("run",)
