"""Where the pages of a run are."""

from collections.abc import Mapping
from dataclasses import dataclass

from atlas.embedded.ports import LOOPBACK, Claim, claim_preferred
from atlas.embedded.problems import CannotStart

WEB_PORT = 8000
FLOWER_PORT = 5555
HIGHEST_PORT = 65_535


@dataclass(frozen=True)
class Addresses:
    """Where the pages of a run are; the ports are claimed until they are released."""

    web_claim: Claim
    flower_claim: Claim

    @property
    def web_port(self) -> int:
        """The web server's port."""
        return self.web_claim.port

    @property
    def flower_port(self) -> int:
        """Flower's port."""
        return self.flower_claim.port

    @property
    def web(self) -> str:
        """The address of the web server."""
        return f"http://{LOOPBACK}:{self.web_port}/"

    def close(self) -> None:
        """Let others take the ports."""
        self.web_claim.release()
        self.flower_claim.release()

    @property
    def lines(self) -> list[str]:
        """Every address that a person wants to know, the web server's first."""
        return [
            f"  Web      {self.web}",
            f"  API      {self.web}api/v1/strategies/",
            f"  Docs     {self.web}docs",
            f"  Health   {self.web}health",
            f"  Console  {self.web}admin/",
            f"  Flower   http://{LOOPBACK}:{self.flower_port}/",
        ]


def choose_addresses(environ: Mapping[str, str]) -> Addresses:
    """Choose the ports of the web server and of Flower: the wished ones, or the next free above.

    Raises CannotStart where a wish is no port.
    """
    web_wish = _wished_port(environ, "ATLAS_WEB_PORT", WEB_PORT)
    flower_wish = _wished_port(environ, "ATLAS_FLOWER_PORT", FLOWER_PORT)
    return Addresses(claim_preferred(web_wish), claim_preferred(flower_wish))


def _wished_port(environ: Mapping[str, str], name: str, usual: int) -> int:
    """Read a port from the environment."""
    wish = environ.get(name) or str(usual)
    if not wish.isdigit() or not 1 <= int(wish) <= HIGHEST_PORT:
        raise CannotStart(f"{name} must be a number from 1 to {HIGHEST_PORT}. Correct or unset it.")
    return int(wish)
