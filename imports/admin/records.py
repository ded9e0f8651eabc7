"""Fetched files, issues and changes of imports: lists of facts."""

from django.contrib import admin
from unfold.contrib.filters.admin import FieldTextFilter, RangeDateTimeFilter

from atlas.console.display import links
from atlas.console.facts import FactAdmin
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
        "severity",
        "code",
        "message",
        "path",
        "kind",
        "owner",
        "key",
        "value",
        links("run"),
    )
    list_filter = ("severity", ("code", FieldTextFilter), ("kind", FieldTextFilter))
    search_fields = ("=owner", "=key", "=path")
    list_select_related = ("run",)


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
