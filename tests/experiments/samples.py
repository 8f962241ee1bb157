"""What the tests of the statistics share: samples made from users' numbers, and answers known to be there."""

from typing import Any, TypeVar

import numpy as np
from hypothesis import strategies as st
from numpy.typing import ArrayLike

from experiments.statistics.values import Interval, MeanSample, PairedSample, Proportion, Unknown

Answer = TypeVar("Answer")


def known(answer: Answer | Unknown) -> Answer:
    assert not isinstance(answer, Unknown), answer.reason
    return answer


def bounds(answer: Interval | Unknown) -> tuple[float, float]:
    interval = known(answer)
    assert interval.upper is not None
    return interval.lower, interval.upper


def excludes_zero(interval: Interval) -> bool:
    return interval.lower > 0 or (interval.upper is not None and interval.upper < 0)


def mean_sample(values: ArrayLike) -> MeanSample:
    x = np.asarray(values, dtype=float)
    return MeanSample(x.size, float(x.sum()), float((x**2).sum()))


def paired_sample(xs: ArrayLike, ys: ArrayLike) -> PairedSample:
    x, y = np.asarray(xs, dtype=float), np.asarray(ys, dtype=float)
    products = ((x**2).sum(), (y**2).sum(), (x * y).sum())
    return PairedSample(x.size, float(x.sum()), float(y.sum()), *map(float, products))


def rate_pair(case: dict[str, Any]) -> tuple[Proportion, Proportion]:
    return Proportion(*case["treatment"]), Proportion(*case["control"])


@st.composite
def proportions(draw: st.DrawFn, most: int = 10**9) -> Proportion:
    """Often small, often huge, often extreme."""
    users = draw(st.one_of(st.integers(1, 50), st.integers(1, most)))
    conversions = draw(st.one_of(st.integers(0, users), st.sampled_from([0, 1, users - 1, users])))
    return Proportion(conversions, users)


@st.composite
def mean_samples(draw: st.DrawFn) -> MeanSample:
    values = draw(st.lists(st.integers(0, 10**6), min_size=2, max_size=40))
    return MeanSample(len(values), sum(values), sum(value**2 for value in values))
