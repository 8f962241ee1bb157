import hashlib
import itertools
import math
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.statistics.assignment import (
    BUCKETS,
    Allocation,
    BucketTable,
    allocate,
    bucket,
    share_moved,
    takes_part,
)

PEOPLE = 5000


@st.composite
def weights(draw: st.DrawFn) -> dict[str, float]:
    parts = draw(st.lists(st.integers(0, 1000), min_size=2, max_size=6).filter(any))
    return {f"v{number}": part / sum(parts) for number, part in enumerate(parts)}


def sizes(allocation: Allocation) -> dict[str, int]:
    return {key: sum(end - start for start, end in ranges) for key, ranges in allocation.items()}


def covers_every_bucket_once(allocation: Allocation) -> bool:
    ranges = sorted(one for ranges in allocation.values() for one in ranges)
    ends = [0, *(end for _, end in ranges)]
    return [start for start, _ in ranges] == ends[:-1] and ends[-1] == BUCKETS


@pytest.mark.parametrize(
    ("salt", "purpose", "unit_id", "expected"),
    [
        ("rec_algorithm_v1", "variant", "1", 613094),
        ("rec_algorithm_v1", "variant", "2", 262816),
        ("rec_algorithm_v1", "traffic", "1", 780446),
        ("rec_algorithm_v2", "variant", "1", 596403),
        ("exp1", "variant", "23", 819758),
        ("exp12", "variant", "3", 688133),
        ("layer:home", "layer", "user-é", 732941),
    ],
)
def test_a_unit_falls_into_its_known_bucket(salt: str, purpose: str, unit_id: str, expected: int) -> None:
    assert bucket(salt, purpose, unit_id) == expected


def test_another_process_finds_the_same_bucket() -> None:
    code = "from experiments.statistics.assignment import bucket; print(bucket('salt', 'variant', 'user-é'))"
    other = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", code], capture_output=True, text=True, check=True
    )
    assert int(other.stdout) == bucket("salt", "variant", "user-é")


@given(weights())
def test_every_bucket_belongs_to_one_variant_and_a_zero_weight_has_none(wanted: dict[str, float]) -> None:
    allocation = allocate(wanted)
    assert covers_every_bucket_once(allocation)
    for key, size in sizes(allocation).items():
        assert abs(size - wanted[key] * BUCKETS) <= 1
        assert size == 0 or wanted[key] > 0


@given(weights(), weights())
def test_a_change_of_weights_moves_the_surplus_and_nothing_else(
    before: dict[str, float], after: dict[str, float]
) -> None:
    old = allocate(before)
    new = allocate({key: after.get(key, 0.0) for key in {**before, **after}}, old)
    assert covers_every_bucket_once(new)
    surplus = sum(max(0, size - sizes(new).get(key, 0)) for key, size in sizes(old).items())
    assert share_moved(old, new) == pytest.approx(surplus / BUCKETS, abs=1e-12)


def test_from_four_quarters_to_10_30_30_30_exactly_15_per_cent_move() -> None:
    old = allocate(dict.fromkeys("abcd", 0.25))
    new = allocate({"a": 0.1, "b": 0.3, "c": 0.3, "d": 0.3}, old)
    assert share_moved(old, new) == 0.15
    before, after = BucketTable.of(old), BucketTable.of(new)
    moved = [n for n in range(0, BUCKETS, 10) if before.variant_of(n) != after.variant_of(n)]
    assert len(moved) == BUCKETS * 0.15 / 10
    assert {before.variant_of(n) for n in moved} == {"a"}


@pytest.mark.parametrize(
    "wrong",
    [{"a": 0.5, "b": 0.4}, {"a": 0.5, "b": 0.500002}, {"a": 1.5, "b": -0.5}, {"a": math.nan, "b": 1.0}, {}],
)
def test_weights_that_are_not_shares_of_one_whole_are_an_error(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="weight"):
        allocate(wrong)


def test_thirds_written_with_six_digits_are_a_whole() -> None:
    assert sum(sizes(allocate(dict.fromkeys("abc", 0.333333))).values()) == BUCKETS


@given(weights(), st.integers(0, BUCKETS - 1))
def test_the_table_finds_the_range_that_holds_a_bucket(wanted: dict[str, float], number: int) -> None:
    allocation = allocate(wanted)
    found = BucketTable.of(allocation).variant_of(number)
    assert found is not None
    assert any(start <= number < end for start, end in allocation[found])


def test_a_bucket_outside_every_range_belongs_to_nobody() -> None:
    table = BucketTable.of({"a": [(10, 20)]})
    assert [table.variant_of(n) for n in (9, 10, 19, 20)] == [None, "a", "a", None]


def test_the_weights_hold_over_people() -> None:
    table = BucketTable.of(allocate({"a": 0.1, "b": 0.3, "c": 0.6}))
    shares = Counter(table.variant_of(bucket("salt", "variant", str(n))) for n in range(PEOPLE))
    for key, weight in (("a", 0.1), ("b", 0.3), ("c", 0.6)):
        assert shares[key] == pytest.approx(
            weight * PEOPLE, abs=4 * math.sqrt(PEOPLE * weight * (1 - weight))
        )


def test_more_traffic_adds_people_and_moves_nobody() -> None:
    tenth = {n for n in range(PEOPLE) if takes_part("salt", str(n), 10)}
    half = {n for n in range(PEOPLE) if takes_part("salt", str(n), 50)}
    assert tenth < half
    assert len(half) == pytest.approx(PEOPLE / 2, abs=4 * math.sqrt(PEOPLE / 4))
    assert all(takes_part("salt", str(n), 100) for n in range(100))
    assert not any(takes_part("salt", str(n), 0) for n in range(100))


def test_twelve_experiments_assign_independently_of_each_other() -> None:
    table = BucketTable.of(allocate(dict.fromkeys("abcd", 0.25)))
    assigned = [
        [table.variant_of(bucket(f"salt-{number}", "variant", str(n))) for n in range(PEOPLE)]
        for number in range(12)
    ]
    # With 4 x 4 cells V**2 is about chi2(9) / (3 n); its 1 - 1e-7 quantile, for 66 pairs, is 51.
    bound = math.sqrt(51 / (3 * PEOPLE))
    assert max(cramers_v(one, other) for one, other in itertools.combinations(assigned, 2)) < bound


def test_an_unsalted_hash_would_put_people_into_the_same_variant_of_every_experiment() -> None:
    def unsalted(experiment: str, unit_id: str) -> int:
        return int(hashlib.md5(unit_id.encode(), usedforsecurity=False).hexdigest(), 16) % 10_000 // 2500

    one, other = ([unsalted(key, str(n)) for n in range(PEOPLE)] for key in ("first", "second"))
    assert cramers_v(one, other) == pytest.approx(1)


def cramers_v(one: Sequence[object], other: Sequence[object]) -> float:
    count = len(one)
    rows, columns, cells = Counter(one), Counter(other), Counter(zip(one, other, strict=True))
    chi2 = sum(
        (cells[row, column] - rows[row] * columns[column] / count) ** 2
        / (rows[row] * columns[column] / count)
        for row in rows
        for column in columns
    )
    return math.sqrt(chi2 / (count * (min(len(rows), len(columns)) - 1)))
