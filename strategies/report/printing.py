"""The page as PDF.

The engine is loaded when the first PDF is wanted, for it costs half a second and needs libraries of
the system (Pango). Where those are missing the answer is 501 with the remedy. It fetches nothing:
the page holds all that it needs, and an address in it leads nowhere.
"""

import logging
from functools import cache
from threading import BoundedSemaphore
from typing import Any

from rest_framework.exceptions import APIException

from atlas.domain.errors import Temporary

AT_ONCE = 1  # one takes a second of a core; the others of a process go on reading meanwhile
PATIENCE_SECONDS = 20.0
SYSTEM_PACKAGES = ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0")  # of Debian
REMEDY = (
    "PDF needs the Pango libraries, which this installation lacks: on Debian install "
    f"{', '.join(SYSTEM_PACKAGES)} and start the web process again. The same page is to be had with "
    "format=html, and any browser prints it."
)

_turns = BoundedSemaphore(AT_ONCE)


class PdfNotInstalled(APIException):
    """There is no engine to print with."""

    status_code = 501
    default_code = "not_installed"
    default_detail = REMEDY


def pdf_of(page: str) -> bytes:
    """Print a page; the same page gives the same bytes.

    Raises PdfNotInstalled where libraries are missing, Temporary where others print for too long.
    """
    engine = _engine()
    if not _turns.acquire(timeout=PATIENCE_SECONDS):
        raise Temporary("Other reports are being printed; try again in a few seconds")
    try:
        nothing = engine.urls.URLFetcher(allowed_protocols=())
        printed: bytes = engine.HTML(string=page, url_fetcher=nothing).write_pdf()
    finally:
        _turns.release()
    return printed


@cache
def _engine() -> Any:
    """Load the engine, once; raises PdfNotInstalled."""
    try:
        import weasyprint
        import weasyprint.urls
    except (ImportError, OSError) as error:
        raise PdfNotInstalled from error
    # It would tell at each page which rules for screens it does not know.
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    return weasyprint
