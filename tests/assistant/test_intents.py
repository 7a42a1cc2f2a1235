import json
import re
from pathlib import Path

import numpy as np
import pytest
import structlog

from assistant.conversation import DialogueState
from assistant.intents import IntentModel
from assistant.taxonomy import Taxonomy
from knowledge.embedding import HashEmbedder, Usem3Embedder
from knowledge.errors import XiaoerError
from knowledge.pack import load_pack
from knowledge.text import fold

HELD_OUT = Path(__file__).parent / "data" / "intents_holdout.jsonl"
TRICKY = HELD_OUT.with_name("intents_tricky.jsonl")
"""Names of goods with words of trouble in them, negations, rules against own orders, typing errors, several issues.

Of the first 193, before anything was learnt from them, .81 of the Chinese, .55 of the English and .60 of those with
several issues were right; of the last 60, written after that was mended, .82 and .69.
"""
FLOORS = {"zh": 0.94, "en": 0.92, "several": 0.70}
"""Measured .97, .95 and .80; a floor lies some sentences below."""


@pytest.fixture(scope="module")
def taxonomy() -> Taxonomy:
    return Taxonomy.parse(load_pack("cn_retail").data("intents"))


@pytest.fixture(scope="module")
def model(taxonomy) -> IntentModel:
    return IntentModel.train(taxonomy, Usem3Embedder())


def held_out(path: Path = HELD_OUT) -> list[dict]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def names(model, text, state=None):
    return [guess.name for guess in model.understand(text, state)]


def test_the_taxonomy_has_sixty_intents_with_enough_examples_in_both_languages(taxonomy):
    assert len(taxonomy.intents) == 60
    for intent in taxonomy.intents.values():
        assert len(intent.zh) >= 25, intent.name
        assert len(intent.en) >= 12, intent.name
        assert all(other in taxonomy.intents for other in intent.absorbs)


def test_no_held_out_utterance_is_an_example(taxonomy):
    examples = {fold(text) for text, _ in taxonomy.examples()}
    assert not [row for row in (*held_out(), *held_out(TRICKY)) if fold(row["text"]) in examples]


def test_held_out_utterances_are_understood_in_both_languages(model):
    right: dict[str, list[bool]] = {}
    for row in held_out():
        wanted, found = row["intents"], names(model, row["text"])
        kind = "several" if len(wanted) > 1 else "zh" if re.search("[一-鿿]", row["text"]) else "en"
        right.setdefault(kind, []).append(set(found) == set(wanted) if len(wanted) > 1 else found[0] == wanted[0])
    assert sum(map(len, right.values())) >= 250
    assert {kind: np.mean(hits) >= FLOORS[kind] for kind, hits in right.items()} == dict.fromkeys(FLOORS, True)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("怎么还不发货", "urge_shipping"),
        ("超48小时没发货怎么赔", "late_ship_compensation"),
        ("不发货就取消订单", "cancel_order"),
        ("衣服破了个洞要退", "return_quality"),
        ("不喜欢想退货", "return_no_reason"),
        ("没收到货直接退款", "refund_only"),
        ("显示签收了我没收到", "delivery_exception"),
        ("刚买就降价了补差价", "price_protection"),
        ("便宜点呗老板", "bargain"),
        ("能开专票吗", "invoice_pre_query"),
        ("帮我补开发票", "invoice_request"),
        ("有点瑕疵补我20不退了", "partial_refund_ask"),
        ("几天能退", "warranty_policy_query"),
        ("我要换或", "exchange"),
        ("退宽什么时候到", "urge_refund_progress"),
        ("转人工", "human_request"),
    ],
)
def test_confusable_issues_are_told_apart(model, text, first):
    assert names(model, text)[0] == first


@pytest.mark.parametrize("text", ["不用转人工，告诉我快递到哪了", "I don't need an agent, where is my parcel"])
def test_a_declined_person_is_not_asked_for(model, text):
    assert names(model, text) == ["track_parcel"]


def test_tricky_utterances_keep_being_understood(model):
    right = []
    for row in held_out(TRICKY):
        wanted, found = set(row["intents"]), names(model, row["text"])
        allowed = wanted | set(row.get("also", ()))
        right.append(wanted <= set(found) <= allowed if len(wanted) > 1 else found[0] in allowed)
    assert len(right) >= 250
    assert np.mean(right) >= 0.9


@pytest.mark.parametrize(
    "text",
    [
        "满减那单我想退毛巾，空气炸锅留着",
        "火锅底料多少钱",
        "the dog harness has not shipped yet",
        "where is my fire extinguisher",
        "律师袍有货吗",
        "I already cut off the tag",
    ],
)
def test_a_name_of_goods_is_no_report_of_harm(model, text):
    assert not {"safety_incident", "pet_health", "threat_regulator"} & set(names(model, text))


@pytest.mark.parametrize(
    ("text", "risk"),
    [
        ("空气炸锅炸了", "safety_incident"),
        ("充电宝自燃了", "safety_incident"),
        ("I was burnt by the fire pit, going to hospital", "safety_incident"),
        ("小狗到家一直吐", "pet_health"),
        ("买的书是《律师的一天》，不退我就找律师", "threat_regulator"),
    ],
)
def test_harm_beside_such_a_name_is_still_seen(model, text, risk):
    assert risk in names(model, text)


