"""Who falls where: a salted hash to one of a million buckets, and the ranges of buckets each variant holds.

Buckets are integers and ranges half-open, so nothing is lost to rounding. A change of weights moves only
the surplus: recomputing cumulative intervals would move people between variants that need not change.
"""

import bisect
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

BUCKETS = 1_000_000
WEIGHT_TOLERANCE = 1e-6

Range = tuple[int, int]
Allocation = Mapping[str, Sequence[Range]]


class Purpose(StrEnum):
    """Each decision hashes apart, so that ramping traffic never moves anyone between variants."""

    TRAFFIC = "traffic"
    VARIANT = "variant"
    LAYER = "layer"


def bucket(salt: str, purpose: str, unit_id: str) -> int:
    """The bucket, 0 to 999,999, of one unit. Uniform and independent between salts and purposes.

    The first 64 bits of SHA-256, modulo a million: the modulo's bias is below 1e-13.
    """
    digest = hashlib.sha256(f"v1\x1f{salt}\x1f{purpose}\x1f{unit_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % BUCKETS


def takes_part(salt: str, unit_id: str, traffic_percentage: float) -> bool:
    """Whether a unit is within the share (0-100) of all units that take part."""
    buckets = round(traffic_percentage * BUCKETS / 100)
    return buckets >= BUCKETS or bucket(salt, Purpose.TRAFFIC, unit_id) < buckets


def allocate(weights: Mapping[str, float], current: Allocation | None = None) -> dict[str, tuple[Range, ...]]:
    """Ranges for `weights` (shares that sum to 1), moving as few of the `current` buckets as possible.

    Raises ValueError when the weights are not shares of one whole.
    """
    targets = _bucket_counts(weights)
    kept = {key: _trim((current or {}).get(key, ()), target) for key, target in targets.items()}
    free = _complement([one for ranges in kept.values() for one in ranges])
    allocation = {}
    for key, target in targets.items():
        missing = target - _size(kept[key])
        given, free = _split(free, missing)
        allocation[key] = tuple(_merge([*kept[key], *given]))
    return allocation


def part_free(taken: Sequence[Range], size: int) -> tuple[Range, ...]:
    """`size` buckets in none of the `taken` ranges. Raises ValueError when fewer are left."""
    free = _complement(_merge(taken))
    if _size(free) < size:
        raise ValueError(f"{_size(free) / BUCKETS:.0%} is left, {size / BUCKETS:.0%} is wanted.")
    return tuple(_split(free, size)[0])


def share_moved(before: Allocation, after: Allocation) -> float:
    """The share of buckets, 0 to 1, that belong to another variant in `after` than in `before`."""
    stayed = sum(_overlap(before.get(key, ()), ranges) for key, ranges in after.items())
    return (sum(_size(ranges) for ranges in before.values()) - stayed) / BUCKETS


@dataclass(frozen=True, slots=True)
class BucketTable:
    """An allocation prepared for look-ups: sorted range starts and ends, and whose each range is."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]
    keys: tuple[str, ...]

    @classmethod
    def of(cls, allocation: Allocation) -> "BucketTable":
        rows = sorted((start, end, key) for key, ranges in allocation.items() for start, end in ranges)
        return cls(tuple(r[0] for r in rows), tuple(r[1] for r in rows), tuple(r[2] for r in rows))

    def variant_of(self, number: int) -> str | None:
        index = bisect.bisect_right(self.starts, number) - 1
        return self.keys[index] if index >= 0 and number < self.ends[index] else None


def _bucket_counts(weights: Mapping[str, float]) -> dict[str, int]:
    """Whole buckets per variant by largest remainder; they sum to BUCKETS and zero stays zero."""
    for key, weight in weights.items():
        if not 0 <= weight <= 1:
            raise ValueError(f"The weight of {key} is {weight:g}; a weight is between 0 and 1.")
    total = sum(weights.values())
    if abs(total - 1) > WEIGHT_TOLERANCE * (1 + 1e-6):
        raise ValueError(f"The weights sum to {total:.6g}; they must sum to 1.")
    exact = {key: weight / total * BUCKETS for key, weight in weights.items()}
    # The millionth keeps 289,999.99999999994, which is 0.29 in binary, from losing a bucket.
    counts = {key: int(value + 1e-6) for key, value in exact.items()}
    by_remainder = sorted(
        (key for key in weights if weights[key] > 0), key=lambda key: counts[key] - exact[key]
    )
    for key in by_remainder[: BUCKETS - sum(counts.values())]:
        counts[key] += 1
    return counts


def _size(ranges: Sequence[Range]) -> int:
    return sum(end - start for start, end in ranges)


def _trim(ranges: Sequence[Range], size: int) -> list[Range]:
    return _split([(start, end) for start, end in ranges], size)[0]


def _split(ranges: Sequence[Range], size: int) -> tuple[list[Range], list[Range]]:
    """The first `size` buckets of `ranges`, and the rest."""
    first: list[Range] = []
    rest: list[Range] = []
    for start, end in ranges:
        cut = min(end, start + max(size, 0))
        if cut > start:
            first.append((start, cut))
        if cut < end:
            rest.append((cut, end))
        size -= cut - start
    return first, rest


def _merge(ranges: Sequence[Range]) -> list[Range]:
    merged: list[Range] = []
    for start, end in sorted(ranges):
        if merged and merged[-1][1] == start:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def _complement(ranges: Sequence[Range]) -> list[Range]:
    """The buckets in none of `ranges`. Raises ValueError where two of them overlap."""
    free: list[Range] = []
    position = 0
    for start, end in sorted(ranges):
        if start < position or end > BUCKETS:
            raise ValueError("The current allocation gives a bucket twice, or one that does not exist.")
        if start > position:
            free.append((position, start))
        position = end
    return [*free, (position, BUCKETS)] if position < BUCKETS else free


def _overlap(some: Sequence[Range], others: Sequence[Range]) -> int:
    return sum(max(0, min(a[1], b[1]) - max(a[0], b[0])) for a in some for b in others)
