"""The options of an import on the command line, the same for both of its commands."""

import argparse

from imports.formats.registry import AUTO, format_names

EXIT_CODES = """exit codes:
  0  applied or written, or nothing was wrong in a dry run
  1  the file is not valid, holds bad records, or cannot be written
  2  the command was used wrongly
  3  the catalogue, or a second person, stands against it
  4  the database or the folder of imported files is not available
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options on a parser."""
    wish = parser.add_mutually_exclusive_group(required=True)
    wish.add_argument(
        "--file",
        metavar="FILE",
        help="import a file or a strategy's folder; - reads standard input",
    )
    wish.add_argument("--apply", metavar="RUN", type=int, help="apply a reviewed run")
    wish.add_argument("--revert", metavar="RUN", type=int, help="put back what a run changed")
    wish.add_argument(
        "--export",
        metavar="FILE",
        help="write the catalogue as a document; .gz and .zst are packed, - is standard output",
    )
    parser.add_argument(
        "--strategy",
        metavar="SLUG",
        action="append",
        default=[],
        help="with --export: write this strategy alone; may be given again",
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="with --file: show what would change and stop; --apply RUN goes on from there",
    )
    parser.add_argument(
        "--allow-partial",
        action="store_true",
        help="apply the good records of a file that holds bad ones",
    )
    parser.add_argument(
        "--format",
        choices=format_names(),
        default=AUTO,
        help="refuse a file that is in another format (default: %(default)s)",
    )
    parser.add_argument("--reason", default="", help="with --revert: why, for the audit log")
    parser.add_argument("--json", action="store_true", help="print one JSON object with everything")
    parser.add_argument("--quiet", action="store_true", help="print nothing but what went wrong")
