"""Documents as the desk sees them: versions, proposed fields with their words, reports, differences, conflicts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from knowledge.clause_diff import ClauseChange, content_hash
from knowledge.clauses import Hit, Lang
from knowledge.conflicts import Conflict, Side
from knowledge.documents import Documents
from knowledge.errors import PackError
from knowledge.ingest import FileReport
from knowledge.intake import UPLOAD
from knowledge.register import Point, State, Version
from knowledge.splitting import split
from server.views import ClauseView, clause_view

MAX_CLAUSES = 300


class VersionView(BaseModel):
    """One version of a document. `confirmed` is false while its head is only proposed."""

    key: str
    id: str
    version: str
    lang: Lang
    state: State
    title: str
    level: str | None
    status: str | None
    in_force_from: datetime | None
    in_force_to: datetime | None
    undated: bool
    content_date: str | None
    confirmed: bool
    platforms: list[str]
    regions: list[str]
    categories: list[str]
    channels: list[str]
    audiences: list[str]
    origin: str
    """The name of its file, or its address."""
    added_at: datetime | None
    holds: bool
    """Whether it is the version of its document that was published last."""
    broken: bool
    """Its file cannot be read any more; it answers nothing."""


class DocumentView(BaseModel):
    """A document with its versions, the newest first."""

    id: str
    lang: Lang
    title: str
    versions: list[VersionView]


class DocumentList(BaseModel):
    total: int
    documents: list[DocumentView]


class PointView(BaseModel):
    """A proposed field with the words it rests on. `applied` is false for what is only suggested."""

    field: str
    value: str
    quote: str
    start: int
    end: int
    why: str
    applied: bool


class ChangeView(BaseModel):
    at: datetime
    what: str
    who: str


class ClauseLine(BaseModel):
    ref: str
    heading: list[str]
    text: str
    hash: str


class WholeVersion(VersionView):
    """A version with what its head rests on, its clauses and what was done with it."""

    proposed: list[PointView]
    changes: list[ChangeView]
    clauses: list[ClauseLine]
    clauses_total: int
    family: list[VersionView]


class TakenFile(BaseModel):
    """What became of a file that was sent."""

    name: str
    what: str = Field(
        description="added, replaced, waiting, unchanged, restored, mended; `known` for a text another holds"
    )
    versions: list[VersionView]
    clauses: int
    encoding: str
    cut: dict[str, int] = Field(description="Characters left out, by reason.")
    proposed: list[PointView]
    same_as: str | None
    searchable: bool


class Moved(BaseModel):
    """The versions that a verb changed. `searchable`: this process's index has taken it over."""

    versions: list[VersionView]
    searchable: bool


class ChangedClause(BaseModel):
    what: Literal["added", "removed", "changed"]
    heading: list[str]
    before: str | None
    after: str | None


class Difference(BaseModel):
    before: str
    after: str
    changes: list[ChangedClause]


class FigureView(BaseModel):
    """A figure in its sentence. `value` in the unit of the conflict."""

    ref: str
    policy: str
    title: str
    level: str
    value: float
    sentence: str


class ConflictView(BaseModel):
    subject: str
    unit: str
    likeness: float
    first: FigureView
    second: FigureView


class Tried(BaseModel):
    """A clause that was found, with both scores. `sure`: the assistant would answer by it."""

    clause: ClauseView
    score: float
    lexical: float
    dense: float
    reranked: float | None
    """What a second look says, where the shop has one."""
    sure: bool
    confirmed: bool
    undated: bool
    of_document: bool
    """Of a document, not of the pack."""


class Trial(BaseModel):
    """A search as of an instant and in a place. From a score of `sure_at` on the assistant answers by a clause."""

    as_of: datetime
    sure_at: float
    hits: list[Tried]


def version_view(documents: Documents, version: Version, family: Sequence[Version] | None = None) -> VersionView:
    """A version as its head says now; one whose file is broken by what the register knows. `family` are all versions
    of its document in its language, where they are at hand.
    """
    if family is None:
        family = [each for each in documents.versions(version.id) if each.lang == version.lang]
    published = [each for each in family if each.state == "published"]
    holding = max(published, key=lambda each: each.order, default=None)
    known = {
        "key": version.key, "id": version.id, "version": version.version, "lang": version.lang,
        "state": version.state, "origin": _shown(version.origin),
        "added_at": version.changes[0].at if version.changes else None,
        "holds": holding is not None and holding.file == version.file,
    }  # fmt: skip
    try:
        policy = documents.policy(version)
    except PackError:
        empty: dict[str, object] = {
            axis: [] for axis in ("platforms", "regions", "categories", "channels", "audiences")
        }
        nothing = dict.fromkeys(("level", "status", "in_force_from", "in_force_to", "content_date"))
        return VersionView.model_validate(
            {**known, **empty, **nothing, "title": version.id, "undated": True, "confirmed": False, "broken": True}
        )
    scope = policy.scope
    return VersionView.model_validate(
        {
            **known, "title": policy.title, "level": policy.level, "status": policy.status,
            "in_force_from": policy.window.start, "in_force_to": policy.window.end, "undated": policy.undated,
            "content_date": policy.content_date, "confirmed": policy.confirmed, "broken": False,
            "platforms": sorted(scope.platforms), "regions": sorted(scope.regions),
            "categories": sorted(scope.categories), "channels": sorted(scope.channels),
            "audiences": sorted(scope.audiences),
        }
    )  # fmt: skip


