"""The desk's page in a real browser: a request for approval is read, signed and told, without barriers."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from tests.server.test_accessibility import FLAGS
from tests.server.test_authority import Shopper, Sitting, asked, base, shopper, sit

CHROMIUM = shutil.which("chromium")
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")]

__all__ = ["base", "shopper", "sit"]
"""Fixtures."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


def barriers(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {[node['target'] for node in one['nodes']]}" for one in found]


@pytest.mark.parametrize(("locale", "scheme"), [("zh-CN", "light"), ("en-GB", "dark")])
def test_a_supervisor_reads_why_and_approves_in_the_page(
    browser: Browser, base: str, sit: Sitting, shopper: Shopper, locale: str, scheme: str
) -> None:
    proposal = asked(sit("小周"), shopper)
    context = browser.new_context(base_url=base, locale=locale, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto("/desk")
    page.fill("input[name=name]", "老王")
    page.select_option("select[name=role]", "supervisor")
    page.click("#sign-in button.primary")
    page.click("#queue .tabs button:nth-child(2)")
    page.click("#queue button.row >> nth=-1")
    request = page.locator("#sidebar article.request").last
    request.locator("blockquote").first.wait_for()
    assert barriers(page) == []
    request.locator("button.primary").click()
    request.locator("button.primary").wait_for(state="detached")
    states = {v["proposal_id"]: v["state"] for v in sit("老王", "supervisor").get("/approvals", state="decided")}
    assert states[proposal] == "done"
    context.close()
