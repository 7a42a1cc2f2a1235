import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.acts import acts_of, changes_mind, drops_it, is_yes

YES = [
    "嗯嗯",
    "嗯好",
    "可以",
    "行",
    "好的，帮我登记",
    "queren",
    "行吧",
    "可以的",
    "好滴",
    "ok",
    "OK👌",
    "要得",
    "成",
    "那就退吧",
    "好的谢谢",
    "确认",
    "没问题",
    "同意",
    "是的",
    "就这么办吧",
    "嗯好的 办理吧",
    "行，就按你说的办",
    "沒問題",
    "yes",
    "yep",
    "sure",
    "sure thing",
    "yes please",
    "go ahead",
    "sounds good, thanks",
    "Yes, please refund it",
    "OK, do it",
    "I confirm",
    "that works for me",
    "👍",
]
NO = [
    "不要",
    "算了",
    "先不",
    "等等",
    "再想想",
    "不用了谢谢",
    "不了",
    "不行",
    "不同意",
    "不可以",
    "好的不用了",
    "别退了",
    "先别",
    "no",
    "no thanks",
    "not ok",
    "don't do it",
    "wait",
    "never mind",
    "let me think",
]
NEITHER = [
    "你好",
    "您好，在吗",
    "晚上好",
    "good morning",
    "嗯",
    "哦",
    "收到",
    "嗯？",
    "可以吗",
    "行不行啊",
    "可以是可以但是运费谁出",
    "如果今天能到就行",
    "要是包邮就可以",
    "不是不行",
    "可以不退吗",
    "yes but who pays",
    "ok if it arrives today",
    "sure?",
    "那运费谁出",
    "",
    "？？",
    "为什么",
    "我想换货",
    "只要不扣钱就行",
]


@pytest.mark.parametrize("text", YES)
def test_an_explicit_yes_in_many_wordings_counts(text):
    assert is_yes(text) is True


@pytest.mark.parametrize("text", NO)
def test_an_explicit_no_in_many_wordings_counts(text):
    assert is_yes(text) is False


@pytest.mark.parametrize("text", NEITHER)
def test_what_is_mixed_conditional_or_asked_back_is_no_answer(text):
    assert is_yes(text) is None


@given(
    yes=st.sampled_from([text for text in YES if text != "👍"]),
    negation=st.sampled_from(["不", "不要", "别", "先别", "没", "不想", "不是", "don't ", "not ", "never ", "no, "]),
)
def test_a_negated_form_is_never_a_yes(yes, negation):
    assert is_yes(negation + yes) is not True


@given(
    yes=st.sampled_from(YES),
    condition=st.sampled_from(
        [
            "如果今天能到的话",
            "但是运费你们出",
            "不过要先给我看看",
            "除非免运费",
            " but not today",
            " if it is free",
            "？",
        ]
    ),
)
def test_a_condition_or_question_takes_a_yes_back(yes, condition):
    assert is_yes(yes + condition) is not True


@given(st.text(max_size=60))
def test_any_text_has_a_reading_and_thanks_alone_is_no_yes(text):
    assert is_yes(text) in {True, False, None}
    assert is_yes("谢谢") is not True


def test_naming_the_proposed_act_agrees_and_naming_another_does_not():
    assert is_yes("取消吧", "cancel_order") is True
    assert is_yes("不取消了", "cancel_order") is False
    assert is_yes("取消吧", "exchange") is False
    assert is_yes("取消吧") is None
    assert is_yes("还是取消吧", "cancel_refund") is True
    assert is_yes("还是取消吧", "goodwill") is False
    assert is_yes("好，帮我拦截", "intercept") is True
    assert is_yes("yes, please intercept it", "intercept") is True
    assert is_yes("对，登记吧", "quality_return") is True
    assert is_yes("先别拦截", "intercept") is False
    assert is_yes("好，帮我拦截", "exchange") is None
    assert is_yes("那就退吧", "goodwill") is None
    assert is_yes("那就换吧", "return_refund") is None


@pytest.mark.parametrize(
    "text", ["还是换货吧", "算了不退了", "别退了", "我改主意了", "actually, keep it", "I changed my mind", "還是退貨吧"]
)
def test_a_change_of_mind_is_seen(text):
    assert changes_mind(text)


@pytest.mark.parametrize("text", ["我要退货", "退款到哪了", "where is my refund", "换大一码"])
def test_a_plain_wish_is_no_change_of_mind(text):
    assert not changes_mind(text)


def test_acts_are_told_apart_and_several_may_stand_together():
    assert acts_of("好的谢谢") == ("confirm", "thanks")
    assert acts_of("谢谢，再见") == ("thanks", "bye")
    assert acts_of("不用了，谢谢") == ("deny", "thanks")
    assert "correct" in acts_of("不是这单，我说的是上一单")
    assert acts_of("165", gives_slot=True) == ("provide_slot",)
    assert acts_of("thanks for nothing") == ()


@pytest.mark.parametrize("text", ["算了", "算了 不要了", "不用了谢谢", "那算了吧", "never mind", "ok forget it then"])
def test_letting_a_matter_be_is_told_from_wanting_something_else(text):
    assert drops_it(text)


@pytest.mark.parametrize(
    "text", ["不要了", "不是", "没有", "算了，取消订单吧", "算了不退了，换货吧", "forget it, cancel the order"]
)
def test_a_no_or_another_wish_lets_nothing_be(text):
    assert not drops_it(text)
