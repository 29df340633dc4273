"""XXH64 with Spark's seed, as `xxhash64` computes it in SQL: it picks the orders that get a complaint.

Specification: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
"""

SPARK_SEED = 42
_MASK = 2**64 - 1
_P1, _P2, _P3, _P4, _P5 = (
    0x9E3779B185EBCA87,
    0xC2B2AE3D27D4EB4F,
    0x165667B19E3779F9,
    0x85EBCA77C2B2AE63,
    0x27D4EB2F165667C5,
)


def xxh64(data: bytes, seed: int = SPARK_SEED) -> int:
    """The hash of fewer than 32 bytes, 0 to 2**64 - 1. Raises ValueError for more."""
    if len(data) >= 32:
        raise ValueError(f"{data!r} has 32 bytes or more")
    found, rest = (seed + _P5 + len(data)) & _MASK, data
    while len(rest) >= 8:
        found = (_left(found ^ _round(int.from_bytes(rest[:8], "little")), 27) * _P1 + _P4) & _MASK
        rest = rest[8:]
    if len(rest) >= 4:
        found = (_left(found ^ (int.from_bytes(rest[:4], "little") * _P1 & _MASK), 23) * _P2 + _P3) & _MASK
        rest = rest[4:]
    for byte in rest:
        found = _left(found ^ (byte * _P5 & _MASK), 11) * _P1 & _MASK
    found = (found ^ found >> 33) * _P2 & _MASK
    found = (found ^ found >> 29) * _P3 & _MASK
    return found ^ found >> 32


def _round(word: int) -> int:
    return _left(word * _P2 & _MASK, 31) * _P1 & _MASK


def _left(word: int, bits: int) -> int:
    return (word << bits | word >> 64 - bits) & _MASK
