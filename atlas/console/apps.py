"""The Django admin with our site in the place of the default one."""

from django.contrib.admin.apps import AdminConfig


class ConsoleConfig(AdminConfig):
    """Make `django.contrib.admin.site` the operations console."""

    default_site = "atlas.console.site.ConsoleSite"
