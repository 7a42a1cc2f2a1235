"""A shop's own figures, typed."""

from __future__ import annotations

import pytest

from assistant.profile import read_profile
from knowledge.errors import XiaoerError
from knowledge.pack import load_pack

NAME = {"zh": "店", "en": "Shop"}


def test_the_demo_shops_figures_are_read_as_written() -> None:
    profile = read_profile(load_pack("demo").data("shop"), key="demo")
    assert (profile.key, profile.platform, profile.languages) == ("demo", "taobao", ("zh", "en"))
    assert (profile.no_reason_days, profile.price_protect_days, profile.bot_goodwill_cap) == (7, 15, 5000)
    assert profile.quick_replies


def test_a_shop_needs_no_more_than_a_name() -> None:
    assert read_profile({"name": NAME}, key="mine").key == "mine"


@pytest.mark.parametrize(
    ("data", "key"),
    [({}, "name"), ({"name": {"zh": "店"}}, "name.en"), ({"name": NAME, "languages": ["fr"]}, "languages.0"),
     ({"name": NAME, "proposal_minutes": 0}, "proposal_minutes"),
     ({"name": NAME, "quick_replies": [{"label": NAME}]}, "quick_replies.0.text")],
)  # fmt: skip
def test_a_wrong_key_is_named(data: dict[str, object], key: str) -> None:
    with pytest.raises(XiaoerError, match=f"`{key}`"):
        read_profile(data, key="x")
