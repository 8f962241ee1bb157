import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import lists
from benchmarks.datasets import DatasetError, load
from benchmarks.recommenders import main

CUT = 1_462_078_800
DAY = 86_400


def write(path: Path, lines: list[str]) -> None:
    with gzip.open(path, "wt", encoding="utf-8") as out:
        out.write("\n".join(lines) + "\n")


@pytest.fixture
def city(tmp_path: Path) -> Path:
    """Six events of two groups, three before the cut; five people, each of one group."""
    folder = tmp_path / "smallville"
    folder.mkdir()
    starts = [CUT - 3 * DAY, CUT - 2 * DAY, CUT - DAY, CUT + DAY, CUT + 2 * DAY, CUT + 3 * DAY]
    groups = [0, 1, 0, 1, 0, 1]
    write(
        folder / "events.csv.gz",
        ["event,start,group,venue,lat,lon"]
        + [
            f"{n},{start},{group},{group},53.3{group},-6.2"
            for n, (start, group) in enumerate(zip(starts, groups, strict=True))
        ],
    )
    write(
        folder / "users.csv.gz",
        ["user,home_lat,home_lon,coarse", "0,53.3,-6.2,0", "1,,,1", *(f"{n},53.3,-6.2,0" for n in (2, 3, 4))],
    )
    train, test = np.zeros((5, 6), np.int32), np.zeros((5, 6), np.int32)
    for user in range(5):
        for event, group in enumerate(groups):
            (train if event < 3 else test)[user, event] = group == user % 2
    write(
        folder / "rsvps.csv.gz",
        ["user,event,rsvp_ts"]
        + [f"{user},{event},{starts[event] - 5 * DAY}" for user, event in np.argwhere(train + test)],
    )
    for name in ("cold", "asof"):
        np.savez(
            folder / f"split_{name}.npz",
            shape=np.array([5, 6]),
            train_indptr=np.concatenate([[0], np.cumsum(train.sum(axis=1))]),
            train_indices=np.nonzero(train)[1],
            test_indptr=np.concatenate([[0], np.cumsum(test.sum(axis=1))]),
            test_indices=np.nonzero(test)[1],
            candidates=np.array([3, 4, 5]),
            cut=np.array(CUT),
        )
    return folder


def test_the_split_decides_train_candidates_and_test(city: Path) -> None:
    cold, asof = load(city)
    assert (cold.name, asof.name) == ("cold", "asof")
    (held,) = cold.folds
    assert held.rows.tolist() == [3, 4, 5]
    assert sorted(zip(held.train.user.tolist(), held.train.event.tolist(), strict=True)) == [
        (0, 0), (0, 2), (1, 1), (2, 0), (2, 2), (3, 1), (4, 0), (4, 2)
    ]  # fmt: skip
    assert held.targets_of(0).tolist() == [1]
    assert held.targets_of(1).tolist() == [0, 2]
    assert held.now == CUT


def test_nothing_tells_when_a_cold_event_got_its_first_rsvp(city: Path) -> None:
    (held,) = load(city)[0].folds
    assert (held.slate.events.announced_at == CUT).all()
    assert (held.slate.interest == 0).all()


def test_homes_are_stated_taste_where_they_are_known(city: Path) -> None:
    (held,) = load(city)[0].folds
    assert held.train.tastes[0].latitude == 53.3
    assert 1 not in held.train.tastes


