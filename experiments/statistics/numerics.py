"""What several of the statistics need: a normal quantile and a root."""

from collections.abc import Callable

from scipy.special import ndtri


def critical_value(confidence: float) -> float:
    """How many standard errors a two-sided normal interval of `confidence` (0 to 1, exclusive) reaches."""
    if not 0 < confidence < 1:
        raise ValueError(f"A confidence of {confidence} is not between 0 and 1; give 0.95 for 95 %.")
    return float(-ndtri((1 - confidence) / 2))


def root(function: Callable[[float], float], low: float, high: float) -> float:
    """Where `function` changes sign between `low` and `high`, by halving to the last bit."""
    low_is_positive = function(low) > 0
    while low < (middle := (low + high) / 2) < high:
        if (function(middle) > 0) == low_is_positive:
            low = middle
        else:
            high = middle
    return high
