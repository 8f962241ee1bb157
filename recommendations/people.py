"""Everything held on one person, across the rooms of the house: to hand over, or to erase."""

import time
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.forms.models import model_to_dict

import catalogue.services
import experiments.services
import feedback.services
from catalogue.models import TasteProfile
from experiments.models import Exposure
from feedback.models import Feedback, Prediction
from recommendations.prediction_log import prediction_log
from recommendations.schemas import ErasedOut, PersonExportOut


def person_export(user_id: str) -> PersonExportOut:
    prediction_log.flush()
    profile = TasteProfile.objects.filter(user_id=user_id).first()
    return PersonExportOut(
        user_id=user_id,
        taste=model_to_dict(profile) if profile else None,
        feedback=_rows(
            Feedback.objects.filter(user_id=user_id).order_by("id"),
            "id",
            "event_id",
            "action",
            "occurred_at",
            "received_at",
            "recommendation_id",
            "position",
            "context",
        ),
        exposures=_rows(
            Exposure.objects.filter(user_id=user_id).order_by("id"),
            "experiment__key",
            "variant__key",
            "first_at",
        ),
        recommendations=_rows(
            Prediction.objects.filter(user_id=user_id).order_by("served_at"),
            "recommendation_id",
            "served_at",
            "algorithm",
            "model_version",
            "experiment",
            "variant",
            "surface",
            "items",
        ),
    )


def _rows(rows: QuerySet[Any], *columns: str) -> list[dict[str, Any]]:
    return list(rows.values(*columns))


def person_erase(user_id: str) -> ErasedOut:
    """Erase every row on this person. What models learned from them goes with the next retraining.

    Other processes may hold predictions of theirs that are not written yet, so those are erased once more
    after every process has had the time to write.
    """
    prediction_log.flush()
    erased = _erase(user_id)
    if settings.PREDICTION_FLUSH_SECONDS:
        time.sleep(2 * settings.PREDICTION_FLUSH_SECONDS)
        prediction_log.flush()
        erased["recommendations"] += _erase_predictions(user_id)
    return ErasedOut(status="success", user_id=user_id, erased=erased)


@transaction.atomic
def _erase(user_id: str) -> dict[str, int]:
    return {
        "taste": catalogue.services.person_erase(user_id=user_id),
        "feedback": feedback.services.person_erase(user_id=user_id),
        "exposures": experiments.services.person_erase(user_id=user_id),
        "recommendations": _erase_predictions(user_id),
    }


def _erase_predictions(user_id: str) -> int:
    return Prediction.objects.filter(user_id=user_id).delete()[0]
