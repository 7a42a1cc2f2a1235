"""A pack: the folder that makes one shop, with the packs it extends underneath.

A child overrides its parents: YAML mappings are merged key by key, a list or a policy version is replaced as a whole.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from knowledge.asked import FILE, with_asked
from knowledge.clauses import Policy
from knowledge.errors import CyclicPackError, PackError
from knowledge.front_matter import parse_policy
from knowledge.yaml_text import YamlText, read_yaml

SHIPPED = Path(__file__).parent / "packs"
"""Where the packs that come with the package lie; true in a checkout and in an installed wheel."""


@dataclass(frozen=True)
class Pack:
    """One shop's folder and its parents, `chain` from the child to the eldest.

    `policies` holds every version in every language; where a child restates `id@version` in a language, the parent's
    text of it is left out.
    """

    name: str
    path: Path
    chain: tuple[Path, ...]
    policies: tuple[Policy, ...] = field(repr=False)
    _files: dict[str, tuple[YamlText, ...]] = field(default_factory=dict, repr=False, compare=False)

    def data(self, stem: str) -> dict[str, Any]:
        """`stem.yaml` of the whole chain as one mapping; empty when no pack has the file. Read once; do not change it.

        Raises `PackError` for broken YAML or a file whose top level is not a mapping.
        """
        merged: dict[str, Any] = {}
        for document in reversed(self.files(stem)):
            if document.data is None:
                continue
            if not isinstance(document.data, dict):
                raise PackError(f"`{stem}.yaml` must be a mapping of names.", file=document.path)
            merged = _merge(merged, document.data)
        return merged

    def files(self, stem: str) -> tuple[YamlText, ...]:
        """`stem.yaml` of each pack that has it, child first."""
        if stem not in self._files:
            paths = [folder / f"{stem}.yaml" for folder in self.chain]
            self._files[stem] = tuple(read_yaml(_text(path), path) for path in paths if path.is_file())
        return self._files[stem]

    def where(self, stem: str, *way: str | int) -> tuple[Path, int]:
        """File and line at which the value of `data(stem)` under `way` was written; the nearest pack wins."""
        documents = self.files(stem)
        for document in documents:
            if way in document.lines:
                return document.path, document.lines[way]
        if documents:
            return documents[0].path, documents[0].line(*way)
        return self.path / f"{stem}.yaml", 1

    def rows(self, stem: str) -> list[dict[str, Any]]:
        """The records of `stem.jsonl`, `.csv` or `.yaml` (a list) of the nearest pack that has one; else none.

        CSV values are text, an empty cell is absent. Raises `PackError` with file and line.
        """
        for folder in self.chain:
            for suffix, read in ((".jsonl", _json_lines), (".csv", _csv_rows), (".yaml", _yaml_rows)):
                path = folder / f"{stem}{suffix}"
                if path.is_file():
                    return list(read(path))
        return []


def load_pack(path_or_name: str | Path) -> Pack:
    """Load a pack from a folder, or one that is shipped (`cn_retail`, `demo`) by its name.

    Raises `PackError` when there is no such pack or a file is broken, `CyclicPackError` when packs extend each other in
    a ring; both name file and line.
    """
    chain = open_pack(path_or_name)
    bare = Pack(chain[0].name, chain[0], chain, ())
    return replace(bare, policies=tuple(with_asked(read_policies(chain), bare.files(FILE))))


def open_pack(path_or_name: str | Path) -> tuple[Path, ...]:
    """The folders of a pack and its parents, child first, without reading policies. Raises as `load_pack` does."""
    path = _find(str(path_or_name), beside=Path.cwd())
    if path is None:
        raise PackError(
            f"There is no pack `{path_or_name}`.",
            file=Path(path_or_name),
            mend=f"Name a folder with a shop.yaml, or one of: {', '.join(shipped_packs())}.",
        )
    return _chain(path)


def shipped_packs() -> list[str]:
    """The names of the packs that come with the package."""
    return sorted(folder.name for folder in SHIPPED.iterdir() if (folder / "shop.yaml").is_file())


def _find(name: str, *, beside: Path) -> Path | None:
    for folder in (beside / name, SHIPPED / name):
        if (folder / "shop.yaml").is_file():
            return folder.resolve()
    return None


def _chain(path: Path) -> tuple[Path, ...]:
    chain = [path]
    while True:
        shop = chain[-1] / "shop.yaml"
        document = read_yaml(_text(shop), shop)
        parent = document.data.get("extends") if isinstance(document.data, dict) else None
        if parent is None:
            return tuple(chain)
        line = document.line("extends")
        found = _find(str(parent), beside=chain[-1].parent) or _find(str(parent), beside=chain[-1])
        if found is None:
            raise PackError(
                f"The parent pack `{parent}` is not there.",
                file=shop,
                line=line,
                mend=f"Extend a folder or one of: {', '.join(shipped_packs())}.",
            )
        if found in chain:
            ring = " → ".join(folder.name for folder in [*chain[chain.index(found) :], found])
            raise CyclicPackError(f"Packs extend each other: {ring}.", file=shop, line=line, mend="Break the ring.")
        chain.append(found)


def read_policies(chain: tuple[Path, ...], problems: list[PackError] | None = None) -> Iterator[Policy]:
    """The policies of the folders in `chain`, those a child restates left out.

    Raises `FrontMatterError` or `PackError`; given a list of `problems`, it notes them there and reads on.
    """
    seen: dict[tuple[str, str], Path] = {}
    for folder in chain:
        for path in sorted((folder / "policies").rglob("*.md")):
            try:
                policy = parse_policy(_text(path), path)
                name = (policy.key, policy.lang)
                if seen.setdefault(name, path).is_relative_to(folder) and seen[name] != path:
                    what = f"`{policy.key}` stands twice in {policy.lang}: here and in {seen[name].name}."
                    raise PackError(what, file=path, mend="Give one of them its own id or version.")
            except PackError as problem:
                if problems is None:
                    raise
                problems.append(problem)
                continue
            if seen[name] == path:
                yield replace(policy, inherited=folder != chain[0])


def _merge(parent: dict[str, Any], child: dict[str, Any]) -> dict[str, Any]:
    merged = dict(parent)
    for key, value in child.items():
        above = merged.get(key)
        merged[key] = _merge(above, value) if isinstance(above, dict) and isinstance(value, dict) else value
    return merged


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise PackError("The file is not UTF-8.", file=path, mend="Save it as UTF-8.") from error


def _json_lines(path: Path) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except json.JSONDecodeError as error:
            raise PackError(f"Not JSON: {error.msg}.", file=path, line=number) from error
        if not isinstance(record, dict):
            raise PackError("Each line must be one JSON object.", file=path, line=number)
        yield record


def _csv_rows(path: Path) -> Iterator[dict[str, Any]]:
    for record in csv.DictReader(_text(path).lstrip("\ufeff").splitlines()):
        yield {key: value for key, value in record.items() if key and value}


def _yaml_rows(path: Path) -> Iterator[dict[str, Any]]:
    document = read_yaml(_text(path), path)
    rows = document.data if isinstance(document.data, list) else []
    for index, record in enumerate(rows):
        if not isinstance(record, dict):
            raise PackError("Each row must be a mapping.", file=path, line=document.line(index))
        yield record
