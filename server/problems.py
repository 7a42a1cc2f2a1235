"""What goes wrong, as the customer's program sees it: RFC 9457 problem details in Chinese or English.

A body never carries a stack trace or the text of an exception: `detail` is one of the sentences below, chosen by
`code`. Codes are stable; the widget and the desk act on them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, cast

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from assistant import errors as refusals
from assistant.conversation import Lang
from assistant.shop import Text
from assistant.tickets import MoveRefused
from knowledge import errors as knowledge_errors
from knowledge.errors import XiaoerError
from server.logs import where_it_broke
from server.refusal_words import reason_of

log = structlog.get_logger("server")

MEDIA_TYPE = "application/problem+json"


class Unauthenticated(XiaoerError):
    """No token, or one that is forged, expired, or made for another shop or audience."""


class Forbidden(XiaoerError):
    """Known, but not allowed here: a write from another site, or a role too low."""


class TooManyRequests(XiaoerError):
    """Too many requests from one customer or address. `retry_after` is in whole seconds."""

    def __init__(self, what: str, *, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__(what)


class NothingToDo(XiaoerError):
    """The version is in that state already, or there is none to go back to or to compare with."""


class ShuttingDown(XiaoerError):
    """The server was told to stop and takes nothing new."""


class Problem(BaseModel):
    """RFC 9457 with two members of ours: `code`, and `fields` for a body that does not fit."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    instance: str
    fields: list[str] | None = Field(default=None, description="Where in the request, e.g. `body.text`.")


@dataclass(frozen=True, slots=True)
class Kind:
    """One sort of problem: its status, its stable code and what to say."""

    status: int
    code: str
    text: Text


def _kind(status: int, code: str, zh: str, en: str) -> Kind:
    return Kind(status, code, Text(zh=zh, en=en))


UNEXPECTED = _kind(
    500, "internal_error", "出了点问题，没有执行任何未记录的操作。请稍后再试。",
    "Something went wrong. Nothing was done that is not on record. Please try again shortly.",
)  # fmt: skip
INVALID = _kind(
    422, "invalid_request", "请求的内容不符合要求，请检查标出的字段。",
    "The request does not fit what is expected here. See the fields named.",
)  # fmt: skip

KINDS: dict[type[XiaoerError], Kind] = {
    Unauthenticated: _kind(401, "unauthenticated", "请先登录，或重新登录。", "Please sign in, or sign in again."),
    Forbidden: _kind(403, "forbidden", "这里不允许这样操作。", "That is not allowed here."),
    TooManyRequests: _kind(
        429, "too_many_requests", "操作太频繁了，请稍等片刻再试。", "Too many requests. Please wait a moment."
    ),
    ShuttingDown: _kind(
        503, "shutting_down", "服务正在重启，几秒后会自动恢复。",
        "The service is restarting and will be back in seconds.",
    ),
    refusals.NotFound: _kind(404, "not_found", "没有找到，请核对后再试。", "Not found. Please check and try again."),
    refusals.InvalidMessage: _kind(
        422, "invalid_message", "这条消息无法接收：内容为空、过长，或没有可读的文字。",
        "This message cannot be taken: it is empty, too long, or has no readable text.",
    ),
    refusals.FileRefused: _kind(
        422, "file_refused", "这个文件收不了：请发 8 MB 以内的照片（JPEG、PNG、WebP、GIF）或 PDF，每个会话最多 20 个。",
        "This file cannot be taken: send a photo (JPEG, PNG, WebP, GIF) or PDF of at most 8 MB, 20 per conversation.",
    ),
    refusals.Conflict: _kind(
        409, "conflict", "同一个编号已用于另一条内容，请换一个编号。",
        "This id was already used with other content. Please use a new one.",
    ),
    refusals.ProposalExpired: _kind(
        409, "proposal_expired", "这个方案已过有效期，没有执行。可以重新发起。",
        "This proposal has expired and was not carried out. You can ask again.",
    ),
    refusals.ProposalSettled: _kind(
        409, "proposal_settled", "这个方案已经答复过了，没有重复执行。",
        "This proposal was already answered. Nothing was done twice.",
    ),
    refusals.ProposalError: _kind(
        409, "proposal_refused", "这个方案现在不能确认。", "This proposal cannot be confirmed."
    ),
    refusals.NotAuthorised: _kind(403, "not_authorised", "您没有权限做这个操作。", "You may not do this."),
    refusals.CapReached: _kind(
        409, "cap_reached", "金额超过了这笔订单还能支付的部分，或者超过了额度，没有执行。",
        "The amount is more than the order can still pay, or than the budget holds. Nothing was done.",
    ),
    refusals.ReasonMissing: _kind(
        422, "reason_missing", "请写明理由；驳回法定权利时，还要写明依据的条款和申诉途径。",
        "Please give the reason; to refuse a statutory claim also the rule it rests on and where to appeal.",
    ),
    refusals.EffectUnknown: _kind(
        409, "effect_unknown", "店铺系统没有给出明确结果，已转人工核实，请勿重复提交。",
        "The shop's system gave no clear answer. A person will check; please do not submit it again.",
    ),
    MoveRefused: _kind(
        409, "move_refused", "这个售后单现在不能这样操作；fields 里是可以做的。",
        "This case does not allow that now; `fields` holds what it does.",
    ),
    refusals.EffectRefused: _kind(
        409, "effect_refused", "订单状态已变化，这个操作没有执行。", "The order has changed; this was not carried out."
    ),
    refusals.StoreUnavailable: _kind(
        503, "store_unavailable", "暂时无法保存，没有写入任何内容，请稍后再试。",
        "Nothing can be saved just now and nothing was written. Please try again shortly.",
    ),
    refusals.ShopUnavailable: _kind(
        503, "shop_unavailable", "店铺的订单系统暂时没有响应，没有做任何改动，请稍后再试。",
        "The shop's order system does not answer just now. Nothing was changed. Please try again shortly.",
    ),
    refusals.ModelUnavailable: _kind(
        503, "model_unavailable", "暂时无法回答，请稍后再试。",
        "No answer is possible just now. Please try again shortly.",
    ),
    knowledge_errors.DocumentError: _kind(
        422, "document_refused", "这份文件读不了，没有收进来。", "This file cannot be read. Nothing of it was taken."
    ),
    knowledge_errors.FrontMatterError: _kind(
        422, "document_refused", "文件头有误，没有收进来。", "The head of the file is wrong. Nothing of it was taken."
    ),
    knowledge_errors.VersionDamaged: _kind(
        422, "document_damaged", "这个版本存着的文件已丢失或被改动，请重新收入原来的文件。",
        "The kept file of this version is lost or was changed. Take its source in again.",
    ),
    NothingToDo: _kind(
        409, "nothing_to_do", "没有改动：已经是这个状态，或者没有可以恢复、比较的版本。",
        "Nothing was changed: it is so already, or there is no version to go back to or to compare with.",
    ),
    knowledge_errors.UnknownClause: _kind(404, "not_found", "没有这个条款。", "There is no such clause."),
    knowledge_errors.UnknownTable: _kind(404, "not_found", "没有这张规则表。", "There is no such table."),
    knowledge_errors.FactTypeError: _kind(422, "wrong_fact", "提供的事实类型不对。", "A fact has the wrong type."),
    knowledge_errors.UnknownFactError: _kind(422, "unknown_fact", "没有这个事实。", "There is no such fact."),
}  # fmt: skip

