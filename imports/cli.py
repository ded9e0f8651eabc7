"""`atlas-import`: the import as a command of its own, with the options of the management command."""

import argparse
import os
import sys
from collections.abc import Sequence

from imports.options import EXIT_CODES, add_options

INFRASTRUCTURE = 4


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the options, start Django, import; gives the exit code."""
    parser = argparse.ArgumentParser(
        prog="atlas-import",
        description="Bring an analytics export into the catalogue of Atlas.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_options(parser)
    options = parser.parse_args(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    import django

    try:
        django.setup()
    except SystemExit:
        return INFRASTRUCTURE  # the settings have said what is wrong with the environment
    from django.utils import timezone

    from imports.command_line import Terminal, execute

    return execute(options, Terminal(sys.stdout.write, sys.stderr.write), now=timezone.now())


if __name__ == "__main__":
    raise SystemExit(main())
