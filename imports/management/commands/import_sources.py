"""`manage.py import_sources`: list the sources of imports, set one up, change one."""

import json
from argparse import SUPPRESS
from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from atlas.audit import Actor
from atlas.domain.errors import AtlasError
from imports.models import ImportSource
from imports.models.sources import HANDED
from imports.source_settings import CHANGEABLE, change_source, create_source
from imports.vocabulary import SourceKind, SourcePolicy

ACTOR = Actor.system("command line, import_sources")
SHOWN = ("kind", *CHANGEABLE, "looked_at", "arrived_at", "look_failure")
NONE = "none"


def _seconds(text: str) -> int | None:
    """Read a number of seconds, or `none`."""
    return None if text == NONE else int(text)


def _yes_or_no(text: str) -> bool:
    """Read a yes or a no."""
    if text not in {"yes", "no"}:
        raise ValueError(text)
    return text == "yes"


# How each setting is read; one that is not given is not changed.
SETTINGS: dict[str, dict[str, Any]] = {
    "address": {
        "help": "an inbox's name, https://host/path, s3://bucket/key or s3://bucket/folder/"
    },
    "credentials": {"help": "an entry of ATLAS_IMPORT_CREDENTIALS"},
    "enabled": {"type": _yes_or_no, "metavar": "yes|no"},
    "cadence_seconds": {"type": _seconds, "help": "between two looks, or none"},
    "expected_every_seconds": {"type": _seconds, "help": "longer silence is an alert, or none"},
    "policy": {"choices": [policy.value for policy in SourcePolicy]},
    "allow_partial": {"type": _yes_or_no, "metavar": "yes|no"},
    "wanted_format": {"help": "refuse files in another format"},
    "largest_bytes": {"type": int, "help": "a larger file is not fetched"},
    "jump_threshold_ratio": {"type": Decimal, "help": "larger steps of a series are reported"},
    "weight_tolerance_ratio": {"type": Decimal, "help": "weights that miss 1 by more are reported"},
    "claim_tolerance_ratio": {
        "type": Decimal,
        "help": "claimed metrics that differ from ours by a larger share are reported",
    },
}


class Command(BaseCommand):
    """Sources: where exports are looked for, how often, and what becomes of them."""

    help = "List the sources of imports; with --add or --change set one up or change one."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--add", metavar="NAME", help="set a source up")
        what.add_argument("--change", metavar="NAME", help="change a source")
        kinds = [kind.value for kind in SourceKind if kind not in HANDED]
        parser.add_argument("--kind", choices=kinds, help="with --add")
        for name, how in SETTINGS.items():
            parser.add_argument(f"--{name.replace('_', '-')}", default=SUPPRESS, **how)
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *_: Any, **options: Any) -> None:
        """List, set up or change."""
        try:
            shown = self._shown(options)
        except AtlasError as error:
            raise CommandError(error.message) from error
        if options["json"]:
            rows = {one.name: {name: getattr(one, name) for name in SHOWN} for one in shown}
            self.stdout.write(json.dumps(rows, default=str))
            return
        for one in shown:
            self.stdout.write(one.name)
            for name in SHOWN:
                if getattr(one, name) not in (None, ""):
                    self.stdout.write(f"  {name.replace('_', ' ')}: {getattr(one, name)}")

    def _shown(self, options: dict[str, Any]) -> list[ImportSource]:
        """Do what was asked for and give the sources that are to be told of."""
        given = {name: options[name] for name in SETTINGS if name in options}
        now = timezone.now()
        if options["add"]:
            if not options["kind"]:
                raise CommandError("--add needs --kind.")
            kind = SourceKind(options["kind"])
            return [create_source(name=options["add"], kind=kind, actor=ACTOR, now=now, **given)]
        if options["change"]:
            source = ImportSource.objects.filter(name=options["change"]).first()
            if source is None:
                raise CommandError(f"There is no source {options['change']!r}.")
            return [change_source(source, actor=ACTOR, now=now, **given)]
        if given or options["kind"]:
            raise CommandError("Settings go with --add or --change.")
        return list(ImportSource.objects.all())
