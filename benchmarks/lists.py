"""What a list's quality costs in hits, and what it gives, on real data.

    python -m benchmarks.lists FOLDER [--every N]

Ranks every test person's candidates with `hybrid` and makes a list of ten of them with several parameters
(`recommendations/list_quality`). A line for each: the hits, the difference to the list without any, and how
many places further sessions of a show and further events of one promoter take. `--every` takes only each
N-th fold of a history. City folders carry no titles, so that no sessions can be told in them.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.datasets import Split, load, rows_of
from recommendations.algorithms.dataset import Bool, Float64, Int64, event_key, token
from recommendations.algorithms.hybrid import Hybrid
from recommendations.evaluation.compare import clustered_error
from recommendations.evaluation.metrics import ranking_metrics
from recommendations.evaluation.splits import Histories, HoldOut
from recommendations.list_quality.parameters import ListParameters
from recommendations.list_quality.shows import ShowFacts
from recommendations.list_quality.stage import Candidates, list_make

K = 10
SEED = 20_260_101
PLAIN = "without any"
LISTS = {
    PLAIN: ListParameters(collapse_repeats=False),
    "collapse_repeats": ListParameters(),
    "most_per_venue 3": ListParameters(collapse_repeats=False, most_per_venue=3),
    "most_per_promoter 3": ListParameters(collapse_repeats=False, most_per_promoter=3),
    "most_per_promoter 5": ListParameters(collapse_repeats=False, most_per_promoter=5),
    "exploration_share 0.1": ListParameters(collapse_repeats=False, exploration_share=0.1),
}


@dataclass(frozen=True, slots=True)
class Lists:
    """What one person got: a line for each of `LISTS`."""

    user: int
    hits: Bool  # (lists, K)
    sessions: Int64  # (lists,) places of further sessions
    promoters: Int64  # (lists,) places of further events of a promoter already listed
    targets: int


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--every", type=int, default=1, metavar="N")
    options = parser.parse_args(arguments)
    titles = titles_of(options.folder)
    for split in load(options.folder):
        _print(options.folder.name, split, list(people(split.folds[:: options.every], titles)))


def titles_of(folder: Path) -> dict[int, int]:
    """A word for each event's title, by the event's key; its id where the data has no titles."""
    rows = rows_of(folder / "events.csv.gz", ("event",))
    return {event_key(row["event"]): token("title", row.get("title") or row["event"]) for row in rows}


def people(folds: Sequence[HoldOut], titles: dict[int, int]) -> Iterator[Lists]:
    for fold in folds:
        fitted = Hybrid.fit(fold.train, generator=np.random.default_rng(SEED))
        prepared = fitted.prepare(fold.slate, now=fold.now)
        events = fold.slate.events
        words = np.array([titles[key] for key in events.keys.tolist()], dtype=np.uint64)
        facts = ShowFacts.of(events, words)
        histories = Histories(fold)
        for number, user in enumerate(fold.user.tolist()):
            history = histories.of(user)
            unseen = np.setdiff1d(np.arange(len(events)), history.seen)
            scores = fitted.score(history.person, prepared)
            candidates = Candidates(scores, events.starts_at, facts, np.zeros(len(events), np.int64))
            yield _lists(candidates, unseen, fold.targets_of(number), number, user)


def _lists(candidates: Candidates, unseen: Int64, targets: Int64, number: int, user: int) -> Lists:
    made = [
        _rows(candidates, unseen, parameters, np.random.default_rng([SEED, number]))
        for parameters in LISTS.values()
    ]
    facts = candidates.facts
    return Lists(
        user=user,
        hits=np.array([np.isin(rows, targets) for rows in made]),
        sessions=np.array([_further(facts.show[rows[rows >= 0]]) for rows in made]),
        promoters=np.array([_further(facts.promoter[rows[rows >= 0]]) for rows in made]),
        targets=len(targets),
    )


def _rows(
    candidates: Candidates, unseen: Int64, parameters: ListParameters, generator: np.random.Generator
) -> Int64:
    """(K,) the rows listed, -1 for an empty place."""
    places = list_make(candidates, unseen, limit=K, parameters=parameters, generator=generator)
    rows = np.full(K, -1, dtype=np.int64)
    rows[: len(places)] = [place.row for place in places]
    return rows


def _further(words: np.ndarray) -> int:
    return len(words) - len(np.unique(words))


def _print(dataset: str, split: Split, each: Sequence[Lists]) -> None:
    hits, targets = np.stack([one.hits for one in each]), np.array([one.targets for one in each])
    listed_for = np.array([one.user for one in each])
    sessions, promoters = (
        np.stack([getattr(one, name) for one in each]).mean(axis=0) for name in ("sessions", "promoters")
    )
    plain = ranking_metrics(hits[:, 0], targets, K).ndcg
    print(f"{dataset} {split.name}: {len(each)} lists of {K}")
    for line, name in enumerate(LISTS):
        ndcg: Float64 = ranking_metrics(hits[:, line], targets, K).ndcg
        difference = ndcg - plain
        error = clustered_error(difference, listed_for)
        print(
            f"  {name:22s} NDCG@10 {ndcg.mean():.4f} ({difference.mean():+.4f} ± {error:.4f}), "
            f"further sessions {sessions[line]:.2f}, of one promoter {promoters[line]:.2f}"
        )


if __name__ == "__main__":
    main()