@pytest.mark.parametrize(
    ("text", "only"),
    [
        ("不是要退货，我就问问几号发货", "urge_shipping"),
        ("不想要了，取消订单吧", "cancel_order"),
        ("I entered the wrong address, please change it", "change_address"),
        ("耳机有电流声，质量问题", "return_quality"),
        ("不用转人工。快递到哪了", "track_parcel"),
    ],
)
def test_what_is_declined_or_points_back_is_no_issue_of_its_own(model, text, only):
    assert names(model, text) == [only]


@pytest.mark.parametrize("text", ["没穿过，吊牌在", "没拆封", "never worn, tags still on", "I already cut off the tag"])
def test_a_condition_told_is_an_answer_and_no_wish(model, text):
    assert names(model, text, DialogueState(flow="exchange")) in (["unclear"], ["exchange"])


def test_a_further_matter_is_not_absorbed_by_another(model):
    assert names(model, "外套退了，另外那双鞋帮我换一双") == ["exchange", "return_no_reason"]


@pytest.mark.parametrize("text", ["别退了", "先不退了", "我不退货了"])
def test_a_negated_refund_is_no_refund(model, text):
    assert not {"return_no_reason", "refund_only", "return_quality", "cancel_order"} & set(names(model, text))


def test_risks_come_first_and_the_real_problem_stays(model):
    assert names(model, "少发了一件，再不补发我就打12315")[0] == "threat_regulator"
    assert "resend_missing" in names(model, "少发了一件，再不补发我就打12315")
    assert names(model, "吃完进医院了，我要投诉，转人工")[:2] == ["safety_incident", "human_request"]


def test_of_several_wishes_the_latest_is_served_first(model):
    assert names(model, "快递到哪了？另外发票帮我开一下") == ["invoice_request", "track_parcel"]


def test_an_order_on_the_table_turns_a_policy_question_into_a_return(model):
    def likely(state):
        labels, shares = model.probabilities(["可以退吗"], state)
        row = dict(zip(labels, shares[0].tolist(), strict=True))
        return row["return_no_reason"] / row["warranty_policy_query"]

    assert likely(DialogueState(order_id="20261120123456789")) > 2 * likely(None)


@pytest.mark.parametrize("text", ["？？？", "。。", "!!!"])
def test_what_says_nothing_is_unclear(model, text):
    assert names(model, text) == ["unclear"]


def test_probabilities_sum_to_one_and_are_the_same_every_time(model, taxonomy):
    _, shares = model.probabilities(["快递到哪了", "hello"])
    assert np.allclose(shares.sum(axis=1), 1, atol=1e-5)
    again = IntentModel.train(taxonomy, Usem3Embedder())
    assert again.calibration == model.calibration
    assert np.allclose(again.probabilities(["快递到哪了", "hello"])[1], shares, atol=1e-6)


def test_a_model_is_trained_once_and_again_when_what_it_learnt_from_changes(taxonomy, tmp_path):
    path = tmp_path / "intents.npz"
    texts = ["快递到哪了", "我要退货"]
    trained = IntentModel.kept_or_trained(taxonomy, HashEmbedder(), path)
    first = path.stat().st_mtime_ns
    kept = IntentModel.kept_or_trained(taxonomy, HashEmbedder(), path)
    assert path.stat().st_mtime_ns == first
    assert kept.calibration == trained.calibration
    assert np.array_equal(kept.probabilities(texts)[1], trained.probabilities(texts)[1])
    name, intent = next(iter(taxonomy.intents.items()))
    more = intent.model_copy(update={"more_zh": ("再教一句",)})
    IntentModel.kept_or_trained(Taxonomy({**taxonomy.intents, name: more}), HashEmbedder(), path)
    assert path.stat().st_mtime_ns != first


def test_a_model_that_cannot_be_kept_is_used_all_the_same(taxonomy, tmp_path):
    (tmp_path / "file").write_text("")
    with structlog.testing.capture_logs() as logs:
        model = IntentModel.kept_or_trained(taxonomy, HashEmbedder(), tmp_path / "file" / "intents.npz")
    assert model.understand("我要退货")
    assert [entry["event"] for entry in logs] == ["intents_not_kept"]


def test_a_long_message_yields_few_issues(model):
    assert 1 <= len(model.understand("怎么还不发货。" * 300)) <= 4


def test_a_taxonomy_at_fault_names_the_intent_and_field():
    with pytest.raises(XiaoerError, match=r"intents.yaml: `intents.x.l1`"):
        Taxonomy.parse({"intents": {"x": {"l1": "nowhere", "labels": {"zh": "", "en": ""}, "zh": "a", "en": "b"}}})


def test_a_shop_adds_examples_without_repeating_the_inherited_ones(taxonomy):
    entry = {"l1": "general", "labels": {"zh": "一", "en": "one"}, "zh": "甲 / 乙", "en": "a", "more_zh": "丙"}
    assert Taxonomy.parse({"intents": {"one": entry, "two": entry}}).intents["one"].examples == ("甲", "乙", "丙", "a")
