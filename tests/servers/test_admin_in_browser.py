"""The admin as staff use it, in a real browser, on what `make run` leaves running."""

import re
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.servers.running import Started

CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("started"),
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
]


@pytest.fixture
def page(started: Started) -> Iterator[Page]:
    """Signed in with the password that `make run` printed."""
    found = re.search(r"password (\S+)", started.log.read_text())
    assert found is not None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(base_url=started.service.base)
        page.goto("/admin/")
        page.fill("input[name=username]", "admin")
        page.fill("input[name=password]", found[1])
        page.click("button[type=submit]")
        expect(page).to_have_title(re.compile("What's The Craic"))
        yield page
        browser.close()


def test_retrain_now_queues_a_run_that_the_worker_carries_out(page: Page) -> None:
    page.goto("/admin/modelregistry/trainingrun/")
    page.get_by_role("button", name="Retrain now").click()
    expect(page.get_by_text("is queued; the worker takes it within seconds.")).to_be_visible()
    for _ in range(120):
        page.goto("/admin/modelregistry/trainingrun/")
        states = page.locator("#result_list tbody tr").first.inner_text()
        if re.search(r"promoted|champion kept", states, re.IGNORECASE):
            return
        page.wait_for_timeout(1000)
    pytest.fail(f"the worker did not finish the run: {states}")


def test_the_results_of_the_experiment_are_a_click_away(page: Page, started: Started) -> None:
    for number in range(40):
        started.service.recommended(f"visitor-{number}")
    page.goto("/admin/experiments/experiment/")
    page.get_by_role("row", name="rec_algorithm_v1").get_by_role("link", name="Results").click()
    expect(page.locator("table").first.locator("tbody tr")).to_have_count(4)
    expect(page.locator("svg[role=img]").first).to_be_visible()


def test_a_cancelled_event_is_gone_from_the_next_lists(page: Page, started: Started) -> None:
    shown = started.service.recommended("a-stranger")[0]
    page.goto(f"/admin/catalogue/event/?q={shown}")
    page.locator("#result_list tbody tr a").first.click()
    page.select_option("select[name=status]", "cancelled")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_timeout(2000)
    assert shown not in started.service.recommended("a-stranger")
