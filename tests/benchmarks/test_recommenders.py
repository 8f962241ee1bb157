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
