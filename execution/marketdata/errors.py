"""What can become of asking a source, named by what the caller does next.

SourceAway and SourceBusy: come back later, the cycle fails as expected and the next slot tries
again. SourceRefused: no retry helps, somebody must look at the request or the source's terms.
MalformedAnswer: the source speaks nonsense, so the slot is skipped with the reason.
"""

from atlas.domain.errors import DomainRefusal, Temporary, UnusableData


class SourceAway(Temporary):
    """No endpoint of a source answered in time; `detail["wait_seconds"]` says when to come back."""

    code = "source_away"


class SourceBusy(SourceAway):
    """Every endpoint of a source asks for patience, or our own limit of requests is reached."""

    code = "source_busy"


class SourceRefused(DomainRefusal):
    """A source refuses the request as such: asking again changes nothing."""

    code = "source_refused"


class MalformedAnswer(UnusableData):
    """An answer came, and it is not what the source's interface promises."""

    code = "malformed_answer"


class ExtraMissing(DomainRefusal):
    """A provider needs a library that this installation does not have; the message names it."""

    code = "extra_missing"
