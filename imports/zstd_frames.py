"""Zstandard frames, as far as it takes to tell a whole file from one that was cut off.

The library's stream reader gives what it has when the input ends early and says nothing, so the
frames are walked here first: header, blocks up to the last one, checksum (RFC 8878, 3.1).
"""

from typing import BinaryIO

import zstandard

MARK = b"\x28\xb5\x2f\xfd"
_SKIPPABLE = range(0x184D2A50, 0x184D2A60)
_LONGEST_HEADER = 18
_RLE_BLOCK, _RESERVED_BLOCK = 1, 3
_CHECKSUM_BYTES = 4


def is_whole(file: BinaryIO) -> bool:
    """Say whether the file consists of whole frames; it is left at its start."""
    size = file.seek(0, 2)
    place = 0
    while 0 <= place < size:
        place = _next_frame(file, place)
    file.seek(0)
    return place == size


def _next_frame(file: BinaryIO, place: int) -> int:
    """Give where the frame at `place` ends, -1 where it is none; beyond the end if it is cut."""
    file.seek(place)
    head = file.read(_LONGEST_HEADER)
    if int.from_bytes(head[:4], "little") in _SKIPPABLE:
        return place + 8 + int.from_bytes(head[4:8], "little")
    try:
        parameters = zstandard.get_frame_parameters(head)
        place += zstandard.frame_header_size(head)
    except zstandard.ZstdError:
        return -1
    is_last = False
    while not is_last:
        file.seek(place)
        header = file.read(3)
        if len(header) < 3:  # noqa: PLR2004  # a block header has three bytes
            return -1
        word = int.from_bytes(header, "little")
        is_last, kind, length = bool(word & 1), word >> 1 & 3, word >> 3
        if kind == _RESERVED_BLOCK:
            return -1
        place += 3 + (1 if kind == _RLE_BLOCK else length)
    return place + (_CHECKSUM_BYTES if parameters.has_checksum else 0)
