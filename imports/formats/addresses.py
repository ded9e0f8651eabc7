"""Addresses: their checksum is the upper and lower case of their letters (EIP-55)."""

from eth_utils.address import is_checksum_address

HEX_DIGITS = 40


def has_right_checksum(address: str) -> bool:
    """Say whether the case of the letters agrees with the digits.

    An address in a single case carries no checksum and is not wrong.
    """
    digits = address[-HEX_DIGITS:]
    if digits in (digits.lower(), digits.upper()):
        return True
    return is_checksum_address(f"0x{digits}")


def has_checksum(address: str) -> bool:
    """Say whether the address carries a checksum at all; one without letters needs none."""
    digits = address[-HEX_DIGITS:]
    return digits not in (digits.lower(), digits.upper()) or digits.isdigit()
