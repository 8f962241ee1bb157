"""Figures of other implementations, read from tables of Markdown.

A heading `## DATASET (659 test users)` or `## DATASET SPLIT (1125 users, ..)` says what the table below it
was measured on. Columns are found by their names (`Recall@10`, `NDCG@10`, `MAP@10`, `Recall@20`, `NDCG@20`);
the first one names the method, and a column `setting` says how it was set.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.datasets import DatasetError

HEADING = re.compile(r"^## (?P<dataset>\S+)(?: (?P<split>[a-z]+))? \((?P<users>\d+)[^)]*\)")
MATRIX = "matrix"  # the split of a heading that names none
METRICS = ("recall@10", "ndcg@10", "map@10", "recall@20", "ndcg@20")


@dataclass(frozen=True, slots=True)
class Reference:
    """One row of a table: somebody else's method on the same split."""

    dataset: str
    split: str
    users: int
    name: str
    setting: str
    metrics: dict[str, float]

    def line(self) -> dict[str, object]:
        head = {"dataset": self.dataset, "split": self.split, "reference": self.name, "users": self.users}
        return {**head, "setting": self.setting, **self.metrics}


def references_for(path: Path, dataset: str, splits: Sequence[str]) -> list[Reference]:
    """The rows that were measured on these splits. DatasetError where the file cannot be read as said."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return [each for each in rows_of(lines) if each.dataset == dataset and each.split in splits]
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path} cannot be read as tables of figures: {error}") from error


def rows_of(lines: Sequence[str]) -> Iterator[Reference]:
    heading: re.Match[str] | None = None
    columns: list[str] = []
    for line in lines:
        if line.startswith("## "):
            heading, columns = HEADING.match(line), []
        elif heading and line.startswith("|"):
            cells = [cell.strip().strip("`") for cell in line.strip().strip("|").split("|")]
            if not columns:
                columns = [cell.lower() for cell in cells]
            elif not set(cells[0]) <= set("-: "):
                yield reference(heading, dict(zip(columns, cells, strict=True)), cells[0])


def reference(heading: re.Match[str], row: dict[str, str], name: str) -> Reference:
    return Reference(
        dataset=heading["dataset"],
        split=heading["split"] or MATRIX,
        users=int(heading["users"]),
        name=name,
        setting=row.get("setting", ""),
        metrics={metric: float(row[metric]) for metric in METRICS if metric in row},
    )


def best_of(references: Sequence[Reference]) -> dict[str, Reference]:
    """The one of best NDCG@10, by split."""
    best: dict[str, Reference] = {}
    for each in references:
        if each.split not in best or each.metrics["ndcg@10"] > best[each.split].metrics["ndcg@10"]:
            best[each.split] = each
    return best
