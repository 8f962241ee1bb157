"""From an empty admin to a running experiment as somebody new does it: by following the page alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.servers.running import Service
from tests.servers.test_admin_in_browser import CHROMIUM, FLAGS

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
]


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Service]:
    """A service that has nothing but an account for staff."""
    service = Service(tmp_path)
    service.environment["DJANGO_SUPERUSER_PASSWORD"] = "irrelevant"
    for arguments in (
        ("migrate", "-v0"),
        ("collectstatic", "--noinput", "-v0"),
        ("createsuperuser", "--noinput", "--username", "ann", "--email", "ann@example.com"),
    ):
        done = service.manage(*arguments)
        assert done.returncode == 0, done.stderr
    service.start()
    yield service
    service.kill()
    service.pool.clear()


@pytest.fixture
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def signed_in(browser: Browser, service: Service, *, has_scripts: bool) -> Page:
    context = browser.new_context(
        base_url=service.base, java_script_enabled=has_scripts, viewport={"width": 390, "height": 844}
    )
    page = context.new_page()
    page.goto("/admin/")
    page.fill("input[name=username]", "ann")
    page.fill("input[name=password]", "irrelevant")
    page.click("button[type=submit]")
    return page


def running_keys(service: Service) -> list[str]:
    _, body = service.call("GET", "/v1/experiments")
    return [one["experiment_id"] for one in body["experiments"]]


def fill_in(page: Page) -> None:
    page.goto("/admin/experiments/experiment/")
    page.get_by_role("link", name="New experiment").click()
    page.get_by_label("Name").first.fill("Does taste beat popularity?")
    page.get_by_label("Hypothesis").fill("It does, as people like what they liked before.")
    page.select_option("#id_variants-1-algorithm", "content_based")
    page.get_by_label("Expected rate of control").fill("0.2")


def save_and_start(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Everything is there")).to_be_visible()
    page.get_by_role("link", name="Start the experiment").click()
    page.get_by_label("Reason").fill("Agreed on Monday")
    page.get_by_role("button", name="Start the experiment").click()
    expect(page.get_by_text("“Does taste beat popularity?” is running.")).to_be_visible()


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def every_page_fits(page: Page, service: Service) -> None:
    for number in range(60):
        service.recommended(f"visitor-{number}")
    assert service.manage("snapshot_experiments").returncode == 0
    own = page.url.split("/change/")[0]
    for name in ("change", "results", "complete", "weights", "traffic", "pause", "copy"):
        page.goto(f"{own}/{name}/")
        assert fits(page), name
    for address in ("experiment/", "experiment/person/?user_id=visitor-1", "layer/", "layer/1/change/"):
        page.goto(f"/admin/experiments/{address}")
        assert fits(page), address


def test_on_a_phone_with_the_live_calculator(empty: Service, browser: Browser) -> None:
    page = signed_in(browser, empty, has_scripts=True)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    fill_in(page)
    expect(page.locator("#plan-answer")).to_contain_text("14,322 people")
    page.get_by_text("Add another Variant").click()
    page.fill("#id_variants-2-name", "Neighbours")
    page.select_option("#id_variants-2-algorithm", "user_knn")
    expect(page.locator("#plan-answer")).to_contain_text("Neighbours:")
    assert fits(page)
    page.get_by_role("button", name="Use these numbers as the plan").click()
    assert page.get_by_label("Days planned").input_value() == "28"
    assert int(page.get_by_label("People planned").input_value()) > 14_322
    save_and_start(page)
    assert running_keys(empty) == ["does_taste_beat_popularity"]
    every_page_fits(page, empty)
    assert problems == []


def test_without_any_script(empty: Service, browser: Browser) -> None:
    page = signed_in(browser, empty, has_scripts=False)
    fill_in(page)
    page.get_by_role("button", name="Use these numbers as the plan").click()
    expect(page.get_by_label("People planned")).to_have_value("14322")
    save_and_start(page)
    assert running_keys(empty) == ["does_taste_beat_popularity"]
