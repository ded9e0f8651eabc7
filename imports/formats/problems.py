"""Problems: what is wrong, where, and what was found there; and the refusal of a whole file."""

from dataclasses import dataclass

from atlas.domain.errors import InvalidInput
from imports.formats.vocabulary import Kind, Severity

VALUE_LENGTH = 200
SHOWN = 3


@dataclass(frozen=True, slots=True)
class Span:
    """A place in the file's bytes as they are once unpacked."""

    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding about one record, or about the file where `kind` is None.

    `path` says where it stands in the file's own terms; `key` names the record within its kind and
    owner; `value` is the offending text, cut to 200 characters.
    """

    code: str
    message: str
    severity: Severity = Severity.ERROR
    path: str = ""
    kind: Kind | None = None
    owner: str = ""
    key: str = ""
    field: str = ""
    value: str = ""
    span: Span | None = None

    @property
    def is_error(self) -> bool:
        """Say whether the record does not count because of this."""
        return self.severity is Severity.ERROR


class FileRefused(InvalidInput):
    """The file as a whole cannot be taken; `problems` says why, all of it."""

    code = "file_refused"

    def __init__(self, problems: list[Problem]) -> None:
        more = len(problems) - SHOWN
        text = "; ".join(problem.message for problem in problems[:SHOWN])
        super().__init__(f"{text}; and {more} more" if more > 0 else text)
        self.problems = problems


def refusal(
    code: str, message: str, *, path: str = "", field: str = "", value: str = ""
) -> FileRefused:
    """Make the refusal of a file for a single reason."""
    return FileRefused([Problem(code, message, path=path, field=field, value=shortened(value))])


def shortened(text: str) -> str:
    """Cut an offending value to what fits a table, saying so."""
    if len(text) <= VALUE_LENGTH:
        return text
    ending = f"… ({len(text)} characters)"
    return text[: VALUE_LENGTH - len(ending)] + ending
