"""From what was measured to the evidence that a verdict is given from, and to the verdict of each kind."""

from collections.abc import Callable, Mapping, Sequence

from experiments.models import ExperimentKind
from experiments.reports import Finding, GuardrailCheck, GuardrailState, HistoryDay
from experiments.verdicts import Evidence, TreatmentEvidence, Verdict, VerdictState, ab_verdict

# Kinds missing here are judged by nobody yet, and say so.
_JUDGES: Mapping[ExperimentKind, Callable[[Evidence], Verdict]] = {ExperimentKind.AB: ab_verdict}


def verdict_at_look(kind: ExperimentKind, evidence: Evidence) -> Verdict:
    return _JUDGES.get(kind, _not_judged)(evidence)


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


def last_of_phase(history: Sequence[HistoryDay], phase: int) -> HistoryDay | None:
    return next((day for day in reversed(history) if day.phase == phase), None)


def _labels(
    checks: Sequence[GuardrailCheck], state: GuardrailState, variant: str | None = None
) -> tuple[str, ...]:
    return tuple(one.metric.label for one in checks if one.state is state and variant in (None, one.variant))


def _not_judged(evidence: Evidence) -> Verdict:
    return Verdict(
        VerdictState.KEEP_RUNNING,
        "No test for this kind",
        "The daily looks record what it measures; which variant to keep is not judged.",
    )
