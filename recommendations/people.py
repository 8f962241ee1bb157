"""Everything held on one person, across the rooms of the house: to hand over, or to erase."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.forms.models import model_to_dict

import catalogue.services
import experiments.services
import feedback.services
from catalogue.models import TasteProfile
from experiments.models import Exposure
from feedback.models import Feedback
from recommendations.models import Prediction
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


@transaction.atomic
def person_erase(user_id: str) -> ErasedOut:
    """Erase every row on this person. What models learned from them goes with the next retraining."""
    prediction_log.flush()
    return ErasedOut(
        status="success",
        user_id=user_id,
        erased={
            "taste": catalogue.services.person_erase(user_id=user_id),
            "feedback": feedback.services.person_erase(user_id=user_id),
            "exposures": experiments.services.person_erase(user_id=user_id),
            "recommendations": Prediction.objects.filter(user_id=user_id).delete()[0],
        },
    )
