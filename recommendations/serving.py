"""A request for recommendations, from the variant to the reasons."""

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from experiments.definitions import Visitor
from experiments.serving import Assignment, Ranker, Treatment, assign, exposures_record
from feedback.models import Prediction
from recommendations import metrics
from recommendations.algorithms.protocol import Signal
from recommendations.history import PersonState, history_load, taste_load
from recommendations.interleaved import lists_draft
from recommendations.list_parameters import list_parameters_of
from recommendations.listing import ListOrder
from recommendations.prediction_log import prediction_log
from recommendations.ranking import RankedEvent, RankedList, rank
from recommendations.rules import Filters
from recommendations.schemas import ReasonOut, RecommendationOut, RecommendationsOut


@dataclass(frozen=True, slots=True)
class RecommendationRequest:
    user_id: str
    limit: int
    filters: Filters
    context_genres: Sequence[str] = ()
    context_artists: Sequence[str] = ()
    surface: str = ""


def recommend(request: RecommendationRequest, *, now: datetime) -> RecommendationsOut:
    """The list for one person, recorded. Raises a database error while the database is away."""
    started = time.perf_counter()
    state = _state_of(request)
    visitor = _visitor(request, state)
    treatment = assign(visitor=visitor)
    recommendation_id = uuid.uuid4()
    ranked = _list_of(request, state, treatment, recommendation_id, now)
    exposures_record(treatment=treatment, visitor=visitor, now=now)
    answer = _answer(request, recommendation_id, ranked, treatment.leading, started)
    _record(answer, ranked, request, now)
    return answer


def _visitor(request: RecommendationRequest, state: PersonState) -> Visitor:
    city = request.filters.city or next(iter(state.taste.cities), "")
    return Visitor(request.user_id, city, request.surface, is_new=not state.history.deeds)


def _state_of(request: RecommendationRequest) -> PersonState:
    history = history_load(request.user_id)
    taste = taste_load(request.user_id).with_context(request.context_genres, request.context_artists)
    return PersonState(history, taste)


def _list_of(
    request: RecommendationRequest, state: PersonState, treatment: Treatment, seed: uuid.UUID, now: datetime
) -> RankedList:
    """One ranker's list, or one drafted from two."""
    leading = treatment.leading

    def made_by(ranker: Ranker | None) -> RankedList:
        return rank(_order(request, state, treatment.parameters_with(ranker), seed), state, ranker, now)

    if leading is None or leading.opponent is None:
        return made_by(leading.ranker if leading else None)
    return lists_draft(
        {one.variant_key: made_by(one) for one in (leading.ranker, leading.opponent)}, request.limit, seed
    )


def _order(
    request: RecommendationRequest, state: PersonState, parameters: dict[str, Any], seed: uuid.UUID
) -> ListOrder:
    return ListOrder(
        limit=request.limit,
        filters=request.filters,
        never_serve=state.history.never_serve,
        surface=request.surface,
        parameters=list_parameters_of(parameters),
        seed=seed,
    )


def _answer(
    request: RecommendationRequest,
    recommendation_id: uuid.UUID,
    ranked: RankedList,
    assignment: Assignment | None,
    started: float,
) -> RecommendationsOut:
    items = [
        _item(event, position, request.context_genres or request.context_artists)
        for position, event in enumerate(ranked.events)
    ]
    return RecommendationsOut.model_construct(
        user_id=request.user_id,
        recommendations=items,
        model_version=ranked.model_version,
        ab_experiment=assignment.experiment_key if assignment else None,
        variant=assignment.variant_key if assignment else None,
        recommendation_id=recommendation_id,
        latency_ms=round((time.perf_counter() - started) * 1000, 3),
    )


def _item(event: RankedEvent, position: int, context: Sequence[str]) -> RecommendationOut:
    card = event.card
    speaking = [one for one in event.contributions if one.value * one.weight > 0]
    return RecommendationOut(
        event_id=card.event_id,
        title=card.title,
        artist_name=", ".join(card.artists) or None,
        genre=card.genres[0] if card.genres else None,
        city=card.city or None,
        date=card.starts_at,
        price=card.price,
        venue_name=card.venue_name or None,
        score=event.score,
        confidence=event.confidence,
        algorithm=event.algorithm,
        reason=event.sentence,
        reasons=[ReasonOut(one.code.value, one.value, one.weight) for one in event.contributions],
        context_reasons=[one.code.value for one in speaking if context and one.code in _CONTEXT_SIGNALS],
        position=position,
    )


_CONTEXT_SIGNALS = frozenset({Signal.GENRE, Signal.ARTIST})


def _record(
    answer: RecommendationsOut, ranked: RankedList, request: RecommendationRequest, now: datetime
) -> None:
    metrics.observe_list(answer, ranked.algorithm, ranked.fallback_reason)
    prediction_log.append(
        Prediction(
            recommendation_id=answer.recommendation_id,
            user_id=request.user_id,
            served_at=now,
            model_version=answer.model_version or "",
            algorithm=ranked.algorithm,
            fallback_reason=ranked.fallback_reason,
            experiment=answer.ab_experiment or "",
            variant=answer.variant or "",
            surface=request.surface,
            latency_ms=answer.latency_ms,
            items=[_logged(event, ranked) for event in ranked.events],
        )
    )


def _logged(event: RankedEvent, ranked: RankedList) -> list[object]:
    """As `Prediction.items` has it; whose pick it was only where a list was drafted."""
    row: list[object] = [event.card.event_id, round(event.score, 6), event.propensity]
    return [*row, event.drafted_by] if ranked.is_drafted else row
