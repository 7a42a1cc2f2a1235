"""Why a document was refused, in the reader's language: fixed sentences, chosen by what its reader said."""

from __future__ import annotations

import re

from assistant.shop import Text
from knowledge.errors import PackError, VersionDamaged, XiaoerError

_REASONS: tuple[tuple[re.Pattern[str], Text], ...] = tuple(
    (re.compile(pattern), Text(zh=zh, en=en))
    for pattern, zh, en in (
        (
            "no loader for",
            "不支持这种文件。请用 md、txt、html、pdf、docx、xlsx、csv 或 jsonl。",
            "This kind of file is not read. Use md, txt, html, pdf, docx, xlsx, csv or jsonl.",
        ),
        (
            "it holds|It is no .* inside|suffix of what it is",
            "文件内容和后缀不符，请改成正确的后缀。",
            "The content is not what the suffix says. Give it the suffix of what it is.",
        ),
        (
            "password|locked",
            "文件加了密码，或是 2007 年以前的 Office 格式。请去掉密码，另存为新格式。",
            "The file is locked with a password, or older than Office 2007. Save it anew without a password.",
        ),
        (
            "may be in .* or in",
            "编码看不准：可能是两种。请选择编码后重发，或另存为 UTF-8。",
            "The text may be in either of two encodings. Say which and send it again, or save it as UTF-8.",
        ),
        (
            "not text in UTF-8",
            "这不是 UTF-8、UTF-16、GBK 或 Big5 的文本。请另存为 UTF-8。",
            "This is not text in UTF-8, UTF-16, GBK or Big5. Save it as UTF-8.",
        ),
        (
            "holds no text|no visible text|nothing is left",
            "里面没有读得到的文字；扫描件请先做文字识别。",
            "There is no text to read in it. Run text recognition on a scan first.",
        ),
        (
            "took longer|more text than is allowed|more memory|more than|unpacks to",
            "文件太大或展开后太大，请拆成几份。",
            "It is too large, or unpacks to too much. Split it.",
        ),
        (
            "lies outside|document type|declares|is written in",
            "文件里有不该有的内容，不予读取。请重新另存一份。",
            "The file holds what no office program writes and was not read. Save it anew.",
        ),
        (
            "is a policy of the pack",
            "店铺规则包里已有同一编号的规则，请到规则包里修改。",
            "The shop's pack holds a policy of that id. Change it there.",
        ),
        (
            "published with other words",
            "这个版本已经发布过，内容却不同。请在文件头换一个版本号。",
            "That version was published with other words. Give it another version in its head.",
        ),
        (
            "ends before it begins",
            "结束时间早于开始时间。",
            "It ends before it begins.",
        ),
        (
            "damaged|reader stopped|cannot be told apart|spans",
            "文件已损坏，请重新另存一份。",
            "The file is damaged. Save it anew.",
        ),
    )
)  # fmt: skip
_DAMAGED = Text(
    zh="这个版本存着的文件已丢失或被改动，不再用来回答。请重新收入原来的文件。",
    en="The kept file of this version is lost or was changed, so it answers nothing. Take its source in again.",
)
_OTHER = Text(zh="这份文件读不了，没有收进来。", en="This file cannot be read. Nothing of it was taken.")


def reason_of(error: XiaoerError) -> Text:
    """The sentence for `error`; for a head that does not parse the line it is in."""
    if isinstance(error, VersionDamaged):
        return _DAMAGED
    if isinstance(error, PackError):
        return Text(
            zh=f"文件头第 {error.line} 行有误，没有收进来。",
            en=f"The head of the file is wrong in line {error.line}. Nothing of it was taken.",
        )
    return next((words for pattern, words in _REASONS if pattern.search(f"{error.what} {error.mend}")), _OTHER)
