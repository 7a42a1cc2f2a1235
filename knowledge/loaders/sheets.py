"""Spreadsheets and records: questions with their answers, or plain tables. The one home of python-calamine.

A sheet whose head names a question and an answer column gives one headed section per pair. Any other table gives one
line per row in which each value stands behind the head of its column, so that a row read alone still says what its
figures mean.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time

from knowledge.errors import DocumentError
from knowledge.loaders.archive import check_archive, read_part
from knowledge.loaders.plain import Loaded, decode

MAX_CELLS = 1_000_000
"""Of one sheet, empty ones within its corners included: a parser makes room for all of them."""

_QUESTIONS = {
    *("问题", "问", "常见问题", "客户问题", "买家问题", "用户问题", "标准问", "标准问题", "提问", "咨询问题", "問題"),
    *("question", "questions", "q", "faq", "ask", "query", "customerquestion"),
}
_ANSWERS = {
    *("答案", "答", "回答", "回复", "答复", "标准答案", "标准回复", "参考答案", "客服回复", "话术", "回覆", "答覆"),
    *("answer", "answers", "a", "reply", "response", "standardanswer"),
}
_LIKE = {"相似问", "相似问题", "相似问法", "扩展问", "别名", "similarquestions", "alsoasked", "variants"}
_CELL = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')
_HAN = re.compile("[\u4e00-\u9fff]")
_END = re.compile(r"[。！？!?；;.]$")
_ASKS = re.compile(r"[?？吗呢]\s*$")
_FEW_PAIRS = 3
_LONGEST_NAME = 16
_FIGURE = re.compile(r"\d")
_BOOKKEEPING = {
    *(
        "序号",
        "编号",
        "id",
        "no",
        "类目",
        "分类",
        "类别",
        "类型",
        "标签",
        "关键词",
        "状态",
        "版本",
        "维护人",
        "负责人",
        "更新人",
    ),
    *(
        "更新时间",
        "更新日期",
        "创建时间",
        "创建日期",
        "number",
        "category",
        "tag",
        "tags",
        "keywords",
        "status",
        "version",
    ),
    *("owner", "updated", "updatedat", "created", "createdat"),
}
"""Columns beside questions and answers that are for who keeps the sheet."""

Row = Sequence[str]


def load_xlsx(data: bytes, encoding: str = "") -> Loaded:
    """Every visible sheet under its name. `encoding` is of no meaning here.

    Raises `DocumentError` for a damaged or locked file, a bomb, or a workbook without text.
    """
    names = check_archive(data, holds="xl/workbook.xml", kind=".xlsx")
    for name in names:
        if name.startswith("xl/worksheets/") and name.endswith(".xml"):
            _check_corners(read_part(data, name))
    from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        shown = [sheet.name for sheet in book.sheets_metadata if sheet.visible == SheetVisibleEnum.Visible]
        sheets = [
            (name, [[_shown(cell) for cell in row] for row in book.get_sheet_by_name(name).to_python()])
            for name in shown
        ]
    except (CalamineError, ValueError, OSError) as error:
        raise DocumentError(f"The .xlsx file is damaged: {error}.", mend="Save it anew.") from error
    return _loaded([(name if len(sheets) > 1 else "", rows) for name, rows in sheets], "xlsx")


def load_csv(data: bytes, encoding: str = "") -> Loaded:
    """Rows parted by comma, semicolon or tab, in any encoding `decode` knows. Raises `DocumentError`."""
    text, found = decode(data, encoding)
    first = text[:4096]
    mark = max(",;\t，", key=first.count)
    if mark == "，" and "," not in first:
        text = text.replace("，", ",")
    try:
        rows = list(csv.reader(io.StringIO(text.replace("\x00", "")), delimiter="," if mark == "，" else mark))
    except csv.Error as error:
        raise DocumentError(f"The rows cannot be told apart: {error}.", mend="Save it as .xlsx.") from error
    if len(rows) * max(map(len, rows), default=0) > MAX_CELLS:
        raise DocumentError(f"The table has more than {MAX_CELLS} cells.", mend="Split it.")
    return _loaded([("", rows)], found)


def load_jsonl(data: bytes, encoding: str = "") -> Loaded:
    """Records, one JSON object a line, as rows of a sheet whose head are their keys. Raises `DocumentError`."""
    text, found = decode(data, encoding)
    records: list[dict[str, object]] = []
    for count, line in enumerate(text.splitlines(), 1):
        if line.strip():
            records.append(_record(line, count))
    head = list(dict.fromkeys(key for record in records for key in record))
    if len(records) * len(head) > MAX_CELLS:
        raise DocumentError(f"The records have more than {MAX_CELLS} fields.", mend="Split it.")
    return _loaded([("", [head, *([_field_words(record.get(key)) for key in head] for record in records)])], found)


def _record(line: str, count: int) -> dict[str, object]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"Line {count}: not JSON.", mend="Write one object a line.") from error
    if not isinstance(record, dict):
        raise DocumentError(f"Line {count}: no object.", mend='Write {"question": …, "answer": …} a line.')
    return record


def _field_words(value: object) -> str:
    """What stands in a field in words; what is nested deeper than a list is left out."""
    if isinstance(value, list):
        return "、".join(filter(None, (_field_words(each) for each in value if not isinstance(each, list | dict))))
    return "" if value is None or isinstance(value, dict) else _shown(value)


def rows_as_text(rows: Iterable[Row]) -> str:
    """A sheet as text: sections of pairs, or a line per record. Empty for a sheet without words."""
    kept = [[" ".join(cell.split()) for cell in row] for row in rows]
    kept = [row for row in kept if any(row)]
    width = max(map(len, kept), default=0)
    kept = [[*row, *[""] * (width - len(row))] for row in kept]
    title = [_only(row) for row in kept[: _head_at(kept)]]
    kept = kept[len(title) :]
    if not kept:
        return "\n\n".join(title)
    if (columns := _pair_columns(kept[0])) is not None:
        body = _pairs(kept[0], kept[1:], columns)
    elif width == 2 and len(kept) >= _FEW_PAIRS and sum(bool(_ASKS.search(row[0])) for row in kept) * 2 > len(kept):
        body = _pairs(["", ""], kept, (0, 1))
    else:
        body = _records(kept[0], kept[1:]) if len(kept) > 1 else "；".join(filter(None, kept[0]))
    return "\n\n".join([*title, body])


def table_as_text(rows: Sequence[Row]) -> str | None:
    """A table within a document as `rows_as_text` gives a sheet; None where it has no head that names its columns."""
    width = len(rows[0]) if rows else 0
    if len(rows) < 2 or width < 2 or any(len(row) != width for row in rows):
        return None
    if any(not name or len(name) > _LONGEST_NAME or _FIGURE.search(name) for name in rows[0]):
        return None
    if width == 2 and _pair_columns(rows[0]) is None and not _counts(rows[1:]):
        return None  # of two columns the first may be the names: 营业时间 | 全天
    return rows_as_text(rows)


def _counts(rows: Sequence[Row]) -> bool:
    """Whether most values of the last column are figures."""
    return sum(bool(_FIGURE.search(row[-1])) for row in rows) * 2 > len(rows)


def _loaded(sheets: list[tuple[str, list[Row]]] | list[tuple[str, list[list[str]]]], encoding: str) -> Loaded:
    pieces = []
    for name, rows in sheets:
        if text := rows_as_text(rows):
            pieces.append(f"# {name}\n\n{text}" if name else text)
    if not pieces:
        raise DocumentError("The table holds no text.", mend="Check that it is the right file.")
    return Loaded("\n\n".join(pieces) + "\n", encoding)


def _head_at(rows: list[list[str]]) -> int:
    """How many rows of a single cell stand above the head of the table."""
    for number, row in enumerate(rows):
        if sum(map(bool, row)) > 1:
            return number
    return 0


def _only(row: list[str]) -> str:
    return next(filter(None, row), "")


def _plain(name: str) -> str:
    return re.sub(r"[\s_：:（）()*-]", "", name).lower()


def _pair_columns(head: Row) -> tuple[int, int] | None:
    names = [_plain(name) for name in head]
    question = next((i for i, name in enumerate(names) if name in _QUESTIONS), None)
    answer = next((i for i, name in enumerate(names) if name in _ANSWERS), None)
    return None if question is None or answer is None or question == answer else (question, answer)


def _pairs(head: list[str], rows: list[list[str]], columns: tuple[int, int]) -> str:
    question, answer = columns
    sections = []
    for row in rows:
        if not row[question] or not row[answer]:
            continue
        more = [
            row[i] if _plain(head[i]) in _LIKE else _field(head[i], row[i])
            for i in range(len(row))
            if i not in columns and row[i] and _plain(head[i]) not in _BOOKKEEPING
        ]
        sections.append("\n\n".join([f"## {row[question]}", row[answer], *more]))
    return "\n\n".join(sections)


def _records(head: list[str], rows: list[list[str]]) -> str:
    semicolon = "；" if any(_HAN.search(cell) for row in [head, *rows[:5]] for cell in row) else "; "
    lines = []
    for row in rows:
        line = semicolon.join(_field(name, value) for name, value in zip(head, row, strict=True) if value)
        lines.append(line if _END.search(line) else line + ("。" if semicolon == "；" else "."))
    return "\n\n".join(lines)


def _field(name: str, value: str) -> str:
    if not name:
        return value
    return f"{name}：{value}" if _HAN.search(name + value) else f"{name}: {value}"


def _shown(cell: object) -> str:
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float):
        return f"{cell:.10g}"
    if isinstance(cell, datetime):
        return cell.isoformat(" ", "minutes").removesuffix(" 00:00")
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)


def _check_corners(sheet: bytes) -> None:
    """Refuse a sheet with a few cells at its far corners, for which a parser makes room for all between them."""
    columns = rows = 0
    for found in _CELL.finditer(sheet):
        number = 0
        for letter in found[1]:
            number = number * 26 + letter - 64
        columns, rows = max(columns, number), max(rows, int(found[2]))
    if columns * rows > MAX_CELLS:
        raise DocumentError(f"A sheet spans {columns} columns and {rows} rows.", mend="Delete the far empty cells.")
