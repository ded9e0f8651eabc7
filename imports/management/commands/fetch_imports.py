"""`manage.py fetch_imports`: import what has come at one source, or at all that are due."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from atlas.audit import Actor
from atlas.domain.errors import AtlasError
from imports.fetching import Fetched, fetch, run_due_sources
from imports.models import ImportSource
from imports.storage import ContentStore

ACTOR = Actor.system("command line, fetch_imports")


class Command(BaseCommand):
    """Look at sources now, without waiting for their schedules."""

    help = "Import what has come at one source of imports, or at all that are due."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--source", metavar="NAME", help="look at this source")
        what.add_argument("--due", action="store_true", help="look at all whose cadence says so")
        parser.add_argument(
            "--again", action="store_true", help="with --source: also what it gave before"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *_: Any, **options: Any) -> None:
        """Fetch and tell what became of each file; ends with 1 where something went wrong."""
        if options["again"] and not options["source"]:
            raise CommandError("--again goes with --source.")
        done = self._fetched(options)
        if options["json"]:
            told = {name: [_as_json(one) for one in files] for name, files in done.items()}
            self.stdout.write(json.dumps(told))
        else:
            self._write(done)
        if any(one.problem for files in done.values() for one in files):
            raise SystemExit(1)

    def _fetched(self, options: dict[str, Any]) -> dict[str, list[Fetched]]:
        """Fetch from what was asked for. Raises CommandError where one source cannot be read."""
        store, now = ContentStore.of_settings(), timezone.now()
        if options["due"]:
            return run_due_sources(store=store, actor=ACTOR, now=now)
        source = ImportSource.objects.filter(name=options["source"]).first()
        if source is None:
            known = ", ".join(ImportSource.objects.fetched().values_list("name", flat=True))
            raise CommandError(f"There is no such source. Known: {known or 'none'}.")
        try:
            files = fetch(source, store=store, actor=ACTOR, now=now, again=options["again"])
        except AtlasError as error:
            raise CommandError(error.message) from error
        return {source.name: files}

    def _write(self, done: dict[str, list[Fetched]]) -> None:
        """Tell of each source and file in one line."""
        for name, files in done.items():
            self.stdout.write(f"{name}: {len(files)} file(s)" if files else f"{name}: nothing new")
            for one in files:
                self.stdout.write(f"  {one.name}: {_words(one)}")


def _words(one: Fetched) -> str:
    """Say what became of a file."""
    if one.outcome is None:
        return one.problem
    run = one.outcome.run
    state = "was there before" if one.outcome.is_repeat else run.state
    return f"import {run.pk} {state}. {one.problem}".strip()


def _as_json(one: Fetched) -> dict[str, Any]:
    """Give what became of a file."""
    run = one.outcome.run if one.outcome else None
    return {
        "file": one.name,
        "run": run.pk if run else None,
        "state": run.state if run else None,
        "repeat": bool(one.outcome and one.outcome.is_repeat),
        "problem": one.problem,
    }
