"""One ranker's list for one person: the algorithm asked for, or else what is popular, with the reason why."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from django.conf import settings
from django.db import DatabaseError

from experiments.serving import Ranker
from modelregistry.live import LiveModel
from recommendations.algorithms.confidence import rule_of_thumb
from recommendations.algorithms.dataset import EventTable, Person
from recommendations.algorithms.popularity import Popularity
from recommendations.algorithms.protocol import Algorithm, Contribution
from recommendations.history import PersonState, person_encode
from recommendations.listing import Listing, ListOrder, listing_make
from recommendations.live_model import ServedModel
from recommendations.pinned_models import model_of
from recommendations.reasons import Case, Programme, popular_sentence, reason_sentence
from recommendations.slates import UNTRAINED, PreparedCandidates, slates
from recommendations.snapshot import EventCard, candidates

logger = logging.getLogger(__name__)
NOBODY = Person(EventTable.of(()), np.empty(0, np.float32), np.empty(0))
PINNED_MODEL_REFUSED = "pinned_model_refused"  # the champion did the work of a version that cannot be read


@dataclass(frozen=True, slots=True)
class RankedEvent:
    card: EventCard
    score: float  # 0-1
    propensity: float  # the probability with which its ranker gave it its place
    contributions: Sequence[Contribution]
    sentence: str
    algorithm: str
    confidence: float  # 0-1
    drafted_by: str | None = None  # the variant whose pick it is, where a list is drafted from two


@dataclass(frozen=True, slots=True)
class RankedList:
    algorithm: str
    model_version: str | None
    fallback_reason: str  # empty when what was asked for did the work
    events: Sequence[RankedEvent]
    is_drafted: bool = False


@dataclass(frozen=True, slots=True)
class _Source:
    """The model that serves; `pinned_id` is None where it is the champion."""

    model: LiveModel[ServedModel] | None
    pinned_id: int | None = None


def rank(order: ListOrder, state: PersonState, ranker: Ranker | None, now: datetime) -> RankedList:
    """The list of this ranker, or of the ordinary one. Raises a database error while the database is away."""
    wanted = (ranker.algorithm if ranker else "") or settings.DEFAULT_ALGORITHM
    pinned_id = ranker.model_version_id if ranker else None
    model = model_of(pinned_id)
    if pinned_id is None or model is not None:
        return _rank(order, state, wanted, _Source(model, pinned_id), now)
    made = _rank(order, state, wanted, _Source(model_of(None)), now)
    return replace(made, fallback_reason=PINNED_MODEL_REFUSED)


def _rank(order: ListOrder, state: PersonState, wanted: str, source: _Source, now: datetime) -> RankedList:
    if source.model is None:
        return _popular("no_model", order, source, now)
    algorithm = source.model.payload.algorithms.get(wanted)
    if algorithm is None:
        return _popular("algorithm_missing", order, source, now)
    if state.is_stranger and wanted != Popularity.name:
        return _popular("cold_start", order, source, now)
    try:
        return _personal(algorithm, order, state, source, now)
    except DatabaseError:
        raise
    except Exception:
        logger.exception("%s failed for one person; serving popularity", wanted)
        return _popular("error", order, source, now)


def _personal(
    algorithm: Algorithm, order: ListOrder, state: PersonState, source: _Source, now: datetime
) -> RankedList:
    slate = _slate_of(algorithm, source, now)
    trained = slate.model.payload.trained if slate.model else None
    known = person_encode(state, slate.snapshot, trained)
    person = known.person
    scores = slate.algorithm.score(person, slate.prepared)
    listing = listing_make(scores, slate, order, now)
    explained = listing.explained(slate.algorithm.explain(person, slate.prepared, listing.rows))
    cards = [slate.snapshot.cards[row] for row in slate.rows[listing.rows]]
    programme = Programme(slate.snapshot.events, slate.rows, slate.snapshot.texts)
    sentences = [
        reason_sentence(Case(known, card, programme), reasons)
        for card, reasons in zip(cards, explained, strict=True)
    ]
    return _ranked(slate, listing, explained, sentences, known=len(person))


def _popular(reason: str, order: ListOrder, source: _Source, now: datetime) -> RankedList:
    """What everybody likes. Of the person only the hard rules count: the personal part may be what failed."""
    trained = source.model.payload.algorithms.get(Popularity.name) if source.model else None
    slate = _slate_of(trained or UNTRAINED, source if trained else _Source(None), now)
    scores = slate.algorithm.score(NOBODY, slate.prepared)
    listing = listing_make(scores, slate, order, now)
    explained = listing.explained(slate.algorithm.explain(NOBODY, slate.prepared, listing.rows))
    sentences = [popular_sentence(reasons) for reasons in explained]
    return _ranked(slate, listing, explained, sentences, known=0, fallback_reason=reason)


def _slate_of(algorithm: Algorithm, source: _Source, now: datetime) -> PreparedCandidates:
    snapshot = candidates.current(now=now)
    return slates.get(algorithm, source.model, snapshot, now=now, pinned_id=source.pinned_id)


def _ranked(
    slate: PreparedCandidates,
    listing: Listing,
    explained: Sequence[Sequence[Contribution]],
    sentences: Sequence[str],
    *,
    known: int,
    fallback_reason: str = "",
) -> RankedList:
    cards = [slate.snapshot.cards[row] for row in slate.rows[listing.rows]]
    confidence = _confidence(slate, known, listing.own_units)
    rows = zip(cards, listing.units, listing.places, explained, sentences, confidence, strict=True)
    return RankedList(
        algorithm=slate.algorithm.name,
        model_version=slate.model.version if slate.model else None,
        fallback_reason=fallback_reason,
        events=[
            RankedEvent(card, unit, place.propensity, reasons, sentence, slate.algorithm.name, sure)
            for card, unit, place, reasons, sentence, sure in rows
        ],
    )


def _confidence(slate: PreparedCandidates, known: int, units: Sequence[float]) -> list[float]:
    """The chance that each event is chosen, as the model learned it; else by rule of thumb."""
    learned = slate.model.payload.confidence.get(slate.algorithm.name) if slate.model else None
    found = rule_of_thumb(units, known) if learned is None else learned.of(units, known)
    return [round(value, 4) for value in found.tolist()]