BY_STATUS: dict[int, Kind] = {
    400: _kind(400, "bad_request", "请求无法读取。", "The request cannot be read."),
    404: KINDS[refusals.NotFound],
    405: _kind(405, "method_not_allowed", "这个地址不支持该操作。", "This address does not support that method."),
    413: _kind(413, "too_large", "内容太大，请缩短后再发。", "The content is too large. Please shorten it."),
    415: _kind(415, "unsupported_media_type", "请以 JSON 格式提交。", "Please send JSON."),
}


def language(headers: Mapping[str, str]) -> Lang:
    """The language to answer in by `Accept-Language`: zh or en, the heavier; Chinese when neither is named."""
    best: tuple[float, Lang] = (0.0, "zh")
    for part in headers.get("accept-language", "").split(","):
        tag, _, weight = part.strip().lower().partition(";q=")
        lang: Lang | None = "zh" if tag.startswith("zh") else "en" if tag.startswith("en") else None
        try:
            value = float(weight) if weight else 1.0
        except ValueError:
            continue
        if lang is not None and value > best[0]:
            best = (value, lang)
    return best[1]


def kind_of(error: XiaoerError) -> Kind:
    """The problem an error of ours is, by its class or the nearest class above it."""
    return next((KINDS[cls] for cls in type(error).__mro__ if cls in KINDS), UNEXPECTED)


def problem(
    request: Request, kind: Kind, *, headers: Mapping[str, str] | None = None, fields: list[str] | None = None
) -> JSONResponse:
    """`kind` as a response. The title is the status's own phrase, as RFC 9457 asks of `about:blank`."""
    body = Problem(
        title=HTTPStatus(kind.status).phrase,
        status=kind.status,
        detail=kind.text.in_(language(request.headers)),
        code=kind.code,
        instance=request.url.path.encode("ascii", "replace").decode(),
        fields=fields,
    )
    return JSONResponse(
        body.model_dump(exclude_none=True), status_code=kind.status, media_type=MEDIA_TYPE, headers=dict(headers or {})
    )


async def _refused(request: Request, error: Exception) -> JSONResponse:
    ours = cast(XiaoerError, error)
    kind = kind_of(ours)
    headers: dict[str, str] = {}
    if isinstance(ours, TooManyRequests):
        headers["Retry-After"] = str(ours.retry_after)
    elif kind.status == 503:
        headers["Retry-After"] = "2"
    elif kind.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if kind is UNEXPECTED:
        log.error("refused_without_a_kind", error=type(ours).__name__, at=where_it_broke(ours))
    if kind.code == "document_refused":
        kind = replace(kind, text=reason_of(ours))
    allowed = list(ours.allowed) if isinstance(ours, MoveRefused) else None
    return problem(request, kind, headers=headers, fields=allowed)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    issues = cast(RequestValidationError, error).errors()
    fields = sorted({".".join(_printable(part) for part in issue["loc"]) for issue in issues})[:20]
    return problem(request, INVALID, fields=fields)


def _printable(part: Any) -> str:
    """A location's part without what a caller may have smuggled into a key."""
    return "".join(char for char in str(part) if char.isalnum() or char in "_-")[:40]


async def _http(request: Request, error: Exception) -> JSONResponse:
    raised = cast(HTTPException, error)
    kind = BY_STATUS.get(raised.status_code)
    if kind is None:
        kind = Kind(raised.status_code, "http_error", BY_STATUS[400].text)
    return problem(request, kind, headers=raised.headers)


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    log.error("unexpected", error=type(error).__name__, at=where_it_broke(error))
    return problem(request, UNEXPECTED)


def install(app: FastAPI) -> None:
    """Answer every error of `app` with problem details."""
    app.add_exception_handler(XiaoerError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problem statuses a route may answer with, for its OpenAPI entry, beside those every route has."""
    always = {400, 401, 404, 413, 422, 429, 500, 503}
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": content}
        for status in sorted({*statuses, *always})
    }
