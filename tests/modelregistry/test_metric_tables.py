import pytest

from modelregistry.metric_tables import MetricTable, label, metric_tables, shown


def test_figures_stand_beside_popularitys() -> None:
    metrics = {
        "ndcg_at_10": 0.4,
        "map": 0.3,
        "users": 1834,
        "champion": {"ndcg_at_10": 0.39, "map": 0.31},
        "popularity": {"ndcg_at_10": 0.2, "map": 0.1},
    }
    assert metric_tables({"validation_metrics": metrics}) == [
        MetricTable(
            title="Validation metrics",
            headers=("Metric", "This model", "Popularity (baseline)", "Champion"),
            rows=(("NDCG@10", "0.4000", "0.2000", "0.3900"), ("MAP", "0.3000", "0.1000", "0.3100")),
        ),
        MetricTable(title="", headers=("Name", "Value"), rows=(("Users", "1,834"),)),
    ]


def test_algorithms_stand_side_by_side_and_a_missing_figure_is_a_dash() -> None:
    by_algorithm = {"user_knn": {"map": 0.3}, "popularity": {"map": 0.1, "coverage": 0.5}}
    assert metric_tables({"by_algorithm": by_algorithm}) == [
        MetricTable(
            title="By algorithm",
            headers=("Metric", "Popularity (baseline)", "User kNN"),
            rows=(("MAP", "0.1000", "0.3000"), ("Coverage", "0.5000", "–")),
        )
    ]


def test_figures_are_shown_with_their_intervals() -> None:
    metrics = {
        "map": 0.3,
        "coverage": 0.5,
        "intervals": {"map": [0.25, 0.35]},
        "popularity": {"map": 0.1, "coverage": 0.2, "intervals": {"map": [0.0, 0.2]}},
    }
    (table,) = metric_tables(metrics)
    assert table.headers == ("Metric", "This model", "Popularity (baseline)")
    assert table.rows == (
        ("MAP", "0.3000 (0.2500 to 0.3500)", "0.1000 (0.0000 to 0.2000)"),
        ("Coverage", "0.5000", "0.2000"),
    )


@pytest.mark.parametrize("parts", [{"0": 12}, {"0": 12, "over 20": 7}])
def test_parts_stand_side_by_side_under_what_they_are_parts_of(parts: dict[str, int]) -> None:
    by_history = {
        name: {"users": users, "map": 0.3, "intervals": {"map": [0.2, 0.4]}} for name, users in parts.items()
    }
    (table,) = metric_tables({"by_history": by_history})
    assert table.title == "By history"
    assert table.headers == ("Metric", *(name.capitalize() for name in parts))
    assert table.rows[0] == ("Users", *(str(users) for users in parts.values()))
    assert table.rows[1] == ("MAP", *["0.3000 (0.2000 to 0.4000)"] * len(parts))


def test_plain_figures_are_one_table() -> None:
    assert metric_tables({"training_samples": 612345, "training_duration_seconds": 18.23}) == [
        MetricTable(
            title="",
            headers=("Name", "Value"),
            rows=(("Training samples", "612,345"), ("Training duration seconds", "18.2")),
        )
    ]


def test_nothing_is_no_table() -> None:
    assert metric_tables({}) == []
    assert metric_tables({"inner": {}}) == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0, "0"),
        (True, "yes"),
        (False, "no"),
        (1234567, "1,234,567"),
        (0.12345, "0.1235"),
        (1234.56, "1,234.6"),
        ([0.1, 0.2], "0.1000, 0.2000"),
        ([], "–"),
        ("hybrid", "hybrid"),
        ("2026-05-01T03:00:12.5+00:00", "2026-05-01 03:00"),
    ],
)
def test_a_figure_reads_as_people_write_it(value: object, text: str) -> None:
    assert shown(value) == text


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("ndcg_at_10", "NDCG@10"),
        ("recall@20", "Recall@20"),
        ("peak_memory_mb", "Peak memory MB"),
        ("_", "_"),
        ("", ""),
    ],
)
def test_a_key_reads_as_words(key: str, text: str) -> None:
    assert label(key) == text
