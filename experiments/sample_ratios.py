"""Whether people arrived in the shares of their phase: those who saw two variants as first assigned."""

from collections.abc import Mapping

from experiments.frame import Frame
from experiments.statistics.sample_ratio import sample_ratio_test, sequential_sample_ratio_test
from experiments.statistics.values import SampleRatio, SampleRatioState, SequentialSampleRatio

LEAST_EXPECTED = 5  # in each variant with a weight: below, chi-square's approximation does not hold
TOO_FEW = "Too few people came to tell yet."


def sample_ratio(frame: Frame, assigned: Mapping[int, int]) -> SampleRatio:
    users, weights = _users_and_weights(frame, assigned)
    test = sample_ratio_test(users, weights)
    smallest = min((weight for weight in weights if weight), default=0.0)
    if test.p_value is None or sum(users) * smallest >= LEAST_EXPECTED * sum(weights):
        return test
    return SampleRatio(SampleRatioState.OK, None, None, TOO_FEW)


def sample_ratio_warning(frame: Frame, assigned: Mapping[int, int]) -> SequentialSampleRatio:
    """Early, and valid at any moment; it never fails an experiment by itself."""
    return sequential_sample_ratio_test(*_users_and_weights(frame, assigned))


def _users_and_weights(frame: Frame, assigned: Mapping[int, int]) -> tuple[list[int], list[float]]:
    users = [assigned.get(one.pk, 0) for one in frame.variants]
    return users, [frame.weights[one.key] for one in frame.variants]
