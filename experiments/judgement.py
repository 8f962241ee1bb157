"""From what was measured to the evidence that a verdict is given from, and to the verdict of each kind."""

from collections.abc import Callable, Mapping, Sequence

from experiments.kind_verdicts import aa_verdict, aa_verdict_at_once, bandit_verdict, interleaving_verdict
from experiments.models import ExperimentKind
from experiments.reports import Finding, GuardrailCheck, GuardrailState, HistoryDay
from experiments.verdicts import (
    Evidence,
    TreatmentEvidence,
    Verdict,
    ab_verdict,
    verdict_at_once,
    verdict_before_looks,
)

_JUDGES: Mapping[ExperimentKind, Callable[[Evidence], Verdict]] = {
    ExperimentKind.AB: ab_verdict,
    ExperimentKind.INTERLEAVING: interleaving_verdict,
    ExperimentKind.BANDIT: bandit_verdict,
    ExperimentKind.AA: aa_verdict,
}


def verdict_at_look(kind: ExperimentKind, evidence: Evidence) -> Verdict:
    return _JUDGES[kind](evidence)


def verdict_shown(kind: ExperimentKind, evidence: Evidence, last: HistoryDay | None) -> Verdict:
    """That of the last look, unless something that need not wait for one says otherwise."""
    at_once = aa_verdict_at_once if kind is ExperimentKind.AA else verdict_at_once
    return at_once(evidence) or (last.verdict if last else verdict_before_looks(evidence))


def treatment_evidence(
    names: Mapping[str, str], found: Mapping[str, Finding], checks: Sequence[GuardrailCheck]
) -> tuple[TreatmentEvidence, ...]:
    """`names` of the treatments compared, by key."""
    return tuple(
        TreatmentEvidence(
            name=name,
            is_better=found.get(key) is Finding.BETTER,
            is_worse=found.get(key) is Finding.WORSE,
            harmed=_labels(checks, GuardrailState.HARMED, key),
            unproven=_labels(checks, GuardrailState.OPEN, key),
        )
        for key, name in names.items()
    )


def unmeasured(checks: Sequence[GuardrailCheck]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_labels(checks, GuardrailState.UNMEASURED)))


def _labels(
    checks: Sequence[GuardrailCheck], state: GuardrailState, variant: str | None = None
) -> tuple[str, ...]:
    return tuple(one.metric.label for one in checks if one.state is state and variant in (None, one.variant))
