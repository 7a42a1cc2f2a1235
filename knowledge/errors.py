"""What can go wrong, as one tree.

XiaoerError                 anything this project raises on purpose
├── PackError               a pack cannot be used: what, where (file:line) and how to mend it
│   ├── FrontMatterError    the head of a policy file does not parse or lacks a field
│   ├── VersionDamaged      the text of a taken-in document is missing, or not what was taken in
│   ├── TableError          a decision table does not compile
│   ├── CyclicPackError     packs extend each other in a ring
│   └── UnknownFactError    a table, flow or caller names a fact that `facts.yaml` does not define
├── DocumentError           a document cannot be read or cleaned
├── IndexDamaged            index files do not match their manifest; the index rebuilds itself
├── EmbedderUnavailable     an embedder is not installed, or its endpoint does not answer
├── RerankerUnavailable     a reranker is not installed, or does not answer
├── UnknownTable            no policy of the pack has that table
├── UnknownClause           no policy of the index has that clause
└── FactTypeError           a fact was given with a value of another type than its definition
"""

from __future__ import annotations

from pathlib import Path


class XiaoerError(Exception):
    """Anything this project raises on purpose. `mend` says what the reader can do about it."""

    def __init__(self, what: str, *, mend: str = "") -> None:
        self.what = what
        self.mend = mend
        super().__init__(f"{what} {mend}".strip())


class PackError(XiaoerError):
    """A pack cannot be used. `where` is `file:line` (line from 1), so that an editor can jump to it."""

    def __init__(self, what: str, *, file: Path | str, line: int = 1, mend: str = "") -> None:
        self.file = Path(file)
        self.line = line
        super().__init__(what, mend=mend)

    @property
    def where(self) -> str:
        return f"{self.file}:{self.line}"

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" + (f" Mend: {self.mend}" if self.mend else "")


class FrontMatterError(PackError):
    """The head of a policy file does not parse or lacks a field."""


class VersionDamaged(PackError):
    """The text of a document's version is missing, or is not what was taken in."""


class TableError(PackError):
    """A decision table does not compile."""


class CyclicPackError(PackError):
    """Packs extend each other in a ring."""


class UnknownFactError(PackError):
    """A table or flow names a fact that `facts.yaml` does not define."""


class DocumentError(XiaoerError):
    """A document cannot be read or cleaned."""


class IndexDamaged(XiaoerError):
    """Index files do not match their manifest."""


class EmbedderUnavailable(XiaoerError):
    """An embedder is not installed, or its endpoint does not answer."""


class RerankerUnavailable(XiaoerError):
    """A reranker is not installed, or does not answer, or not in the form agreed on."""


class VectorsAway(XiaoerError):
    """A database that keeps vectors does not answer, or no longer has them."""


class UnknownTable(XiaoerError):
    """No policy of the pack has that table."""


class UnknownClause(XiaoerError):
    """No policy of the index has that clause."""


class FactTypeError(XiaoerError):
    """A fact was given with a value of another type than its definition."""