def test_it_prints_one_object_a_line_with_the_agreed_fields(
    city: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main([str(city), "--json", "--algorithm", "user_knn"]) == 0
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [(line["split"], line["algorithm"]) for line in lines] == [
        (split, name) for name in ("random", "popularity", "user_knn") for split in ("cold", "asof")
    ]
    assert {
        "dataset", "split", "algorithm", "users", "recall@10", "ndcg@10", "map@10", "recall@20", "ndcg@20",
        "fit_seconds", "peak_mb", "users_per_second", "precision@10", "mrr@10", "coverage@10", "novelty@10",
        "diversity@10", "gain", "gain_low", "gain_high", "empty", "like_popularity",
    } <= lines[0].keys()  # fmt: skip
    assert lines[-1]["dataset"] == "smallville"
    assert lines[-1]["users"] == 5
    assert lines[-1]["ndcg@10"] == 1.0
    assert 20 < lines[-1]["peak_mb"] < 1000


@pytest.fixture
def matrix(tmp_path: Path) -> Path:
    """Forty people of two scenes: each chose five of their scene's six events, and the sixth is the test."""
    train, test = np.zeros((40, 12), np.int32), np.zeros((40, 12), np.int32)
    for user in range(40):
        scene = 6 * (user % 2) + np.arange(6)
        held = scene[user // 2 % 6]
        train[user, scene] = 1
        train[user, held], test[user, held] = 0, 1
    path = tmp_path / "scenes.npz"
    np.savez(
        path,
        shape=np.array([40, 12]),
        train_indptr=np.concatenate([[0], np.cumsum(train.sum(axis=1))]),
        train_indices=np.nonzero(train)[1],
        test_indptr=np.concatenate([[0], np.cumsum(test.sum(axis=1))]),
        test_indices=np.nonzero(test)[1],
    )
    return path


def test_a_matrix_ranks_every_event_and_masks_what_was_chosen(matrix: Path) -> None:
    [split] = load(matrix)
    [held] = split.folds
    assert split.name == "matrix"
    assert held.rows.tolist() == list(range(12))
    assert len(held) == 40
    assert held.targets_of(0).tolist() == [0]
    assert (held.slate.interest > 0).all()
    assert np.ptp(held.train.occurred_at) == 0


def test_a_matrix_may_say_which_events_are_candidates(matrix: Path) -> None:
    with np.load(matrix) as stored:
        arrays = {name: stored[name] for name in stored.files}
    np.savez(matrix, **arrays, candidates=np.arange(6), cut=np.array(CUT))
    [held] = load(matrix)[0].folds
    assert (held.rows.tolist(), held.now) == (list(range(6)), CUT)
    assert len(held) == 20


def test_a_matrix_runs_the_counterparts_too(matrix: Path, capfd: pytest.CaptureFixture[str]) -> None:
    names = ["implicit_bm25", "implicit_als_64", "collaborative_filtering", "matrix_factorization"]
    assert main([str(matrix), "--json", *(word for name in names for word in ("--algorithm", name))]) == 0
    lines = {line["algorithm"]: line for line in map(json.loads, capfd.readouterr().out.splitlines())}
    assert lines.keys() == {"random", "popularity", *names}
    for name in names:
        assert lines[name]["ndcg@10"] == 1.0, name
    assert lines["random"]["ndcg@10"] < 0.9


def test_tuning_is_told_and_says_what_it_set(city: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main([str(city), "--json", "--tune", "--algorithm", "user_knn"]) == 0
    told = capfd.readouterr()
    lines = [json.loads(line) for line in told.out.splitlines()]
    assert [line["parameters"] for line in lines if line["algorithm"] == "user_knn"] == ["the defaults"] * 2
    assert "user_knn: the defaults" in told.err


FIGURES = """\
# Figures

## scenes (40 test users)

| method | setting | Recall@20 | NDCG@10 |
|---|---|---|---|
| EASE | `EASE(200)` | 0.5000 | 0.4000 |
| pop | `Pop()` | 0.1000 | 0.1000 |

## smallville cold (5 users, s.e. about 0.01)

| method | Recall@10 | NDCG@10 |
|---|---|---|
| by group | 0.9 | 0.8 |
"""


def test_figures_of_others_stand_beside_ours(
    matrix: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "figures.md").write_text(FIGURES)
    asked = [str(matrix), "--algorithm", "popularity", "--references", str(tmp_path / "figures.md")]
    assert main(asked) == 0
    table = capfd.readouterr().out
    assert "the best NDCG@10 is EASE's" in table
    assert "by group" not in table
    assert main([*asked, "--json"]) == 0
    told = json.loads(capfd.readouterr().out.splitlines()[-2])
    assert told == {
        "dataset": "scenes", "split": "matrix", "reference": "EASE", "users": 40,
        "setting": "EASE(200)", "recall@20": 0.5, "ndcg@10": 0.4,
    }  # fmt: skip


def test_figures_that_cannot_be_read_end_with_2(
    matrix: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(matrix), "--references", str(tmp_path / "none.md")]) == 2
    (tmp_path / "broken.md").write_text(FIGURES.replace("0.4000", "plenty"))
    assert main([str(matrix), "--references", str(tmp_path / "broken.md")]) == 2
    assert "broken.md cannot be read" in capsys.readouterr().err


def test_a_matrix_without_its_keys_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez(tmp_path / "half.npz", shape=np.array([5, 6]))
    assert main([str(tmp_path / "half.npz")]) == 2
    assert "lacks test_indices" in capsys.readouterr().err


def test_a_personal_algorithm_is_set_against_popularity(
    city: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main([str(city), "--json", "--algorithm", "user_knn"]) == 0
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    popularity, knn = (
        next(line for line in lines if line["algorithm"] == name) for name in ("popularity", "user_knn")
    )
    assert (popularity["gain"], popularity["like_popularity"]) == (0, 1)
    assert knn["gain"] == pytest.approx(knn["ndcg@10"] - popularity["ndcg@10"], abs=2e-5)
    assert knn["gain_low"] <= knn["gain"] <= knn["gain_high"]
    assert knn["like_popularity"] == 0.6  # three of five like what most like
    assert knn["empty"] == 0
    assert knn["precision@10"] == pytest.approx((3 * 0.1 + 2 * 0.2) / 5)
    assert knn["mrr@10"] == knn["coverage@10"] == 1


def test_figures_are_broken_down_when_asked_to(city: Path, capfd: pytest.CaptureFixture[str]) -> None:
    asked = [str(city), "--algorithm", "user_knn", "--by", "history", "--by", "city"]
    assert main([*asked, "--json"]) == 0
    line = json.loads(capfd.readouterr().out.splitlines()[-1])
    assert {name: part["users"] for name, part in line["by_history"].items()} == {"1": 2, "2 to 5": 3}
    assert line["by_city"]["unknown"]["ndcg@10"] == line["ndcg@10"]
    assert line["by_history"]["1"]["ndcg@10_low"] <= line["by_history"]["1"]["ndcg@10_high"]
    assert main(asked) == 0
    assert "2 to 5" in capfd.readouterr().out


@pytest.mark.parametrize("name", ["absent", "matrix.npz"])
def test_it_says_what_is_missing_and_exits_2(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / name)]) == 2
    assert name in capsys.readouterr().err


def test_a_folder_in_another_format_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.txt").write_text("nothing here")
    assert main([str(tmp_path)]) == 2
    assert "neither a city folder" in capsys.readouterr().err


def test_a_split_without_its_keys_is_refused(city: Path) -> None:
    np.savez(city / "split_cold.npz", shape=np.array([5, 6]))
    with pytest.raises(DatasetError, match="lacks candidates"):
        load(city)


def test_a_missing_column_is_named(city: Path) -> None:
    write(city / "users.csv.gz", ["user,lat", "0,53.3"])
    with pytest.raises(DatasetError, match="home_lat"):
        load(city)


def test_a_broken_file_is_refused(city: Path) -> None:
    (city / "events.csv.gz").write_bytes(b"not gzip")
    with pytest.raises(DatasetError, match="not in the format"):
        load(city)


def test_a_history_is_rolled_month_by_month(tmp_path: Path) -> None:
    (tmp_path / "groups.csv").write_text("group,name,topics\n0,Walkers,Hiking|Outdoors\n")
    start = 1_325_376_000  # 2012-01-01
    write(
        tmp_path / "events.csv.gz",
        ["event,start,group,venue,lat,lon,title,text"]
        + [f"{n},{start + (10 * n - 15) * DAY},0,7,46.8,-114.0,walk {n},a long walk" for n in range(4)],
    )
    write(
        tmp_path / "rsvps.csv.gz",
        ["user,event,rsvp_ts", f"9,0,{start - 20 * DAY}", f"9,2,{start - 2 * DAY}", f"9,3,{start + DAY}"],
    )
    cold, asof = load(tmp_path)
    # At the first cut, events 2 and 3 are to come. Cold hides the RSVP to event 2; as of the cut it is known.
    assert len(cold.folds[0].train) == 1
    assert cold.folds[0].targets_of(0).tolist() == [0, 1]
    assert len(asof.folds[0].train) == 2
    assert asof.folds[0].targets_of(0).tolist() == [1]


def test_what_each_part_of_a_lists_quality_costs_is_told_for_each_split(
    city: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lists.main([str(city)])
    told = capsys.readouterr().out.splitlines()
    assert len(told) == 2 * (1 + len(lists.LISTS))
    assert told[0] == "smallville cold: 5 lists of 10"
    assert "(+0.0000 ± 0.0000), further sessions 0.00" in told[1]
