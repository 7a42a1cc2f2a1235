"""Files that customers send as evidence, and who may look at them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, File, Form, Path, Query, Response, UploadFile
from pydantic import BaseModel

from assistant.after_sale import AfterSale
from assistant.errors import FileRefused, NotFound
from assistant.photos import MAX_BYTES
from assistant.store.files import Attachment
from server.conversations import ClientId, Reference
from server.front import (
    TheColleague,
    TheConversation,
    TheCustomer,
    TheFront,
    TheVisitor,
    after_sale_of,
    message_limit,
    not_stopping,
)
from server.problems import responses

router = APIRouter(tags=["files"], responses=responses())

FileId = Annotated[str, Path(max_length=80, pattern=r"^[A-Za-z0-9_-]+$")]


class FileView(BaseModel):
    """A file as its sender sees it."""

    file_id: str
    name: str
    media_type: str
    size: int
    at: datetime
    order_id: str | None
    ticket_id: str | None


def file_view(kept: Attachment) -> FileView:
    return FileView(**{name: getattr(kept, name) for name in FileView.model_fields})


@router.post(
    "/v1/conversations/{conversation_id}/files",
    status_code=201,
    responses=responses(409),
    dependencies=[Depends(not_stopping), Depends(message_limit)],
)
async def send_file(
    front: TheFront,
    conversation: TheConversation,
    _customer: TheCustomer,
    *,
    file: Annotated[UploadFile, File(description="A photo (JPEG, PNG, WebP, GIF) or a PDF, at most 8 MB.")],
    client_id: Annotated[ClientId, Form()],
    ticket_id: Annotated[Reference | None, Form()] = None,
    shows: Annotated[str | None, Form(pattern=r"^[a-z_]{1,40}$", description="The item of the evidence list.")] = None,
) -> FileView:
    """Take a photo or PDF as evidence. Its content says what it is; a signed-in customer only."""
    content = await file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise FileRefused("The file is too large.", code="file_too_large")
    kept, logged = await after_sale_of(front).attach(
        conversation, content, name=shown_name(file.filename), client_id=client_id, ticket_id=ticket_id, shows=shows
    )
    front.tell(conversation, logged)
    return file_view(kept)


@router.get("/v1/files/{file_id}", response_class=Response)
async def read_file(front: TheFront, visitor: TheVisitor, file_id: FileId) -> Response:
    """One's own file: a photo without its metadata, a PDF as a download."""
    after_sale = after_sale_of(front)
    return await _response(after_sale, await after_sale.files.find(file_id, customer_id=visitor.subject))


@router.get("/v1/desk/files/{file_id}", response_class=Response)
async def read_at_desk(
    front: TheFront, colleague: TheColleague, file_id: FileId, original: Annotated[bool, Query()] = False
) -> Response:
    """Any customer's file, for those who serve customers, for legal of talks with a request that needs legal; with
    `original` as it came, as a download.
    """
    after_sale = after_sale_of(front)
    kept = await after_sale.files.find(file_id)
    if colleague.role == "legal" and not await front.concerns_legal(kept.conversation_id):
        raise NotFound("There is no such file.")
    return await _response(after_sale, kept, original=original)


def shown_name(name: str | None) -> str:
    """A file's name as a label: printable, without folders, at most 80 characters."""
    last = (name or "").replace("\\", "/").rpartition("/")[2]
    return "".join(char for char in last if char.isprintable() and char not in '"<>')[:80].strip() or "file"


async def _response(after_sale: AfterSale, kept: Attachment, *, original: bool = False) -> Response:
    shown = None if original else await after_sale.files.shown(kept)
    headers = {"Cache-Control": "private, no-store"}
    if shown is not None:
        return Response(shown, media_type="image/jpeg", headers={**headers, "Content-Disposition": "inline"})
    headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(kept.name)}"
    return Response(await after_sale.files.original(kept), media_type=kept.media_type, headers=headers)
