"""Content gaps in a real browser: an agent marks a quotation, a supervisor reads the page and closes the report."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from assistant.build import open_assistant
from assistant.context import TurnContext
from assistant.conversation import Said, TurnEvent
from assistant.planner import Saying
from assistant.settings import Settings
from assistant.turn import Assistant
from tests.server.conftest import new_client, serving, settings_for
from tests.server.echo import parts
from tests.server.test_accessibility import FLAGS
from tests.server.test_desk_page import barriers

CHROMIUM = shutil.which("chromium")
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")]

CLAUSE = "law/no-reason-return@2024-07#counting"


class OneRule:
    """A planner that knows how the seven days are counted, and nothing else."""

    name = "one-rule"

    async def run(self, turn: TurnContext) -> AsyncIterator[TurnEvent | Saying]:
        known = "七天" in turn.asked.text
        yield Said(text=f"是这样算的。{turn.marks([CLAUSE])}" if known else turn.say("not_sure"))


async def _open(settings: Settings) -> Assistant:
    return await open_assistant(settings, parts=parts(), planner=OneRule())


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(settings_for(tmp_path_factory.mktemp("shop"), embedder="hash"), _open) as url:
        for number, text in enumerate(("能上门回收旧衣服吗，电话13812345678", "旧衣服能回收吗", "七天怎么算")):
            guest = new_client(url)
            guest.say(text, f"m{number}")
            guest.events("done")
            guest.http.close()
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


def sign_in(page: Page, name: str, role: str) -> None:
    page.goto("/desk")
    page.fill("input[name=name]", name)
    page.select_option("select[name=role]", role)
    page.click("#sign-in button.primary")
    page.locator("#queue button.row").first.wait_for()


def test_what_an_agent_marks_a_supervisor_finds_beside_the_gaps(browser: Browser, base: str) -> None:
    agent = browser.new_context(base_url=base, locale="zh-CN").new_page()
    sign_in(agent, "小周", "agent")
    expect(agent.get_by_role("button", name="内容缺口")).to_be_hidden()
    agent.locator("#queue button.row", has_text="七天怎么算").click()
    agent.locator("#talk .chip").first.click()
    agent.locator(".mark-stale summary").click()
    agent.fill(".mark-stale input", "九月改了")
    assert barriers(agent) == []
    agent.click(".mark-stale form button")
    expect(agent.locator(".bubble [role=status]")).to_contain_text("已记下")
    agent.context.close()

    page = browser.new_context(base_url=base, locale="en-GB", color_scheme="dark").new_page()
    sign_in(page, "王主管", "supervisor")
    page.get_by_role("button", name="Content gaps").click()
    expect(page.locator("#gaps-title")).to_contain_text("2 questions without a sure answer")
    expect(page.locator("#columns")).to_be_hidden()
    page.locator(".gap > summary").first.click()
    expect(page.locator(".gap pre").first).to_contain_text("status: draft")
    assert "13812345678" not in page.locator("#gaps").inner_text()
    assert barriers(page) == []
    page.get_by_role("button", name="Knowledge").click()
    expect(page.locator("#gaps")).to_be_hidden()
    page.get_by_role("button", name="Content gaps").click()
    expect(page.locator("#knowledge")).to_be_hidden()
    page.locator(".stale button").click()
    expect(page.locator(".stale")).to_have_count(0)
    page.get_by_role("button", name="Back to the talks").click()
    expect(page.locator("#columns")).to_be_visible()
    page.context.close()
