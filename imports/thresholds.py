"""From where on something is worth a look: what each source says, as the checks take it."""

from imports.formats.checks import Thresholds
from imports.models import ImportSource


def thresholds_of(source: ImportSource) -> Thresholds:
    """Give what a source's records may differ by before it is worth a look."""
    return Thresholds(
        jump_ratio=float(source.jump_threshold_ratio),
        weight_tolerance_ratio=float(source.weight_tolerance_ratio),
        claim_tolerance_ratio=float(source.claim_tolerance_ratio),
    )
