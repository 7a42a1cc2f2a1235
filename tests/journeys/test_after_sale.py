"""A case from a photo to its end: the customer sends evidence, a person at the desk decides, the customer sees it."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from tests.journeys.conftest import Server, open_page
from tests.journeys.test_shopper import open_chat, say, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def photo() -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (320, 240), "teal").save(written, "JPEG")
    return written.getvalue()


def test_a_photo_is_sent_a_person_decides_and_the_customer_sees_the_state(
    server: Server, chromium: Browser, trouble: list[str]
) -> None:
    page = open_page(chromium, server.url, trouble)
    sign_in(page, "吕晨曦")
    chat = open_chat(page)
    say(chat, "售后进度怎么样了")
    log = chat.locator(".log")
    expect(log).to_contain_text("等待商家处理", timeout=15000)
    expect(log).to_contain_text("可补充")
    with page.expect_file_chooser() as chosen:
        chat.locator(".moves").get_by_role("button", name="发送照片或 PDF").click()
    chosen.value.set_files({"name": "外箱.jpg", "mimeType": "image/jpeg", "buffer": photo()})
    expect(log).to_contain_text("已收到“外箱.jpg”", timeout=15000)
    expect(log.locator("img[alt='外箱.jpg'][src^='data:image/jpeg']")).to_be_visible()
    with page.expect_file_chooser() as chosen:
        chat.locator("form.composer").get_by_role("button", name="发送照片或 PDF").click()
    chosen.value.set_files({"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": b"no photo at all"})
    expect(chat.locator(".banner")).to_contain_text("这个文件收不了")
    trouble.clear()  # the browser reports the refusal as a failed request

    desk = open_page(chromium, server.url + "/desk", [])
    desk.locator("#sign-in input[name=name]").fill("小林")
    desk.locator("#sign-in button.primary").click()
    case = desk.locator("#sidebar details.case", has_text="补发").first
    case.locator("summary").first.click()
    expect(case.get_by_role("link", name="外箱.jpg")).to_be_visible(timeout=15000)
    case.locator("select[name=event]").select_option("resend")
    case.get_by_role("button", name="提交").click()
    expect(case.locator("summary").first).to_contain_text("已补发", timeout=15000)
    expect(log).to_contain_text(re.compile("有新进展.*已补发"), timeout=15000)
    assert trouble == []


def test_a_judgement_is_appealed_against_by_a_button(server: Server, chromium: Browser, trouble: list[str]) -> None:
    page = open_page(chromium, server.url, trouble)
    sign_in(page, "张建国")
    chat = open_chat(page)
    say(chat, "我的纠纷到哪一步了")
    log = chat.locator(".log")
    form = log.locator("form", has=page.get_by_role("button", name="申诉", exact=True))
    form.locator("input").fill("检测报告证明是质量问题")
    form.get_by_role("button", name="申诉", exact=True).click()
    expect(log).to_contain_text("检测报告证明是质量问题", timeout=15000)
    chat.get_by_role("button", name=re.compile("^确认")).last.click()
    expect(log).to_contain_text("申诉已提交", timeout=15000)
    assert trouble == []