def document_list(documents: Documents, words: str, state: State | None, limit: int) -> DocumentList:
    """Documents whose title, id or file holds `words`, with a version in `state`; the one changed last first.

    Reads the texts of those it shows, and for their titles of those it seeks in.
    """
    families: dict[tuple[str, Lang], list[Version]] = {}
    for version in documents.register().versions:
        families.setdefault((version.id, version.lang), []).append(version)
    in_state = [family for family in families.values() if state is None or any(each.state == state for each in family)]
    for family in in_state:
        family.sort(key=lambda each: -each.added)
    in_state.sort(key=lambda family: -family[0].added)
    if not words.strip():
        return DocumentList(total=len(in_state), documents=[_document(documents, each) for each in in_state[:limit]])
    sought = words.strip().casefold()
    found = [each for each in (_document(documents, family) for family in in_state) if sought in _told_by(each)]
    return DocumentList(total=len(found), documents=found[:limit])


def _document(documents: Documents, family: Sequence[Version]) -> DocumentView:
    """A document with its versions, the newest first."""
    views = [version_view(documents, each, family) for each in family]
    return DocumentView(id=family[0].id, lang=family[0].lang, title=views[0].title, versions=views)


def _told_by(document: DocumentView) -> str:
    return "\n".join((document.id, *(f"{each.title}\n{each.origin}" for each in document.versions))).casefold()


def whole_version(documents: Documents, version: Version) -> WholeVersion:
    """Raises `PackError` when its file is broken."""
    clauses = split(documents.policy(version))
    family = [each for each in documents.versions(version.id) if each.lang == version.lang]
    return WholeVersion.model_validate(
        {
            **version_view(documents, version).model_dump(),
            "proposed": point_views(version.points),
            "changes": [{"at": each.at, "what": each.what, "who": each.who} for each in version.changes],
            "clauses": [
                {"ref": each.ref, "heading": list(each.heading), "text": each.shown, "hash": content_hash(each)}
                for each in clauses[:MAX_CLAUSES]
            ],
            "clauses_total": len(clauses),
            "family": [version_view(documents, each, family) for each in sorted(family, key=lambda each: -each.added)],
        }
    )


def point_views(points: Iterable[Point]) -> list[PointView]:
    return [PointView(**{name: getattr(each, name) for name in PointView.model_fields}) for each in points]


def taken_file(documents: Documents, entry: FileReport, *, searchable: bool) -> TakenFile:
    found = [each for key in entry.policies for each in documents.versions(key)]
    return TakenFile(
        name=entry.path,
        what="known" if entry.same_as else entry.what.partition(" ")[0].rstrip(","),
        versions=[version_view(documents, each) for each in found],
        clauses=entry.clauses,
        encoding=entry.encoding,
        cut=entry.cut,
        proposed=point_views(entry.points),
        same_as=entry.same_as or None,
        searchable=searchable,
    )


def difference(before: Version, after: Version, changes: Sequence[ClauseChange]) -> Difference:
    return Difference(
        before=before.key,
        after=after.key,
        changes=[
            ChangedClause(
                what=each.what,
                heading=list(each.heading),
                before=each.before.shown if each.before else None,
                after=each.after.shown if each.after else None,
            )
            for each in changes
        ],
    )


def conflict_view(conflict: Conflict) -> ConflictView:
    return ConflictView(
        subject=conflict.subject,
        unit=conflict.unit,
        likeness=conflict.likeness,
        first=_figure(conflict.first),
        second=_figure(conflict.second),
    )


def _figure(side: Side) -> FigureView:
    return FigureView(**{name: getattr(side, name) for name in FigureView.model_fields})


def tried(hit: Hit, *, sure_at: float, of_document: bool) -> Tried:
    return Tried(
        clause=clause_view(hit.clause),
        score=hit.score,
        lexical=hit.lexical,
        dense=hit.dense,
        reranked=hit.reranked,
        sure=hit.score >= sure_at,
        confirmed=hit.clause.policy.confirmed,
        undated=hit.clause.policy.undated,
        of_document=of_document,
    )


def _shown(origin: str) -> str:
    """A file by its name, without the folders of this machine; an address as it is."""
    if origin.startswith(("http://", "https://")):
        return origin
    return origin.removeprefix(UPLOAD).replace("\\", "/").rpartition("/")[2]
