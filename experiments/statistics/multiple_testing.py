"""Several treatments against one control: the more one looks, the more one finds by luck."""

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values in the given order. Source: Holm (1979), Scandinavian Journal of Statistics 6."""
    _check(p_values)
    count = len(p_values)
    adjusted = [0.0] * count
    largest = 0.0
    for rank, index in enumerate(sorted(range(count), key=lambda i: p_values[i])):
        largest = max(largest, min(1.0, (count - rank) * p_values[index]))
        adjusted[index] = largest
    return adjusted


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values in the given order: below q, at most a share q of those called effects are none.

    Source: Benjamini and Hochberg (1995), Journal of the Royal Statistical Society B 57.
    """
    _check(p_values)
    count = len(p_values)
    adjusted = [0.0] * count
    smallest = 1.0
    for rank, index in zip(range(count, 0, -1), _largest_first(p_values), strict=True):
        smallest = min(smallest, count * p_values[index] / rank)
        adjusted[index] = smallest
    return adjusted


def _largest_first(p_values: Sequence[float]) -> list[int]:
    return sorted(range(len(p_values)), key=lambda i: p_values[i], reverse=True)


def _check(p_values: Sequence[float]) -> None:
    for p_value in p_values:
        if not 0 <= p_value <= 1:
            raise ValueError(f"{p_value} is no p-value; leave out comparisons that have none.")
