"""What the documents and docstrings point to is in the repository."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DECISIONS = ROOT / "docs" / "decisions"
WRITTEN = sorted(
    path
    for pattern in ("*.py", "*.md")
    for path in ROOT.rglob(pattern)
    if not {"var", "node_modules"} & set(path.relative_to(ROOT).parts)
    and not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
)
PAGES = [path for path in WRITTEN if path.suffix == ".md"]


def test_every_page_that_is_named_exists() -> None:
    named = {
        (str(path.relative_to(ROOT)), page)
        for path in WRITTEN
        for page in re.findall(r"\bdocs/[\w/-]+\.md\b", path.read_text())
    }
    assert len(named) > 2
    assert [(where, page) for where, page in sorted(named) if not (ROOT / page).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_decisions_are_numbered_in_one_series_and_all_listed() -> None:
    records = sorted(path for path in DECISIONS.glob("*.md") if path.name != "README.md")
    assert [path.name[:5] for path in records] == [f"{n:04d}-" for n in range(1, len(records) + 1)]
    listed = (DECISIONS / "README.md").read_text()
    for path in records:
        title = path.read_text().splitlines()[0].removeprefix("# ")
        assert title.startswith(path.name[:4])
        assert f"[{title}]({path.name})" in listed


EXAMPLES = [page for page in PAGES if "```python\n" in page.read_text()]


@pytest.mark.parametrize("page", EXAMPLES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_examples_of_a_page_run(page: Path) -> None:
    names: dict[str, object] = {}
    for example in re.findall(r"```python\n(.*?)```", page.read_text(), flags=re.DOTALL):
        exec(compile(example, str(page), "exec"), names)
