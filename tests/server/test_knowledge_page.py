"""The knowledge pages of the desk in a real browser: from a file to a quoted, dated answer in the widget, and back."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from assistant.build import open_assistant
from tests.server.conftest import serving, settings_for
from tests.server.test_accessibility import CHAT, FIELD, FLAGS, complaints
from tests.server.test_document_routes import NOW, RULE

CHROMIUM = shutil.which("chromium")
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")]

QUESTION = "刻字服务收多少钱？"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(settings_for(tmp_path_factory.mktemp("knowledge"), now=NOW, embedder="hash"), open_assistant) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


def sit(
    browser: Browser, base: str, role: str, locale: str = "zh-CN", scheme: str = "light", width: int = 1280
) -> Page:
    """The knowledge pages, opened by somebody at the desk."""
    context = browser.new_context(
        base_url=base,
        locale=locale,
        color_scheme=scheme,  # type: ignore[arg-type]
        viewport={"width": width, "height": 860},
    )
    page = context.new_page()
    page.goto("/desk")
    page.fill("input[name=name]", "老王")
    page.select_option("select[name=role]", role)
    page.click("#sign-in button.primary")
    page.get_by_role("button", name=re.compile("^(知识|Knowledge)$")).click()
    page.wait_for_selector("#knowledge .side")
    return page


def ask(browser: Browser, base: str) -> Page:
    """A new guest's widget with what it says to the question."""
    page = browser.new_context(base_url=base, locale="zh-CN").new_page()
    page.goto("/")
    page.click(CHAT + ".launcher")
    page.fill(FIELD, QUESTION)
    page.press(FIELD, "Enter")
    expect(page.locator(f"{CHAT}.row.customer ~ .row.assistant .bubble").first).to_be_visible(timeout=15000)
    return page


def test_a_file_becomes_a_quoted_dated_answer_and_withdrawn_no_longer_is_one(
    browser: Browser, base: str, tmp_path: Path
) -> None:
    file = tmp_path / "engraving.txt"
    file.write_text(RULE.format(fee=28), encoding="utf-8")
    page = sit(browser, base, "supervisor")
    page.set_input_files("#knowledge input[type=file]", str(file))
    expect(page.locator("#knowledge .reports")).to_contain_text("已收入，待确认")
    form = page.locator("#knowledge form.head-form")
    expect(form.locator("q").last).to_contain_text("2026年11月1日")
    assert complaints(page) == []
    before = ask(browser, base)
    expect(before.locator(CHAT + ".log")).not_to_contain_text("28 元")
    before.context.close()

    form.get_by_role("textbox", name="平台").fill("taobao")
    form.get_by_role("button", name="确认并发布").click()
    expect(page.locator("#knowledge .told")).to_contain_text("马上生效")
    expect(page.locator("#knowledge .facts")).to_contain_text("taobao")
    told = ask(browser, base)
    expect(told.locator(CHAT + ".log")).to_contain_text("每件收取 28 元")
    told.locator(CHAT + "button.mark").first.click()
    quote = told.locator(CHAT + "dialog.quote")
    expect(quote).to_contain_text("刻字服务说明")
    expect(quote).to_contain_text("2026年11月1日")
    expect(quote.locator("mark")).to_contain_text("28 元")
    told.context.close()

    page.get_by_role("button", name="撤回", exact=True).click()
    page.get_by_role("button", name="确定撤回").click()
    expect(page.locator("#knowledge article header")).to_contain_text("已撤回")
    after = ask(browser, base)
    expect(after.locator(CHAT + ".log")).not_to_contain_text("28 元")
    after.context.close()
    page.context.close()


@pytest.mark.parametrize(
    ("locale", "scheme", "width"), [("en-GB", "dark", 1280), ("zh-CN", "dark", 360), ("en-GB", "light", 360)]
)
def test_a_version_is_compared_and_a_search_tried_without_barriers_at_every_width(
    browser: Browser, base: str, tmp_path: Path, locale: str, scheme: str, width: int
) -> None:
    page = sit(browser, base, "supervisor", locale, scheme, width)
    name = f"box-{locale}-{width}.txt".lower()
    for price in (28, 38):
        (tmp_path / name).write_text(f"礼盒说明 {name}\n礼盒每只 {price} 元，自2026年11月1日起。\n", encoding="utf-8")
        page.set_input_files("#knowledge input[type=file]", str(tmp_path / name))
        expect(page.locator("#knowledge .reports .state.wait")).to_have_count(1)
    page.locator("#knowledge .versions ~ button").click()
    expect(page.locator("#knowledge .diff mark")).to_have_text(["28", "38"])
    assert complaints(page) == []
    page.locator("#knowledge .tabs button").nth(1).click()
    page.fill("#knowledge input[name=q]", "七天无理由怎么算")
    page.fill("#knowledge input[name=platform]", "taobao")
    page.locator("#knowledge form button.primary").click()
    expect(page.locator("#knowledge .hits li").first.locator("meter")).to_have_count(3)
    assert complaints(page) == []
    page.locator("#knowledge .tabs button").nth(2).click()
    expect(page.locator("#knowledge .found")).not_to_contain_text("…")
    assert complaints(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.context.close()


def test_an_agent_reads_documents_by_keyboard_and_finds_nothing_to_change(browser: Browser, base: str) -> None:
    page = sit(browser, base, "agent")
    expect(page.locator("#knowledge .rows button").first).to_be_visible()
    page.keyboard.press("j")
    expect(page.locator("#knowledge article h3")).to_be_visible()
    assert page.locator("#knowledge input[type=file], #knowledge form, #knowledge .actions").count() == 0
    page.get_by_role("button", name="回到会话").click()
    expect(page.locator("#columns")).to_be_visible()
    page.context.close()


def test_a_file_that_is_refused_says_why_and_opening_another_page_closes_this_one(
    browser: Browser, base: str, tmp_path: Path
) -> None:
    (tmp_path / "scan.pdf").write_bytes(b"hello")
    page = sit(browser, base, "supervisor")
    page.set_input_files("#knowledge input[type=file]", str(tmp_path / "scan.pdf"))
    expect(page.locator("#knowledge .reports")).to_contain_text("没有收入：文件内容和后缀不符")
    page.get_by_role("button", name="内容缺口").click()
    expect(page.locator("#knowledge")).to_be_hidden()
    page.get_by_role("button", name="知识", exact=True).click()
    expect(page.locator("#gaps")).to_be_hidden()
    page.get_by_role("button", name="回到会话").click()
    expect(page.locator("#columns")).to_be_visible()
    page.context.close()
