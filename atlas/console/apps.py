"""The Django admin with our site in the place of the default one."""

from django.contrib.admin.apps import AdminConfig
from django.core import checks


class ConsoleConfig(AdminConfig):
    """Make `django.contrib.admin.site` the operations console."""

    default_site = "atlas.console.site.ConsoleSite"

    def ready(self) -> None:
        """Register every page, the check over their actions, and the ground floor's panels."""
        from atlas.console import dashboard
        from atlas.console.checks import check_actions

        super().ready()
        checks.register(check_actions, checks.Tags.admin)
        dashboard.register()
