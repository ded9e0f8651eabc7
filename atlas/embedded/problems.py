"""What a person must put right before Atlas can start: one sentence with its remedy."""

import errno

from atlas.domain.errors import NeedsHuman


class CannotStart(NeedsHuman):
    """The launcher cannot go on; the message says what is wrong and what to do."""

    code = "cannot_start"


def from_os_error(problem: OSError, *, doing: str) -> CannotStart:
    """Word a refusal of the operating system as a sentence with a remedy.

    `doing` names the act as a noun phrase ("writing .atlas").
    """
    place = f" ({problem.filename})" if problem.filename else ""
    if problem.errno in {errno.ENOSPC, errno.EDQUOT}:
        return CannotStart(f"No disk space left for {doing}{place}. Free some space and try again.")
    if problem.errno == errno.EROFS:
        return CannotStart(
            f"The file system is read-only, so {doing} failed{place}. "
            "Copy the checkout to a folder that you may write to and try again."
        )
    if problem.errno in {errno.EACCES, errno.EPERM}:
        return CannotStart(
            f"Permission denied for {doing}{place}: the folder belongs to another user or is read-only. "
            "Use a copy that is yours, or run as the user who made it."
        )
    reason = problem.strerror or str(problem)
    return CannotStart(
        f"The system refused {doing}{place}: {reason}. Remove the cause and try again."
    )
