"""`manage.py load_contract_set FILE`: tell Atlas which contracts of a chain were reviewed."""

from pathlib import Path
from typing import Any

import orjson
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from atlas.audit import Actor
from atlas.domain.errors import AtlasError, InvalidInput
from onchain.addresses import ContractFile, read_contract_file
from onchain.contract_sets import Loaded, LoadResult, ask_second_person, load_contract_set

ACTOR = Actor.system("command line, load_contract_set")
REFUSED = 2


class Command(BaseCommand):
    """Reviewed contracts, from files."""

    help = (
        "Load reviewed contract sets. The same file again changes nothing; one that differs from "
        "the set in use waits until a second person has approved it in the console, and is taken "
        "up when the file is loaded again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("files", nargs="+", type=Path, help="JSON files of contract sets")
        parser.add_argument("--check", action="store_true", help="check the files, store nothing")
        parser.add_argument("--ask", metavar="USER", help="ask in this person's name for approval")
        parser.add_argument("--reason", default="", help="why the set in use should be replaced")

    def handle(self, *_: Any, **options: Any) -> None:
        """Load each file; ends with 2 where one is refused."""
        try:
            for path in options["files"]:
                file = _read(path)
                if options["check"]:
                    self.stdout.write(f"{path.name}: {len(file.contracts)} contracts are in order.")
                    continue
                result = load_contract_set(file, actor=ACTOR, now=timezone.now())
                self.stdout.write(_words(path, result))
                if options["ask"] and result.outcome is Loaded.WAITING:
                    self._ask(result, options["ask"], options["reason"])
        except AtlasError as error:
            raise CommandError(error.message, returncode=REFUSED) from error

    def _ask(self, result: LoadResult, username: str, reason: str) -> None:
        """Ask for the second person's word in the name of the first."""
        user = User.objects.filter(username=username, is_active=True).first()
        if user is None:
            raise InvalidInput(f"There is no active person {username!r}")
        request = ask_second_person(
            result.contract_set,
            reason=reason,
            requester=Actor(name=user.get_username(), user=user),
            now=timezone.now(),
        )
        self.stdout.write(f"Request {request.pk} waits for another person until it expires.")


def _read(path: Path) -> ContractFile:
    """Read one file. Raises InvalidInput where it is no JSON or no contract set."""
    try:
        return read_contract_file(orjson.loads(path.read_bytes()))
    except OSError as error:
        raise InvalidInput(f"{path.name} cannot be read: {error.strerror}") from None
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"{path.name} is no JSON: {error}") from None


def _words(path: Path, result: LoadResult) -> str:
    """Tell of one file in one line."""
    return (
        f"{path.name}: {result.contract_set}: {result.outcome.value};"
        f" {result.new_tokens} new tokens, {result.new_markets} new markets."
    )
