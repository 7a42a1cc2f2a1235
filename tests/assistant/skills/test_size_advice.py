from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from assistant.skills.size_advice import Fit, SizeAdvice, SizeRequest, advise
from tests.assistant.demo_shop import demo_catalogue

SIZES = ["S", "M", "L"]


def coat(height: float, weight: float, fit: Fit = "regular") -> SizeAdvice:
    return advise(SizeRequest("coat-wool", {"height": height, "weight": weight}, fit), demo_catalogue())


def test_one_row_that_holds_every_measure_is_the_size() -> None:
    advice = coat(165, 55)
    assert (advice.outcome, advice.size, advice.in_stock) == ("fits", "M", True)
    assert advice.text("zh") == "按尺码表，身高 165 cm、体重 55 kg 对应 M 码，建议选 M。"
    assert "size M" in advice.text("en")


@pytest.mark.parametrize(("fit", "size"), [("slim", "S"), ("regular", "M"), ("loose", "M")])
def test_between_two_sizes_both_are_named_and_the_fit_decides(fit: Fit, size: str) -> None:
    advice = coat(161, 51, fit)
    assert (advice.outcome, advice.sizes, advice.size) == ("between", ("S", "M"), size)
    assert "喜欢合身选 S，喜欢宽松选 M" in advice.text("zh")


def test_measures_that_point_to_neighbouring_rows_are_between_them() -> None:
    assert coat(168, 52).sizes == ("M", "L")


def test_the_edges_of_a_range_belong_to_it() -> None:
    shoe = advise(SizeRequest("sneaker-run", {"foot": 24.5}), demo_catalogue())
    assert (shoe.outcome, shoe.size) == ("fits", "39")
    gap = advise(SizeRequest("sneaker-run", {"foot": 24.55}), demo_catalogue())
    assert (gap.outcome, gap.sizes) == ("between", ("39", "40"))


def test_outside_the_chart_no_size_is_recommended() -> None:
    advice = coat(185, 60)
    assert (advice.outcome, advice.size, advice.beyond) == ("outside", None, "height")
    assert "155–173" in advice.text("zh")
    assert "155–173" in advice.text("en")


def test_measures_far_apart_are_said_to_be_so() -> None:
    advice = coat(172, 46)
    assert (advice.outcome, advice.size) == ("mixed", "L")


def test_a_missing_measure_is_asked_for() -> None:
    advice = advise(SizeRequest("coat-wool", {"height": 165}), demo_catalogue())
    assert (advice.outcome, advice.asks) == ("ask", ("weight",))
    assert advise(SizeRequest("sneaker-run", {"height": 165}), demo_catalogue()).asks == ("foot",)


def test_one_measure_is_enough_where_height_and_weight_are_not_both_in_the_chart() -> None:
    assert advise(SizeRequest("jeans-straight", {"waist": 70.5}), demo_catalogue()).size == "28"


def test_without_a_chart_nothing_is_guessed() -> None:
    advice = advise(SizeRequest("tote-canvas", {"height": 165, "weight": 55}), demo_catalogue())
    assert (advice.outcome, advice.card("zh")) == ("no_chart", None)
    assert advise(SizeRequest("nothing"), demo_catalogue()).outcome == "no_chart"


def test_a_recommended_size_that_is_sold_out_is_said_to_be_so() -> None:
    advice = advise(SizeRequest("sneaker-run", {"foot": 25.3}), demo_catalogue())
    assert (advice.size, advice.in_stock) == ("41", False)
    assert "缺货" in advice.text("zh")
    assert "out of stock" in advice.text("en")


def test_the_card_marks_the_recommended_row() -> None:
    card = coat(165, 55).card("en")
    assert card
    assert card.data["columns"] == ["height cm", "weight kg", "bust cm"]
    assert [row["size"] for row in card.data["rows"] if row["recommended"]] == ["M"]


@given(st.floats(155, 173), st.floats(45, 68), st.sampled_from(["slim", "regular", "loose"]))
def test_inside_the_chart_there_is_always_a_size_among_those_named(height: float, weight: float, fit: Fit) -> None:
    advice = coat(height, weight, fit)
    assert advice.outcome in {"fits", "between", "mixed"}
    assert advice.size in advice.sizes


@given(st.floats(155, 173), st.lists(st.floats(45, 68), min_size=2, max_size=5))
def test_more_weight_never_gives_a_smaller_size(height: float, weights: list[float]) -> None:
    sizes = [SIZES.index(coat(height, weight).size or "") for weight in sorted(weights)]
    assert all(first <= second for first, second in pairwise(sizes))


@given(st.floats(0, 400), st.floats(0, 400))
def test_a_measure_outside_the_chart_never_gets_a_size(height: float, weight: float) -> None:
    assume(not 155 <= height <= 173 or not 45 <= weight <= 68)
    assert coat(height, weight).size is None
