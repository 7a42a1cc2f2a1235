"""The documents of a shop: what it has taken in, version by version, and which of them may answer.

A folder beside the shop's data holds one file per version, which is never changed, and a register. A document is found
and quoted with the pack's policies as long as a version of it is *published*; a *draft* waits, a *withdrawn* one is
gone for everybody. None of them decides: tables decide only in a pack. Identity is by content: taking the same text
again changes nothing. What nobody has confirmed never displaces what a person has.

Every verb returns the versions it changed and takes effect, by one atomic write, in every process that has the folder
open (`live_index`). Names are `ID` or `ID@VERSION`; a name means every language of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from knowledge.clause_diff import ClauseChange, diff
from knowledge.clauses import Lang, Policy
from knowledge.errors import DocumentError, PackError
from knowledge.ingest import IngestResult
from knowledge.register import (
    UNCONFIRMED,
    Change,
    Head,
    Point,
    Register,
    Signature,
    Source,
    State,
    Version,
    changing,
    read_register,
    signature,
    write_register,
)
from knowledge.supersession import Published, in_time
from knowledge.version_files import VersionFiles, as_file, body_hash, file_name, has_own_head

DOCUMENTS_FOLDER = "documents"
"""The name of the folder in a shop's data directory."""

What = Literal["added", "replaced", "unchanged", "waiting", "restored", "mended"]
"""`replaced`: another version held before; `waiting`: a draft until a person confirms or publishes it; `mended`: known,
and its damaged file is whole again."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of one ingested policy."""

    policy: str
    """`id@version`"""
    path: str
    what: What
    state: State = "published"


