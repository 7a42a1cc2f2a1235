"""The pages in a real browser, judged by axe-core: nothing to complain about, in light and dark, in both languages."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
CHAT = "xiaoer-chat >> "
FIELD = CHAT + ".composer textarea"

pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(params=[("zh-CN", "light"), ("en-GB", "dark")], ids=["zh-light", "en-dark"])
def page(browser: Browser, url: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    locale, scheme = request.param
    context = browser.new_context(base_url=url, locale=locale, color_scheme=scheme)
    yield context.new_page()
    context.close()


def complaints(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {[node['target'] for node in one['nodes']]}" for one in found]


def say(page: Page, text: str) -> None:
    page.fill(FIELD, text)
    page.press(FIELD, "Enter")
    page.wait_for_selector(f"{CHAT}.row.assistant .bubble:has-text('{text}')")


def open_chat(page: Page) -> None:
    page.goto("/")
    page.click(CHAT + ".launcher")


def test_the_shop_page_and_the_open_chat_have_no_barriers(page: Page) -> None:
    page.goto("/")
    page.wait_for_selector(CHAT + ".launcher")
    assert complaints(page) == []
    page.click(CHAT + ".launcher")
    say(page, "hello 1")
    assert complaints(page) == []


def test_the_desk_has_no_barriers(page: Page) -> None:
    page.goto("/desk")
    page.wait_for_selector("#sign-in")
    assert complaints(page) == []
    page.fill("input[name=name]", "Zhou")
    page.click("#sign-in button")
    page.wait_for_selector("#queue")
    assert complaints(page) == []


def test_enter_inside_an_input_method_does_not_send(page: Page) -> None:
    open_chat(page)
    page.fill(FIELD, "ni hao")
    composing = "new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: true, cancelable: true})"
    page.locator(FIELD).evaluate(f"field => field.dispatchEvent({composing})")
    assert page.input_value(FIELD) == "ni hao"
    page.press(FIELD, "Enter")
    assert page.input_value(FIELD) == ""


def test_escape_closes_the_chat_and_gives_the_focus_back_to_its_button(page: Page) -> None:
    open_chat(page)
    page.press(FIELD, "Escape")
    focused = page.evaluate("document.querySelector('xiaoer-chat').shadowRoot.activeElement.className")
    assert focused == "launcher"


def test_a_reload_finds_the_talk_again(page: Page) -> None:
    open_chat(page)
    say(page, "remember me")
    page.reload()
    page.wait_for_selector(f"{CHAT}.row.customer .bubble:has-text('remember me')")
    assert "token" not in page.url


def test_a_message_written_offline_is_sent_once_by_a_retry(page: Page) -> None:
    open_chat(page)
    say(page, "first")
    page.context.set_offline(True)
    page.fill(FIELD, "second")
    page.press(FIELD, "Enter")
    page.wait_for_selector(CHAT + ".delivery .link")
    page.context.set_offline(False)
    page.click(CHAT + ".delivery .link")
    page.wait_for_selector(f"{CHAT}.row.assistant .bubble:has-text('second')")
    assert page.locator(f"{CHAT}.row.customer .bubble:has-text('second')").count() == 1


def test_markup_in_a_message_stays_text(page: Page) -> None:
    open_chat(page)
    say(page, "<img src=x onerror=alert(1)> <b>bold</b>")
    assert page.locator(CHAT + ".bubble img").count() == 0
