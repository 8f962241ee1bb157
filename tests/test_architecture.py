"""One direction, top to bottom: imports, foreign keys and migrations (import checkers see only the first)."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps
from django.db.migrations.loader import MigrationLoader

ROOT = Path(__file__).resolve().parents[1]
TOP_TO_BOTTOM = (
    "craic_ml",
    "recommendations",
    "experiments",
    "modelregistry",
    "feedback",
    "catalogue",
    "common",
)
RANK = {name: rank for rank, name in enumerate(TOP_TO_BOTTOM)}


def test_the_import_contracts_hold() -> None:
    found = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout


def test_foreign_keys_point_down() -> None:
    upward = [
        f"{model._meta.label}.{field.name}"
        for name in RANK
        if apps.is_installed(name)
        for model in apps.get_app_config(name).get_models()
        for field in model._meta.get_fields()
        if getattr(field, "many_to_one", False) and getattr(field, "related_model", None)
        if RANK.get(field.related_model._meta.app_label, 99) < RANK[name]  # type: ignore[union-attr]
    ]
    assert upward == []


def test_migrations_depend_downwards() -> None:
    graph = MigrationLoader(None).graph
    upward = [
        (node, parent.key)
        for node in graph.nodes
        if node[0] in RANK
        for parent in graph.node_map[node].parents
        if RANK.get(parent.key[0], 99) < RANK[node[0]]
    ]
    assert upward == []


def test_nothing_imports_the_project_but_its_servers() -> None:
    importers = [
        str(path.relative_to(ROOT))
        for name in TOP_TO_BOTTOM[1:]
        for path in (ROOT / name).rglob("*.py")
        if any("craic_ml" in module for module in _imported(path))
    ]
    assert importers == []


def _imported(path: Path) -> list[str]:
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append(node.module or "")
    return found


@pytest.mark.parametrize("heavy", ["sklearn", "pandas", "boto3", "scipy.stats", "scipy.optimize"])
def test_web_processes_do_not_import(heavy: str) -> None:
    """70 MB of scikit-learn in every worker is what a 1 GB machine does not have."""
    program = f"import craic_ml.wsgi, craic_ml.urls, sys; sys.exit({heavy!r} in sys.modules)"
    environment = {"DJANGO_SETTINGS_MODULE": "tests.settings", "PATH": "/usr/bin:/bin"}
    found = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, f"{heavy} is imported\n{found.stderr}"


def test_every_command_has_a_test() -> None:
    commands = [path.stem for path in ROOT.glob("*/management/commands/*.py") if path.stem != "__init__"]
    tests = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("*.py"))
    assert [name for name in commands if f'"{name}"' not in tests] == []
