"""The first exposures: one indexed read a request, one insert when a person comes in."""

from collections.abc import Collection, Mapping, Sequence

from django.db import IntegrityError, transaction

from experiments.models import Exposure


def variants_exposed(user_id: str, experiment_ids: Collection[int]) -> Mapping[int, int | None]:
    """By experiment, the id of the variant this person was exposed to (None where lists are drafted)."""
    rows = Exposure.objects.filter(user_id=user_id, experiment_id__in=experiment_ids).order_by()
    return dict(rows.values_list("experiment_id", "variant_id"))


def exposures_insert(exposures: Sequence[Exposure]) -> int:
    """Store first exposures, those of several layers in one statement; how many are new."""
    if len(exposures) < 2:
        return sum(exposure_insert(one) for one in exposures)
    try:
        with transaction.atomic():
            return len(Exposure.objects.bulk_create(exposures))
    except IntegrityError:  # another process was faster with one of them
        return sum(exposure_insert(one) for one in exposures)


def exposure_insert(exposure: Exposure) -> bool:
    """Store the person's first exposure. False when another process did so first.

    Two processes may serve one person's first list at once, even by different weights: the unique constraint
    lets the first win, and where the two served different variants the person is marked as mixed.
    """
    try:
        with transaction.atomic():
            exposure.save(force_insert=True)
    except IntegrityError:
        earlier = Exposure.objects.filter(experiment_id=exposure.experiment_id, user_id=exposure.user_id)
        stored = earlier.order_by().values_list("variant_id", flat=True).first()
        if not earlier.exists():
            raise
        if stored != exposure.variant_id:
            earlier.update(is_mixed=True)
        return False
    return True
