"""Which telling stands for which table, and the facts it may read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.knowledge.oracle import (
    before_receipt,
    deadlines,
    feedback,
    food_and_pets,
    governing,
    money,
    people,
    quality,
    returns,
    suspicion,
)
from tests.knowledge.oracle.telling import Case, Told


@dataclass(frozen=True)
class Oracle:
    """One table's telling. `facts` are all it may read; `sometimes` are findings that may be given or looked up."""

    tell: Callable[[Case], Told]
    facts: tuple[str, ...]
    sometimes: tuple[str, ...] = ()


CONDITION = ("intact_class", "condition")
CANCEL = (
    *("order_state", "paid", "freight_paid", "freight_free", "production_started", "scanned", "interceptable"),
    *("lost", "out_for_delivery", "shipped_after_request", "refused_at_door", "refusal_without_cause"),
    *("presale_deposit", "signed", "seller_at_fault", "item_class", "promised_days"),
)  # fmt: skip
DISCLOSURE = (
    *("logged_in", "owns_order", "gift_receiver", "claims_official", "asks_internal", "injection", "data_request"),
    "off_platform",
)
ORACLES: dict[str, Oracle] = {
    "DT-01": Oracle(
        governing.candidate,
        (
            *("rule_exists", "rule_platforms", "rule_regions", "rule_dated", "rule_basis", "rule_start", "rule_end"),
            *("rule_gate_open", "less_than_statute", "less_than_promise", "event_at", "decided_at", "concluded_at"),
            *("region_matters", "platform", "region"),
        ),
    ),
    "DT-02": Oracle(
        returns.no_reason,
        (*CANCEL, *CONDITION, "confirmed_at_purchase", "signed_at", "notice_at", "buyer_kind"),
        ("intact",),
    ),
    "DT-03": Oracle(returns.intact, CONDITION),
    "DT-04": Oracle(
        returns.freight,
        ("freight_cause", "freight_free", "freight_cover", "below_free_shipping", "promises_free_return"),
    ),
    "DT-05": Oracle(
        returns.refund,
        (
            *("whole_order", "seller_at_fault", "paid", "lines_paid", "freight_paid", "freight_waived", "deal_broken"),
            *("kept_value", "gift_missing", "gift_price", "below_free_shipping"),
        ),
    ),
    "DT-13": Oracle(before_receipt.cancel, CANCEL),
    "DT-14": Oracle(
        before_receipt.shipping,
        (
            *("paid", "paid_at", "now", "promise_h", "presale_ship_at", "shipped_at", "ship_clicked_at"),
            *("late_excuse", "no_stock", "ship_service_h", "merchant_region_affected"),
        ),
        ("late_scale",),
    ),
    "DT-15": Oracle(
        before_receipt.delivery,
        (
            *("delivery_issue", "delivery_proof", "signed", "picked_up", "scanned", "old_place_related"),
            "packing_proof",
        ),
    ),
    "DT-19": Oracle(
        before_receipt.price_protection,
        (
            *("order_closed", "price_protected", "campaign_end", "qty", "unit_paid", "current_unit"),
            *("paid_at", "price_condition", "already_granted", "compares_other_shop", "now"),
            "best_price_promise",
        ),
        ("price_protect_days",),
    ),
    "DT-20": Oracle(
        money.authority,
        (
            *("actor", "purpose", "amount", "paid", "customer_sum_90d", "same_cause_sum", "fault_established"),
            *("dispute_amount", "sensitive", "requester", "approver"),
        ),
        ("bot_goodwill_cap", "bot_goodwill_bp", "bot_goodwill_90d", "agent_goodwill_cap", "front_line_limit"),
    ),
    "DT-21": Oracle(
        money.retention,
        (
            *("safety", "fake_or_recalled", "minor", "right_clearly_due", "said_no", "offers_used"),
            *("integrity_risk", "strong_anger", "threat", "seller_fault_proven"),
        ),
        ("offers_max",),
    ),
    "DT-22": Oracle(
        people.hand_off,
        (
            *("asked_for_person", "injury", "legal_threat", "damages_asked", "unanswered", "confidence"),
            *("over_authority", "identity_failed", "statutory_rejection", "rule_contested", "review_threat"),
            *("repeated_threat", "minor", "out_of_scope", "damages_kind", "ill", *DISCLOSURE),
        ),
        ("answer_confidence",),
    ),
    "DT-23": Oracle(people.disclosure, DISCLOSURE),
    "DT-24": Oracle(people.damages, ("damages_kind", "ill")),
    "DT-24-amount": Oracle(people.damages_amount, ("damages_kind", "price", "loss")),
    "DT-25": Oracle(people.invoice, ("invoice_ask", "received", "platform")),
    "DT-26": Oracle(
        governing.temporary,
        (
            *("topic", "platform", "order_at", "event_at", "ship_service_h", "metric_month", "indicator"),
            "merchant_region_affected",
        ),
    ),
    "DT-06": Oracle(
        deadlines.limit,
        ("limit_event", "limit_start", "done_at", "now"),
        ("aftersale_audit_h", "dispute_reply_h", "evidence_h", "refund_after_receipt_days", "exchange_resend_h"),
    ),
    "DT-07": Oracle(
        quality.remedy,
        (
            *("goods_kind", "warranty_start", "notice_at", "repair_days", "failed_repairs", "repair_elapsed_days"),
            *("purpose_fails", "promised_return_days", "promised_exchange_days", "warranty_days"),
        ),
    ),
    "DT-08": Oracle(
        feedback.window,
        (
            *("goods_kind", "feedback_claim", "signed_at", "notice_at", "ticket_at", "promised_feedback_h"),
            *("late_exception", "unit_paid"),
        ),
    ),
    "DT-09": Oracle(
        quality.burden,
        (
            *("proof_claim", "buyer_proof", "seller_proof", "receipt_confirmed", "tricked_into_confirming"),
            *("merged_without_consent", "durable", "warranty_start", "notice_at", "burden_reallocated"),
        ),
    ),
    "DT-09-fee": Oracle(quality.fee_of_test, ("test_asked_by_platform", "defect_found")),
    "DT-10": Oracle(
        quality.no_fault,
        ("defect_cause", "goods_kind", "care_instruction_clear", "same_flaw", "deviation_mm", "deviation_bp"),
    ),
    "DT-11": Oracle(
        food_and_pets.fresh,
        (
            *("fresh_kind", "fresh_problem", "bad_share_bp", "lines_paid", "promised_feedback_h", "signed_at"),
            "notice_at",
        ),
    ),
    "DT-12": Oracle(
        food_and_pets.pet,
        (
            *("pet_problem", "animal_suffering", "pet_agreement", "took_treatment", "keeper_fault", "signed_at"),
            *("trivial_difference", "notice_at", "promised_feedback_h", "hospital_record", "bill"),
        ),
    ),
    "DT-16": Oracle(
        suspicion.refund_only,
        (
            *("seller_at_fault", "gross_mismatch", "return_useless", "cannot_return", "integrity_risk"),
            *("keeps_goods", "return_cost", "lines_paid", "over_authority"),
        ),
    ),
    "DT-17": Oracle(
        suspicion.abuse,
        (
            *("weak_signals", "image_suspect", "return_swapped", "swap_proof", "good_proof", "abuse_confirmed"),
            "organised",
        ),
    ),
    "DT-18": Oracle(
        suspicion.price_error,
        (
            *("unit_paid", "lowest_30d", "median_30d", "stacked_discounts", "scanned", "price_error_confirmed"),
            *("error_reported_in_time", "reseller_bulk", "bait_price"),
        ),
    ),
    "DT-27": Oracle(
        suspicion.rfq,
        (
            *("rfq_plan", "rfq_keywords", "rfq_categories", "rfq_portal", "rfq_open", "rfq_hits", "rfq_region_ok"),
            *("rfq_excluded", "rfq_already_pushed"),
        ),
    ),
    "JD-PAGE": Oracle(food_and_pets.page, ("page_contradicts", "paid")),
    "JD-GIFT": Oracle(food_and_pets.gift, ("gift_resendable", "gift_has_sku", "gift_page_value", "unit_paid")),
}
