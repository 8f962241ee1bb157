"""An evaluation in parts: who is served well and who is not. Everybody measured is in exactly one part."""

from collections.abc import Mapping

import numpy as np

from recommendations.evaluation.evaluate import UNKNOWN_CITY, Evaluation

HISTORY_PARTS = (("0", 0), ("1", 1), ("2 to 5", 2), ("6 to 20", 6), ("over 20", 21))  # from how many actions
MOST_CITIES = 10  # the others are one part
UNKNOWN, OTHERS = "unknown", "others"


def by_history(evaluation: Evaluation) -> dict[str, Evaluation]:
    """By how many actions were known of each person; parts without anybody are left out."""
    place = np.searchsorted([least for _, least in HISTORY_PARTS], evaluation.history, side="right") - 1
    return {
        name: evaluation.of(place == part)
        for part, (name, _) in enumerate(HISTORY_PARTS)
        if (place == part).any()
    }


def by_city(evaluation: Evaluation, names: Mapping[int, str]) -> dict[str, Evaluation]:
    """By city, the one with most people first; names: of the cities' tokens."""
    cities, people = np.unique(evaluation.city, return_counts=True)
    largest = [int(city) for city in cities[np.argsort(-people, kind="stable")]]
    named = [city for city in largest if city in names][:MOST_CITIES]
    parts = {names[city]: evaluation.city == city for city in named}
    parts[OTHERS] = ~np.isin(evaluation.city, np.array([*named, UNKNOWN_CITY], np.uint64))
    parts[UNKNOWN] = evaluation.city == UNKNOWN_CITY
    return {name: evaluation.of(kept) for name, kept in parts.items() if kept.any()}
