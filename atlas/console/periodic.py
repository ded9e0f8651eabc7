"""Schedules of django-celery-beat in the console's clothes, each edit in the audit log."""

from typing import Any, ClassVar

from django.db import models
from django_celery_beat import admin as beat
from django_celery_beat.models import PeriodicTask
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from atlas.console.audited import AuditedAdmin
from atlas.console.facts import FactInline


class TaskSelect(UnfoldAdminSelectWidget, beat.TaskSelectWidget):
    """Choose among the tasks that the workers know."""


class PeriodicTaskForm(beat.PeriodicTaskForm):
    """The form of a schedule."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = TaskSelect()


class PeriodicTaskPage(AuditedAdmin, beat.PeriodicTaskAdmin):  # type: ignore[misc]  # the theme's types differ from Django's in details
    """Schedules: a change that an operator makes here outlives later releases."""

    form = PeriodicTaskForm
    icon = "schedule"
    date_hierarchy: ClassVar[Any] = None
    list_filter: ClassVar[Any] = ("enabled", "queue", "one_off")
    list_display: Any = (
        "name",
        "enabled",
        "scheduler",
        "queue",
        "last_run_at",
        "total_run_count",
    )

    def described(self, obj: models.Model) -> dict[str, Any]:
        """Say what the schedule does now."""
        return {
            name: str(getattr(obj, name))
            for name in ("name", "task", "enabled", "scheduler", "queue", "args", "kwargs")
        }


class TasksInline(FactInline):
    """The schedules that use this timing."""

    model = PeriodicTask
    columns = ("name", "task", "enabled")
    ordering = ("name",)


class TimingPage(AuditedAdmin):
    """Intervals, crontabs and the like; editing one changes every schedule that uses it."""

    icon = "timer"
    inlines = (TasksInline,)


class CrontabPage(TimingPage):
    """Crontabs with their meaning in words."""

    list_display = ("__str__", "human_readable")
    readonly_fields = ("human_readable",)
