"""A shopper at the demo shop: ask, read the clause, agree, get the receipt; reload, resume, be taken over by a
person.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.journeys.conftest import Server, open_page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

WORDS = {
    "zh": {
        "locale": "zh-CN", "who": "林晓雨", "ask": "我想退外套", "state": "试过，吊牌都在", "fee": "¥699.00",
        "yes": "确认办理", "filed": "退货申请已提交", "open": "打开客服对话", "receipt": "回执号",
    },
    "en": {
        "locale": "en-GB", "who": "Emily Carter", "ask": "I want to return the running shoes",
        "state": "unopened", "fee": "¥299.00", "yes": "Confirm", "filed": "Your return has been registered",
        "open": "Open the chat", "receipt": "Receipt",
    },
}  # fmt: skip


def sign_in(page: Page, name: str) -> None:
    page.locator("#customers summary").click()
    page.locator("#customers li button", has_text=name).first.click()
    expect(page.locator("#who")).to_have_text(name)


def chat_of(page: Page) -> Locator:
    return page.locator("xiaoer-chat")


def say(chat: Locator, text: str) -> None:
    box = chat.locator("textarea")
    box.fill(text)
    box.press("Enter")


def open_chat(page: Page) -> Locator:
    chat = chat_of(page)
    expect(chat.locator("button.launcher:visible, textarea:visible").first).to_be_visible()
    page.wait_for_timeout(300)  # an open panel takes the launcher's place in a short transition
    if chat.locator("button.launcher").is_visible():
        chat.locator("button.launcher").click()
    expect(chat.locator("textarea")).to_be_visible()
    return chat


@pytest.mark.parametrize(("lang", "width"), [("zh", 1280), ("en", 1280), ("zh", 360), ("en", 360)])
def test_a_return_goes_from_the_question_to_the_receipt(
    server: Server, chromium: Browser, trouble: list[str], lang: str, width: int
) -> None:
    words = WORDS[lang]
    page = open_page(chromium, server.url, trouble, locale=words["locale"], width=width)
    sign_in(page, words["who"])
    chat = open_chat(page)
    if width == 1280:
        say(chat, words["ask"])
        say(chat, words["state"])
        expect(chat.locator(".log")).to_contain_text(words["fee"], timeout=15000)
        chat.locator("button.mark").first.click()
        quote = chat.locator("dialog.quote")
        expect(quote.locator("mark")).not_to_be_empty()
        expect(quote).to_contain_text(re.compile("现行有效|有效期|In force|in force"))
        page.keyboard.press("Escape")
        expect(quote).to_have_count(0)
        chat.get_by_role("button", name=re.compile(f"^{words['yes']}")).last.click()
        expect(chat.locator(".log")).to_contain_text(words["filed"], timeout=15000)
        expect(chat.locator(".log")).to_contain_text(words["receipt"])
    else:
        # the other page of the same customer: the talk is a new one, the order knows what was filed
        say(chat, words["ask"])
        expect(chat.locator(".log")).to_contain_text(
            re.compile("已经有同样的申请|already open|状态|condition"), timeout=15000
        )
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert trouble == []


def test_a_reload_and_a_killed_server_lose_nothing(server: Server, chromium: Browser, trouble: list[str]) -> None:
    page = open_page(chromium, server.url, trouble)
    sign_in(page, "孙浩然")
    chat = open_chat(page)
    say(chat, "我的快递到哪了")
    expect(chat.locator(".log")).to_contain_text("运输中", timeout=15000)
    page.reload()
    chat = open_chat(page)
    expect(chat.locator(".log")).to_contain_text("运输中", timeout=15000)
    server.kill()
    server.start()
    say(chat, "什么时候能退货")
    expect(chat.locator(".row.customer").last).to_contain_text("什么时候能退货")
    expect(chat.locator(".row.assistant").last).not_to_contain_text("运输中", timeout=30000)
    assert chat.locator(".row.customer", has_text="我的快递到哪了").count() == 1


def test_messages_written_in_a_hurry_arrive_in_the_order_they_were_written(
    server: Server, chromium: Browser, trouble: list[str]
) -> None:
    page = open_page(chromium, server.url, trouble)
    sign_in(page, "孙浩然")
    chat = open_chat(page)
    say(chat, "您好")
    expect(chat.locator(".row.assistant").nth(1)).to_be_visible(timeout=15000)
    held: list[Route] = []
    posted: list[str] = []

    def hold_the_first(route: Route) -> None:
        posted.append(route.request.post_data_json["text"])
        if len(posted) == 1:
            held.append(route)
        else:
            route.continue_()

    page.route("**/messages", hold_the_first)
    say(chat, "我的快递到哪了")
    say(chat, "还有发票怎么开")
    page.wait_for_timeout(500)
    assert posted == ["我的快递到哪了"]
    held[0].continue_()
    expect(chat.locator(".log")).to_contain_text("运输中", timeout=15000)
    expect(chat.locator(".row.assistant", has_text="发票")).not_to_have_count(0, timeout=15000)
    assert posted == ["我的快递到哪了", "还有发票怎么开"]
    assert trouble == []


def test_a_person_takes_over_and_the_assistant_falls_silent(
    server: Server, chromium: Browser, trouble: list[str]
) -> None:
    page = open_page(chromium, server.url, trouble)
    sign_in(page, "周子涵")
    chat = open_chat(page)
    say(chat, "转人工")
    expect(chat.locator(".log")).to_contain_text("正在为您转人工", timeout=15000)

    desk = page.context.new_page()
    desk.goto(f"{server.url}/desk")
    desk.fill("input[name=name]", "小周")
    desk.click("#sign-in button.primary")
    desk.locator("#queue button.row", has_text="周子涵").first.click()
    desk.locator("#talk button", has_text="接入会话").click()
    expect(chat.locator(".log")).to_contain_text("小周 已加入", timeout=15000)
    before = chat.locator(".row.assistant").count()
    say(chat, "我的订单到哪了")
    desk.route("**/messages", lambda route: route.abort())
    desk.locator("#reply").fill("您好，我来帮您查。")
    desk.locator("#reply").press("Control+Enter")
    expect(desk.locator("#talk .problem")).not_to_be_empty()
    expect(desk.locator("#reply")).to_have_value("您好，我来帮您查。")
    desk.unroute("**/messages")
    desk.locator("#reply").press("Control+Enter")
    expect(chat.locator(".log")).to_contain_text("您好，我来帮您查。", timeout=15000)
    assert chat.locator(".row.assistant").count() == before

    desk.locator("#talk button", has_text="转回智能助手").click()
    expect(chat.locator(".log")).to_contain_text("已转回智能助手", timeout=15000)
    say(chat, "我的订单到哪了")
    expect(chat.locator(".row.assistant")).not_to_have_count(before, timeout=15000)
    assert trouble == []
