"""What the author of a shop's data wrote, as types; what is wrong with it is named by its key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from knowledge.errors import XiaoerError

M = TypeVar("M", bound=BaseModel)


def typed(model: type[M], data: object, *, where: str, under: Sequence[str] = ()) -> M:
    """`data` as a `model`. `where` names the file or the row that it stands in, `under` the keys above it there.

    Raises `XiaoerError` that names the first key at fault.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in (*under, *first["loc"]))
        at = f"{where}: `{key}`" if key else where
        raise XiaoerError(f"{at}: {first['msg']}.", mend=f"Correct this in {where}.") from error
