"""The shop's documents over HTTP: look, try a search; supervisors take files in, confirm, publish, withdraw.

A name is `ID` or `ID@VERSION`, of this server's shop alone. What is published answers when the request returns, what is
withdrawn no longer does, in every process that has the shop open.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, File, Form, Path, Query, UploadFile
from pydantic import AfterValidator, ConfigDict, Field
from starlette.exceptions import HTTPException

from assistant.errors import NotFound
from assistant.language import detect
from knowledge.clauses import Audience, Lang, Level, Status
from knowledge.conflicts import conflicts as find_conflicts
from knowledge.documents import Documents
from knowledge.errors import DocumentError
from knowledge.front_matter import instant
from knowledge.intake import Terms
from knowledge.register import Head, State, Version
from knowledge.scope_words import Axis, place_of, scope_word
from server.conversations import Body
from server.document_views import (
    ConflictView,
    Difference,
    DocumentList,
    Moved,
    TakenFile,
    Trial,
    WholeVersion,
    conflict_view,
    difference,
    document_list,
    taken_file,
    tried,
    version_view,
    whole_version,
)
from server.files import shown_name
from server.front import TheColleague, TheFront, TheSupervisor, limit_uploads, not_stopping
from server.library import Library
from server.problems import NothingToDo, responses
from server.shield import MAX_DOCUMENT

router = APIRouter(prefix="/v1/desk/documents", tags=["documents"], responses=responses(403))


def _instant(text: str) -> str:
    instant(text)
    return text


def _encoding(name: str) -> str:
    try:
        codecs.lookup(name or "utf-8")
    except LookupError:
        raise ValueError("no such encoding") from None
    return name


Name = Annotated[
    str,
    Path(
        max_length=200,
        pattern=r"^[a-z0-9][a-z0-9_./-]*(@[^\s@#/\x00]+)?$",
        description="`ID` or `ID@VERSION`.",
        examples=["doc/engraving@2026"],
    ),
]
Instant = Annotated[
    str, Field(max_length=40, description="A date or instant; without a zone in Shanghai."), AfterValidator(_instant)
]
Word = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\x00]*$")]
Words = Annotated[list[Word], Field(max_length=20)]
WRITES = [Depends(not_stopping)]


class HeadBody(Body):
    """What is right about a version; what is left out stays as it is proposed. `null` as an end is open."""

    title: Word | None = None
    level: Level | None = None
    status: Status | None = None
    in_force_from: Instant | None = None
    in_force_to: Instant | None = None
    platforms: Words | None = None
    regions: Words | None = None
    categories: Words | None = None
    channels: Words | None = None
    audiences: list[Audience] | None = None
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"in_force_from": "2026-11-01", "platforms": ["taobao"]}]},
    )


def the_library(front: TheFront, _colleague: TheColleague) -> Library:
    """Raises `NotFound` for a shop that is kept in memory only."""
    if front.library is None:
        raise NotFound("This shop keeps no documents.")
    return front.library


TheLibrary = Annotated[Library, Depends(the_library)]


@router.get("")
async def list_documents(
    library: TheLibrary,
    q: Annotated[str, Query(max_length=100, pattern=r"^[^\x00]*$", description="In title, id or file.")] = "",
    state: Annotated[State | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 200,
) -> DocumentList:
    """All documents with their versions, which of them hold, and what is still to be confirmed."""
    return await library.off_loop(lambda: document_list(library.documents, q, state, limit))


@router.post("/files", status_code=201, dependencies=[*WRITES, Depends(limit_uploads)], responses=responses(403, 413))
async def take_file(
    front: TheFront,
    library: TheLibrary,
    supervisor: TheSupervisor,
    *,
    file: Annotated[UploadFile, File(description="md, txt, html, pdf, docx, xlsx, csv or jsonl, at most 16 MB.")],
    draft: Annotated[bool, Form(description="Let it wait until somebody confirms or publishes it.")] = True,
    encoding: Annotated[
        str, Form(max_length=40, description="Of a text that does not say it."), AfterValidator(_encoding)
    ] = "",
) -> TakenFile:
    """Take one file in, read in a process of its own under limits; its report says what was kept, cut and proposed.

    The same name again is the next version of the same document.
    """
    content = await file.read(MAX_DOCUMENT + 1)
    if len(content) > MAX_DOCUMENT:
        raise HTTPException(413)
    now = front.assistant.engine.clock.now()
    terms = Terms(as_draft=draft, encoding=encoding, who=supervisor.name)
    entry = await library.take(shown_name(file.filename), content, terms, now)
    searchable = await library.settled()
    return await library.off_loop(lambda: taken_file(library.documents, entry, searchable=searchable))


@router.get("/search")
async def try_search(
    front: TheFront,
    library: TheLibrary,
    *,
    q: Annotated[str, Query(min_length=1, max_length=200, pattern=r"^[^\x00]*$")],
    as_of: Annotated[Instant | None, Query()] = None,
    platform: Annotated[Word | None, Query()] = None,
    region: Annotated[Word | None, Query()] = None,
    category: Annotated[Word | None, Query()] = None,
    channel: Annotated[Word | None, Query()] = None,
    audience: Annotated[Audience, Query()] = "customer",
    lang: Annotated[Lang | None, Query()] = None,
    k: Annotated[int, Query(ge=1, le=20)] = 5,
) -> Trial:
    """What would be found as of an instant and in a place, with both scores, and whether it would be answered by."""
    engine = front.assistant.engine
    at = instant(as_of) if as_of is not None else engine.clock.now()
    place = place_of(platform, region, category, channel, audience)
    sure_at = engine.profile.answer_confidence
    index = engine.index
    hits = await library.off_loop(
        lambda: index.search(q, as_of=at, place=place, lang=lang or detect(q), k=k, include_undated=True)
    )
    of_pack = {policy.key for policy in library.pack}
    return Trial(
        as_of=at,
        sure_at=sure_at,
        hits=[tried(hit, sure_at=sure_at, of_document=hit.clause.policy.key not in of_pack) for hit in hits],
    )


@router.get("/conflicts")
async def list_conflicts(
    front: TheFront,
    library: TheLibrary,
    at: Annotated[Instant | None, Query()] = None,
    everything: Annotated[bool, Query(description="Also between two policies of the pack.")] = False,
) -> list[ConflictView]:
    """Clauses in force together that give different figures of one thing, the most alike first."""
    as_of = instant(at) if at is not None else front.assistant.engine.clock.now()

    def found() -> list[ConflictView]:
        own = library.documents.policies()
        keys = {policy.key for policy in own}
        pairs = find_conflicts((*library.pack, *own), at=as_of)
        return [conflict_view(each) for each in pairs if everything or {each.first.policy, each.second.policy} & keys]

    return await library.off_loop(found)


@router.get("/versions/{name:path}")
async def read_version(library: TheLibrary, name: Name) -> WholeVersion:
    """One version, or the newest of a document: its head, the words each proposed field rests on, clauses, history."""
    versions = await known(library, name)
    return await library.off_loop(lambda: whole_version(library.documents, max(versions, key=lambda each: each.added)))


@router.get("/diff/{name:path}", responses=responses(403, 409))
async def read_difference(
    library: TheLibrary,
    name: Name,
    against: Annotated[str | None, Query(max_length=200, pattern=r"^[^\x00]*$", description="A version.")] = None,
) -> Difference:
    """What a version says otherwise than the one before it, or than `against`, clause by clause."""
    await known(library, name)

    def found() -> Difference:
        try:
            before, after = library.documents.compared(name, against)
        except DocumentError as error:
            raise NothingToDo(error.what) from error
        return difference(before, after, library.documents.diff(after.key, before.key))

    return await library.off_loop(found)


@router.post("/confirm/{name:path}", dependencies=WRITES, responses=responses(403, 409))
async def confirm(
    front: TheFront, library: TheLibrary, supervisor: TheSupervisor, name: Name, body: HeadBody | None = None
) -> Moved:
    """Say that a head is right as proposed, or what is right instead. A draft is published with it."""
    said = body if body is not None else HeadBody()
    versions = await known(library, name)
    newest = max(versions, key=lambda each: each.added)
    at = front.assistant.engine.clock.now()
    head = await library.off_loop(lambda: _head(said, library.documents, newest))
    return await _changed(library, lambda: library.documents.confirm(name, head, at=at, who=supervisor.name))


@router.post("/{verb}/{name:path}", dependencies=WRITES, responses=responses(403, 409))
async def move(
    front: TheFront,
    library: TheLibrary,
    supervisor: TheSupervisor,
    verb: Literal["publish", "draft", "withdraw", "rollback"],
    name: Name,
) -> Moved:
    """Let a version answer, take it back into waiting, take it from everybody, or let the one before hold again."""
    await known(library, name)
    at, who = front.assistant.engine.clock.now(), supervisor.name
    documents = library.documents
    verbs: dict[str, Callable[[], list[Version]]] = {
        "publish": lambda: documents.publish(name, at=at, who=who),
        "draft": lambda: documents.draft(name, at=at, who=who),
        "withdraw": lambda: documents.withdraw(name, at=at, who=who),
        "rollback": lambda: documents.rollback(name, at=at, who=who),
    }

    def moved() -> list[Version]:
        try:
            return verbs[verb]()
        except DocumentError as error:
            raise NothingToDo(error.what) from error

    return await _changed(library, moved)


async def known(library: Library, name: str) -> list[Version]:
    """The versions of `name` in this shop. Raises `NotFound`."""
    versions = await library.off_loop(library.documents.register)
    found = [each for each in versions.versions if name in (each.id, each.key)]
    if not found:
        raise NotFound("There is no such document.")
    return found


def _head(said: HeadBody, documents: Documents, version: Version) -> Head:
    """A half of the window that was not named stays as it is proposed."""
    window: tuple[datetime | None, datetime | None] | None = None
    named = said.model_fields_set & {"in_force_from", "in_force_to"}
    if named:
        now = documents.policy(version).window
        start = instant(said.in_force_from) if said.in_force_from is not None else None
        end = instant(said.in_force_to) if said.in_force_to is not None else None
        window = (
            start if "in_force_from" in named else now.start,
            end if "in_force_to" in named else now.end,
        )
    return Head(
        title=said.title,
        level=said.level,
        status=said.status,
        window=window,
        platforms=_named("platforms", said.platforms),
        regions=_named("regions", said.regions),
        categories=_named("categories", said.categories),
        channels=_all(said.channels),
        audiences=_all(said.audiences),
    )


def _named(axis: Axis, names: Sequence[str] | None) -> tuple[str, ...] | None:
    return tuple(dict.fromkeys(scope_word(axis, name) for name in names)) if names is not None else None


def _all(names: Sequence[str] | None) -> tuple[str, ...] | None:
    return tuple(names) if names is not None else None


async def _changed(library: Library, verb: Callable[[], list[Version]]) -> Moved:
    done = await library.off_loop(verb)
    searchable = await library.settled()
    views = await library.off_loop(lambda: [version_view(library.documents, each) for each in done])
    return Moved(versions=views, searchable=searchable)