class Documents:
    """The documents in one folder. Reads are cached by what lies on disk; safe for use from several threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: tuple[Signature, Register] = (None, Register())
        self._files = VersionFiles(folder)

    @property
    def signature(self) -> Signature:
        """Changes with every change of any version. One `stat`."""
        return signature(self.folder)

    @property
    def generation(self) -> int:
        return self.register().generation

    def register(self) -> Register:
        """The register as it lies on disk. Without one, files that lie there are drafts: which of them had been
        withdrawn, and from when each held, went with it.
        """
        now = self.signature
        if now is None or now != self._known[0]:
            self._known = now, read_register(self.folder) if now is not None else self._adopted()
        return self._known[1]

    def policies(self) -> tuple[Policy, ...]:
        """What may be searched: published versions, by path, each within the window that later ones leave it.

        A version whose text is damaged answers nothing, and neither do those that it might have ended (`damaged`).
        """
        published = [each for each in self.register().versions if each.state == "published"]
        published.sort(key=lambda each: each.file)
        sound: list[Published] = []
        lost: dict[tuple[str, str], int] = {}
        for each in published:
            try:
                sound.append(Published(self.policy(each), each.order))
            except PackError:
                family = (each.id, each.lang)
                lost[family] = max(each.order, lost.get(family, 0))
        return in_time(each for each in sound if _outlives(each, lost.get((each.policy.id, each.policy.lang), 0)))

    def damaged(self) -> list[tuple[Version, PackError]]:
        """The versions whose text is missing, or is not what was taken in, each with what is wrong."""
        found: list[tuple[Version, PackError]] = []
        for each in self.register().versions:
            try:
                self._files.policy(each)
            except PackError as error:
                found.append((each, error))
        return found

    def is_whole(self, version: Version) -> bool:
        """Whether the file of a version is what was written."""
        return self._files.damage(version) is None

    def live(self) -> frozenset[tuple[str, Lang]]:
        """`(id@version, language)` of what is published; no text is read for it."""
        return frozenset((each.key, each.lang) for each in self.register().versions if each.state == "published")

    def policy(self, version: Version) -> Policy:
        """One version as its file and its head in the register say, whatever its state.

        Raises `VersionDamaged` when its text is not what was taken in.
        """
        policy = self._files.policy(version)
        stated = version.head.over(policy)
        if stated.confirmed and stated.source.startswith(UNCONFIRMED):
            return replace(stated, source=stated.source.removeprefix(UNCONFIRMED).strip())
        return stated

    def versions(self, name: str | None = None) -> list[Version]:
        """All versions, or those of `name`, by document and the order they were added in. `name` is an id, an id with
        its version, or the name of the file a document was taken from.

        Raises `DocumentError` when there is none of that name, or several documents are from a file of that name.
        """
        held = self.register().versions
        found = [each for each in held if name is None or name in (each.id, each.key)]
        if not found and name is not None:
            found = [each for each in held if name in (each.origin, Path(each.origin).name, Path(each.origin).stem)]
            if len(ids := dict.fromkeys(each.id for each in found)) > 1:
                raise DocumentError(
                    f"{len(ids)} documents are from {name}: {', '.join(ids)}.", mend="Name one by its id."
                )
        if not found and name is not None:
            raise DocumentError(f"There is no document {name}.", mend="See them with `xiaoer docs list`.")
        return sorted(found, key=lambda each: (each.id, each.lang, each.added))

    def current(self, id: str, lang: Lang) -> Version | None:
        """The version of a document published last."""
        return _last_published(self.register(), id, lang)

    # ── taking documents in ──────────────────────────────────────────────────────────────────────────────────────────

    def keep(
        self,
        taken: Iterable[Policy],
        *,
        at: datetime,
        pack: Iterable[Policy] = (),
        points: Callable[[Policy], Sequence[Point]] = lambda policy: (),
        source: tuple[str, Source] | None = None,
        as_draft: bool = False,
        who: str = "",
    ) -> list[Kept]:
        """Add what was read as versions, all of it or nothing. `source` is remembered with them, and `who` gave it.

        Raises `DocumentError` when the pack holds a policy of the same id and version, or when a version that was
        published comes again with other words.
        """
        policies = tuple(taken)
        of_pack = {(policy.key, policy.lang) for policy in pack}
        for policy in policies:
            if (policy.key, policy.lang) in of_pack:
                raise DocumentError(
                    f"{Path(policy.path).name}: {policy.key} is a policy of the pack.", mend="Change it there."
                )
        with changing(self.folder):
            register = self.register()
            before = register
            kept: list[Kept] = []
            files: list[str] = []
            for policy in policies:
                register, version, what = self._with(register, policy, Change(at, "", who), points(policy), as_draft)
                files.append(version.file)
                kept.append(Kept(version.key, str(self.folder / version.file), what, version.state))
            if source is not None:
                known = {**register.sources, source[0]: replace(source[1], files=tuple(files))}
                register = replace(register, sources=known)
            if register != before or self.signature is None or any(each.what == "mended" for each in kept):
                self._write(register)
        return kept

    def _with(
        self, register: Register, policy: Policy, by: Change, points: Sequence[Point], as_draft: bool
    ) -> tuple[Register, Version, What]:
        content = body_hash(policy)
        family = [each for each in register.versions if (each.id, each.lang) == (policy.id, policy.lang)]
        latest = max(family, key=lambda each: each.added, default=None)
        again = latest if latest is not None and latest.content == content else None
        again = again or next((each for each in family if each.content == content), None)
        if again is not None and not self.is_whole(again):
            return *self._mended(register, again, policy, points), "mended"
        if again is not None and again is latest:
            return register, again, "unchanged"
        holds = _last_published(register, policy.id, policy.lang)
        waits = as_draft or (holds is not None and not policy.confirmed and self._is_confirmed(holds))
        if again is not None:
            if again.state == "published" and (again is holds or waits):
                return register, again, "unchanged"
            if again.state == "published":
                return *_newest_again(register, again, by), "restored"
            moved = _moved(register, again, "draft" if waits else "published", by.at, by.who)
            return *moved, "waiting" if waits else "restored"
        number = max((each.added for each in register.versions), default=0) + 1
        named, text = as_file(policy, {each.version for each in family}, points)
        file = file_name(named)
        if has_own_head(policy) and any(each.file == file and each.state != "draft" for each in family):
            raise DocumentError(
                f"{Path(policy.path).name}: {policy.key} was published with other words.",
                mend="Give it another version.",
            )
        digest = self._files.write(file, text)
        version = Version(
            policy.id,
            named.version,
            policy.lang,
            file,
            content,
            "draft" if waits else "published",
            digest,
            order=0 if waits else _next_order(register),
            added=number,
            origin=policy.path,
            points=tuple(points),
            changes=(replace(by, what="draft" if waits else "published"),),
        )
        others = tuple(each for each in register.versions if each.file != file)
        changed = replace(register, versions=(*others, version))
        return changed, version, "waiting" if waits else "replaced" if holds else "added"

    # ── verbs of a person ────────────────────────────────────────────────────────────────────────────────────────────

    def publish(self, name: str, *, at: datetime, who: str = "") -> list[Version]:
        """Let a version answer: the one named, or the newest of the document."""
        return self._move(lambda: self._newest(name), "published", at, who)

    def draft(self, name: str, *, at: datetime, who: str = "") -> list[Version]:
        """Take a version back into waiting: the one named, or all published ones of the document."""
        return self._move(lambda: self._published(name), "draft", at, who)

    def withdraw(self, name: str, *, at: datetime, who: str = "") -> list[Version]:
        """Take a version, or a document with all its versions, from everybody."""

        def chosen() -> list[Version]:
            found = [each for each in self.versions(name) if each.state != "withdrawn"]
            if not found:
                raise DocumentError(f"{name} is withdrawn already.")
            return found

        return self._move(chosen, "withdrawn", at, who)

    def rollback(self, name: str, *, at: datetime, who: str = "") -> list[Version]:
        """Let the version before the present one hold again (`ID`), or the one named (`ID@VERSION`).

        What was published after it is withdrawn. Raises `DocumentError` when there is nothing to go back to.
        """
        with changing(self.folder):
            register = self.register()
            done: list[Version] = []
            for id, lang in sorted({(each.id, each.lang) for each in self.versions(name)}):
                target, later = self._way_back(name, id, lang)
                for version in later:
                    register, _ = _moved(register, version, "withdrawn", at, who)
                register, target = _moved(register, target, "published", at, who)
                done.append(target)
            self._write(register)
        return done

    def confirm(self, name: str, head: Head | None = None, *, at: datetime, who: str = "") -> list[Version]:
        """A person says that a version's head is right, or what is right instead; a draft is published with it.

        One without a known date, or with that of a confirmed version whose words it changes, holds from the moment of
        the confirmation unless `head` says from when: until then the other held, and whoever asks as of then finds it.
        """
        said = replace(head or Head(), confirmed=True)
        start, end = said.window or (None, None)
        if start is not None and end is not None and end <= start:
            raise DocumentError("The time it holds ends before it begins.", mend="The end is exclusive.")
        with changing(self.folder):
            register = self.register()
            done: list[Version] = []
            for version in self._newest(name):
                begins = said.window is None and (self.policy(version).undated or self._changes_words(version, at))
                own = replace(said, window=(at, None)) if begins else said
                changed = replace(
                    version, head=version.head.with_(own), changes=(*version.changes, Change(at, "confirmed", who))
                )
                register = _exchanged(register, changed)
                if changed.state != "published":
                    register, changed = _moved(register, changed, "published", at, who)
                done.append(changed)
            self._write(register)
        return done

    def forget(self, name: str) -> list[Version]:
        """Delete versions with their texts, as if they had never been taken."""
        gone = self.versions(name)
        files = {each.file for each in gone}
        with changing(self.folder):
            register = self.register()
            sources = {n: s for n, s in register.sources.items() if not files.intersection(s.files)}
            self._write(
                replace(register, versions=tuple(v for v in register.versions if v.file not in files), sources=sources)
            )
        for file in files:
            self._files.remove(file)
        return gone

    def diff(self, name: str, against: str | None = None) -> list[ClauseChange]:
        """What `name` says otherwise than `against`, see `compared`."""
        before, after = self.compared(name, against)
        return diff(self.policy(before), self.policy(after))

    def compared(self, name: str, against: str | None = None) -> tuple[Version, Version]:
        """The version before, or `against`, and the one named: by default the newest against the one that holds, or
        against the one added before it. Raises `DocumentError` when there is none.
        """
        after = self._newest(name)[0]
        family = [each for each in self.versions(after.id) if each.lang == after.lang and each.added != after.added]
        if against is not None:
            family = [each for each in family if against in (each.version, each.key)]
        elif after.state != "published":
            family = [each for each in family if each.state == "published"] or family
        else:
            family = [each for each in family if each.added < after.added] or family
        if not family:
            raise DocumentError(
                f"There is nothing to compare {after.key} with.", mend=f"See `xiaoer docs show {after.id}`."
            )
        return family[-1], after

    def _changes_words(self, version: Version, at: datetime) -> bool:
        """Whether another confirmed version begins when this one says that it begins, which is past."""
        start = self.policy(version).window.start
        others = (each for each in self.versions(version.id) if each.lang == version.lang and each != version)
        return (
            start is not None
            and start < at
            and any(
                each.state == "published" and (other := self.policy(each)).confirmed and other.window.start == start
                for each in others
            )
        )

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _newest(self, name: str) -> list[Version]:
        """Of each language, the version named, or the newest of the document."""
        by_lang: dict[Lang, Version] = {}
        for each in self.versions(name):
            by_lang[each.lang] = each
        return list(by_lang.values())

    def _published(self, name: str) -> list[Version]:
        chosen = [each for each in self.versions(name) if each.state == "published"]
        if not chosen:
            raise DocumentError(f"No version of {name} is published.", mend=f"See `xiaoer docs show {name}`.")
        return chosen

    def _way_back(self, name: str, id: str, lang: Lang) -> tuple[Version, list[Version]]:
        """The version that shall hold again, and those published after it."""
        family = [each for each in self.versions(id) if each.lang == lang and each.order]
        family.sort(key=lambda each: each.order)
        standing = [each for each in family if each.state == "published"]
        target = next((each for each in family if each.key == name), standing[-2] if len(standing) > 1 else None)
        if target is None:
            raise DocumentError(f"There is no version of {id} to go back to.", mend=f"See `xiaoer docs show {id}`.")
        return target, [each for each in family if each.order > target.order]

    def _move(self, pick: Callable[[], Sequence[Version]], state: State, at: datetime, who: str) -> list[Version]:
        with changing(self.folder):
            register = self.register()
            done: list[Version] = []
            for version in pick():
                register, moved = _moved(register, version, state, at, who)
                done.append(moved)
            self._write(register)
        return done

    def _write(self, register: Register) -> None:
        write_register(self.folder, register)

    def _mended(
        self, register: Register, version: Version, policy: Policy, points: Sequence[Point]
    ) -> tuple[Register, Version]:
        """The file of a version written anew from its source, which says the same."""
        named = policy if has_own_head(policy) else replace(policy, version=version.version)
        _, text = as_file(named, set(), points)
        mended = replace(version, digest=self._files.write(version.file, text), points=tuple(points))
        return _exchanged(register, mended), mended

    def _is_confirmed(self, version: Version) -> bool:
        """Whether a person has confirmed a version; yes where that can no longer be read."""
        try:
            return self.policy(version).confirmed
        except PackError:
            return True

    def _adopted(self) -> Register:
        """Files that lie in a folder without a register."""
        if not self.folder.is_dir():
            return Register()
        versions = [
            Version(
                policy.id,
                policy.version,
                policy.lang,
                str(Path(policy.path).relative_to(self.folder)),
                body_hash(policy),
                "draft",
                added=number,
                origin=policy.path,
            )
            for number, policy in enumerate(self._files.found(), start=1)
        ]
        return Register(versions=tuple(versions))


def read_documents(folder: Path | None) -> tuple[Policy, ...]:
    """What of the documents in `folder` may be searched; none where there is no folder."""
    return Documents(folder).policies() if folder is not None else ()


def keep(result: IngestResult, folder: Path, *, at: datetime, pack: Iterable[Policy] = ()) -> list[Kept]:
    """`Documents.keep` for what `ingest` read."""
    points = {key: entry.points for entry in result.report for key in entry.policies}
    return Documents(folder).keep(result.policies, at=at, pack=pack, points=lambda policy: points.get(policy.key, ()))


def _moved(register: Register, version: Version, state: State, at: datetime, who: str = "") -> tuple[Register, Version]:
    if version.state == state:
        return register, version
    order = _next_order(register) if state == "published" else version.order
    moved = replace(version, state=state, order=order, changes=(*version.changes, Change(at, state, who)))
    return _exchanged(register, moved), moved


def _newest_again(register: Register, version: Version, by: Change) -> tuple[Register, Version]:
    """A published version whose words came back: it is what was published last."""
    changes = (*version.changes, replace(by, what="published"))
    moved = replace(version, order=_next_order(register), changes=changes)
    return _exchanged(register, moved), moved


def _exchanged(register: Register, version: Version) -> Register:
    versions = tuple(version if each.file == version.file else each for each in register.versions)
    return replace(register, versions=versions)


def _next_order(register: Register) -> int:
    return max((each.order for each in register.versions), default=0) + 1


def _last_published(register: Register, id: str, lang: Lang) -> Version | None:
    family = [each for each in register.versions if (each.id, each.lang, each.state) == (id, lang, "published")]
    return max(family, key=lambda each: each.order, default=None)


def _outlives(each: Published, damaged: int) -> bool:
    """Whether a version holds whatever a damaged one of its document said, which was published as number `damaged`."""
    return not damaged or (each.order > damaged and each.policy.as_found)


__all__ = ["DOCUMENTS_FOLDER", "Documents", "Kept", "What", "keep", "read_documents"]
