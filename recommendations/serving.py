"""A request for recommendations, from the variant to the reasons."""

import logging
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.conf import settings
from django.db import DatabaseError

from experiments.serving import Assignment, assign, exposure_record
from modelregistry.live import LiveModel
from recommendations import metrics
from recommendations.algorithms.confidence import rule_of_thumb
from recommendations.algorithms.dataset import EventTable, Person
from recommendations.algorithms.popularity import Popularity
from recommendations.algorithms.protocol import Algorithm, Contribution, Signal
from recommendations.history import PersonState, history_load, person_encode, taste_load
from recommendations.list_parameters import list_parameters_of
from recommendations.listing import ListOrder, listing_make
from recommendations.live_model import ServedModel, champion
from recommendations.models import Prediction
from recommendations.prediction_log import prediction_log
from recommendations.reasons import Case, Programme, popular_sentence, reason_sentence
from recommendations.rules import Filters
from recommendations.schemas import ReasonOut, RecommendationOut, RecommendationsOut
from recommendations.slates import UNTRAINED, PreparedCandidates, slates
from recommendations.snapshot import EventCard, candidates

logger = logging.getLogger(__name__)
NOBODY = Person(EventTable.of(()), np.empty(0, np.float32), np.empty(0))


@dataclass(frozen=True, slots=True)
class RecommendationRequest:
    user_id: str
    limit: int
    filters: Filters
    context_genres: Sequence[str] = ()
    context_artists: Sequence[str] = ()
    surface: str = ""


@dataclass(frozen=True, slots=True)
class RankedEvent:
    card: EventCard
    score: float  # 0-1
    propensity: float  # the probability with which it got its place
    contributions: Sequence[Contribution]
    sentence: str


@dataclass(frozen=True, slots=True)
class RankedList:
    algorithm: str
    model_version: str | None
    fallback_reason: str  # empty when the algorithm asked for did the work
    confidence: Sequence[float]  # 0-1, in each of the events
    events: Sequence[RankedEvent]


def recommend(request: RecommendationRequest, *, now: datetime) -> RecommendationsOut:
    """The list for one person, recorded. Raises a database error while the database is away."""
    started = time.perf_counter()
    assignment = assign(user_id=request.user_id, now=now)
    state = _state_of(request)
    wanted = assignment.algorithm if assignment else settings.DEFAULT_ALGORITHM
    order = _order(request, state, assignment)
    ranked = _rank(order, state, wanted, now)
    if assignment:
        exposure_record(assignment=assignment, user_id=request.user_id, now=now)
    answer = _answer(request, order.seed, ranked, assignment, started)
    _record(answer, ranked, request, now)
    return answer


def _state_of(request: RecommendationRequest) -> PersonState:
    history = history_load(request.user_id)
    taste = taste_load(request.user_id).with_context(request.context_genres, request.context_artists)
    return PersonState(history, taste)


def _order(request: RecommendationRequest, state: PersonState, assignment: Assignment | None) -> ListOrder:
    return ListOrder(
        limit=request.limit,
        filters=request.filters,
        never_serve=state.history.never_serve,
        surface=request.surface,
        parameters=list_parameters_of(assignment),
        seed=uuid.uuid4(),
    )


def _rank(order: ListOrder, state: PersonState, wanted: str, now: datetime) -> RankedList:
    """The algorithm asked for, or else what is popular, with the reason why."""
    model = champion.current()
    algorithm = model.payload.algorithms.get(wanted) if model else None
    if model is None:
        return _popular("no_model", order, None, now)
    if algorithm is None:
        return _popular("algorithm_missing", order, model, now)
    if state.is_stranger and wanted != Popularity.name:
        return _popular("cold_start", order, model, now)
    try:
        return _personal(algorithm, order, state, model, now)
    except DatabaseError:
        raise
    except Exception:
        logger.exception("%s failed for one person; serving popularity", wanted)
        return _popular("error", order, model, now)


def _personal(
    algorithm: Algorithm,
    order: ListOrder,
    state: PersonState,
    model: LiveModel[ServedModel],
    now: datetime,
) -> RankedList:
    slate = slates.get(algorithm, model, candidates.current(now=now), now=now)
    trained = slate.model.payload.trained if slate.model else None
    known = person_encode(state, slate.snapshot, trained)
    person = known.person
    scores = slate.algorithm.score(person, slate.prepared)
    listing = listing_make(scores, slate, order, now)
    explained = listing.explained(slate.algorithm.explain(person, slate.prepared, listing.rows))
    cards = [slate.snapshot.cards[row] for row in slate.rows[listing.rows]]
    programme = Programme(slate.snapshot.events, slate.rows, slate.snapshot.texts)
    return RankedList(
        algorithm=slate.algorithm.name,
        model_version=slate.model.version if slate.model else None,
        fallback_reason="",
        confidence=_confidence(slate, len(person), listing.own_units),
        events=[
            RankedEvent(
                card,
                unit,
                place.propensity,
                reasons,
                reason_sentence(Case(known, card, programme), reasons),
            )
            for card, unit, place, reasons in zip(
                cards, listing.units, listing.places, explained, strict=True
            )
        ],
    )


def _popular(
    reason: str,
    order: ListOrder,
    model: LiveModel[ServedModel] | None,
    now: datetime,
) -> RankedList:
    """What everybody likes. Of the person only the hard rules count: the personal part may be what failed."""
    trained = model.payload.algorithms.get(Popularity.name) if model else None
    slate = slates.get(trained or UNTRAINED, model if trained else None, candidates.current(now=now), now=now)
    scores = slate.algorithm.score(NOBODY, slate.prepared)
    listing = listing_make(scores, slate, order, now)
    explained = listing.explained(slate.algorithm.explain(NOBODY, slate.prepared, listing.rows))
    cards = [slate.snapshot.cards[row] for row in slate.rows[listing.rows]]
    return RankedList(
        algorithm=slate.algorithm.name,
        model_version=slate.model.version if slate.model else None,
        fallback_reason=reason,
        confidence=_confidence(slate, 0, listing.own_units),
        events=[
            RankedEvent(card, unit, place.propensity, reasons, popular_sentence(reasons))
            for card, unit, place, reasons in zip(
                cards, listing.units, listing.places, explained, strict=True
            )
        ],
    )


def _confidence(slate: PreparedCandidates, known: int, units: Sequence[float]) -> list[float]:
    """The chance that each event is chosen, as the model learned it; else by rule of thumb."""
    learned = slate.model.payload.confidence.get(slate.algorithm.name) if slate.model else None
    found = rule_of_thumb(units, known) if learned is None else learned.of(units, known)
    return [round(value, 4) for value in found.tolist()]


def _answer(
    request: RecommendationRequest,
    recommendation_id: uuid.UUID,
    ranked: RankedList,
    assignment: Assignment | None,
    started: float,
) -> RecommendationsOut:
    items = [
        _item(event, ranked, position, request.context_genres or request.context_artists)
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


def _item(event: RankedEvent, ranked: RankedList, position: int, context: Sequence[str]) -> RecommendationOut:
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
        confidence=ranked.confidence[position],
        algorithm=ranked.algorithm,
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
            items=[[event.card.event_id, round(event.score, 6), event.propensity] for event in ranked.events],
        )
    )
