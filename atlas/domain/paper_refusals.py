"""What a paper venue refuses, in the words of the venue that it stands for."""

from atlas.domain.errors import DomainRefusal


class VenueRefusal(DomainRefusal):
    """The venue did not execute the order; the order ends CANCELED with this reason."""

    code = "venue_refused"


class PriceNotAcceptable(VenueRefusal):
    """The execution price lies beyond the order's acceptable price."""

    code = "price_not_acceptable"


class NotEnoughCash(VenueRefusal):
    """The account cannot pay collateral and fees."""

    code = "not_enough_cash"


class PositionMismatch(VenueRefusal):
    """The position is not the one that the order was decided on."""

    code = "position_mismatch"


class ImpactTooLarge(VenueRefusal):
    """The price impact is as large as the order."""

    code = "price_impact_larger_than_order"


class NotEnoughCollateral(VenueRefusal):
    """What would back the position after fees is less than the venue asks for."""

    code = "insufficient_collateral"


class PositionTooSmall(VenueRefusal):
    """The position would be smaller than the venue keeps."""

    code = "min_position_size"


class LossNotCovered(VenueRefusal):
    """Losses and fees are larger than the collateral; only a liquidation ends such a position."""

    code = "insufficient_funds_to_pay_for_costs"
