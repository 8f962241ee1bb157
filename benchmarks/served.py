"""How good are the lists that the service really serves? Real RSVPs, through the whole of it.

    python -m benchmarks.served DATASET_DIR

Converts a city folder, imports it into a scratch SQLite database, runs `manage.py retrain`, and asks the
serving code for every test person's list, as the API would. The figures belong beside those of
`benchmarks.recommenders` on the same split: a gap between them would be training-serving skew.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.convert import convert
from recommendations.evaluation.metrics import ranking_metrics

K = 10
HORIZON_DAYS = 61  # the cold split's candidates start within this


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dataset", type=Path, metavar="DATASET_DIR")
    dataset = parser.parse_args().dataset
    if not (dataset / "split_cold.npz").exists():
        parser.exit(2, f"{dataset} holds no split_cold.npz; see benchmarks/README.md for the format\n")
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(DJANGO_SETTINGS_MODULE="craic_ml.settings", DEBUG="true", DATA_DIR=folder)
        os.environ.update(PREDICTION_FLUSH_SECONDS="1000", LOG_LEVEL="WARNING")
        _load_and_train(dataset, Path(folder))
        _measure(dataset)


def _load_and_train(dataset: Path, folder: Path) -> None:
    from django.utils import timezone

    convert(dataset, folder / "files", split="cold", now=timezone.now(), city="City")
    files = folder / "files"
    for arguments in (
        ["migrate", "-v0"],
        ["import_events", str(files / "events.jsonl")],
        ["import_feedback", str(files / "feedback.jsonl")],
        ["import_taste", str(files / "taste.jsonl")],
        ["retrain"],
    ):
        subprocess.run([sys.executable, "manage.py", *arguments], check=True, stdout=subprocess.DEVNULL)


def _measure(dataset: Path) -> None:
    import django

    django.setup()
    from recommendations.prediction_log import prediction_log

    targets = dict(_targets(dataset))
    started = time.process_time()
    hits = np.array([_hits(user, wanted) for user, wanted in targets.items()])
    milliseconds = (time.process_time() - started) * 1000 / len(targets)
    prediction_log.stop()
    found = ranking_metrics(hits, np.array([len(wanted) for wanted in targets.values()]), K)
    print(
        f"{dataset.name} cold, served: {len(targets)} people, NDCG@10 {found.ndcg.mean():.4f}, "
        f"recall@10 {found.recall.mean():.4f}, {milliseconds:.1f} ms CPU a list"
    )


def _targets(dataset: Path) -> Iterator[tuple[str, set[str]]]:
    split = np.load(dataset / "split_cold.npz", allow_pickle=False)
    indptr, indices = split["test_indptr"], split["test_indices"]
    for user in np.flatnonzero(np.diff(indptr)):
        yield str(user), {str(event) for event in indices[indptr[user] : indptr[user + 1]]}


def _hits(user_id: str, wanted: set[str]) -> list[bool]:
    from django.utils import timezone

    from recommendations.rules import Filters
    from recommendations.serving import RecommendationRequest, recommend

    now = timezone.now()
    filters = Filters(starts_before=now.timestamp() + HORIZON_DAYS * 86_400)
    served = recommend(RecommendationRequest(user_id, K, filters), now=now).recommendations
    hits = [item.event_id in wanted for item in served]
    return hits + [False] * (K - len(hits))


if __name__ == "__main__":
    main()
