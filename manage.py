#!/usr/bin/env python
"""Run a management command; the commands that change the schema connect as the owner role."""

import os
import sys

OWNER_COMMANDS = {"migrate", "makemigrations", "grant_roles", "sqlmigrate", "pgtrigger"}


def main() -> None:
    """Choose settings and database role, then hand over to Django."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    if len(sys.argv) > 1 and sys.argv[1] in OWNER_COMMANDS:
        os.environ["ATLAS_PROCESS"] = "migrate"
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
