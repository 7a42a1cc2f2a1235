"""A web page as text."""

from __future__ import annotations

import pytest

from knowledge.errors import DocumentError
from knowledge.loaders.html import load_html
from knowledge.loaders.markdown import load_markdown

PAGE = """<html><head><meta charset="gbk"><title> 退货规则 </title><style>p{}</style></head><body>
<nav>首页 全部商品</nav><script>alert(1)</script><h1>退货规则</h1><h2>怎么算七天</h2>
<p>签收后<b>七天</b>内<br>可以退货。</p>
<div style="DISPLAY: none">隐藏的垃圾广告</div><span hidden>更多广告</span>
<p style="position:absolute;left:-9999px">看不见</p>
<ul><li>生鲜不退</li><li>定制不退</li></ul>
<table><tr><th>类目</th><th>期限</th></tr><tr><td>服饰</td><td>七天</td></tr></table>
<form><input value="x">填写</form><footer>版权</footer></body></html>"""


def test_headings_paragraphs_lists_and_tables_are_kept() -> None:
    loaded = load_html(PAGE.encode("gbk"))
    assert (loaded.title, loaded.encoding) == ("退货规则", "gbk")
    for expected in (
        "# 退货规则\n",
        "## 怎么算七天\n",
        "签收后七天内\n可以退货。",
        "- 生鲜不退\n- 定制不退",
        "| 服饰 | 七天 |",
    ):
        assert expected in loaded.text


def test_what_the_page_hides_from_its_readers_is_dropped() -> None:
    text = load_html(PAGE.encode("gbk")).text
    assert not any(word in text for word in ("广告", "看不见", "alert", "首页", "填写", "版权", "p{}"))


@pytest.mark.parametrize("page", ["", "<html></html>", "<p hidden>x</p>", "<script>1</script>"])
def test_a_page_without_visible_text_is_refused(page: str) -> None:
    with pytest.raises(DocumentError, match="no visible text"):
        load_html(page.encode())


def test_a_page_nested_too_deep_does_not_break_the_reader() -> None:
    page = "<div>" * 5000 + "深处" + "</div>" * 5000 + "<p>浅处</p>"
    assert "浅处" in load_html(page.encode()).text


def test_the_title_of_markdown_is_its_first_heading_without_the_anchor() -> None:
    assert load_markdown("前言\n# 退货 {#top}\n".encode()).title == "退货"
    assert load_markdown("前言".encode()).title == ""


def test_what_has_no_height_is_hidden_and_a_narrow_line_is_not() -> None:
    styles = ("", "height:0;overflow:hidden", "max-height: 0px", "line-height:0.9")
    page = "".join(f'<p style="{style}">{word}</p>' for style, word in zip(styles, "一二三四", strict=True))
    text = load_html(page.encode()).text
    assert [word in text for word in "一二三四"] == [True, False, False, True]


def test_a_table_of_data_is_read_row_by_row_and_one_that_lays_out_the_page_is_not() -> None:
    head, row = (("等级", "条件", "礼金"), ("银卡", "年消费 500 元", "10 元"))
    data = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>" for cells in (head, row))
    data = f"<table>{data}</table>"
    assert load_html(data.encode()).text == "等级：银卡；条件：年消费 500 元；礼金：10 元。\n"
    layout = f"<table><tr><td><h2>会员</h2>{data}</td><td>旁</td></tr><tr><td>甲</td><td>乙</td></tr></table>"
    text = load_html(layout.encode()).text
    assert "## 会员" in text
    assert "等级：银卡；条件：年消费 500 元；礼金：10 元。" in text


def test_what_is_left_out_is_counted_by_reason() -> None:
    page = "<nav>首页 登录</nav><p>七天可退。</p><p style='display:none'>看不见</p><footer>版权所有</footer>"
    assert load_html(page.encode()).cut == {"navigation": 8, "hidden": 3}
    assert load_html(b"<script>alert(1)</script><p>x</p>").cut == {}
