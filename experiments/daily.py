"""What happens to every experiment once a day: the look, and after it a bandit's next deal."""

from datetime import datetime

from experiments.bandit import bandit_deal
from experiments.looks import LookTaken, look_take
from experiments.models import Experiment, ExperimentKind


def experiment_daily(*, experiment: Experiment, now: datetime) -> LookTaken:
    """Look, then deal; each once a UTC day however often this is called. The look sees the day's people under
    the weights they came by."""
    taken = look_take(experiment=experiment, now=now)
    if experiment.kind == ExperimentKind.BANDIT:
        bandit_deal(experiment=experiment, now=now)
    return taken
