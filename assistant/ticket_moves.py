"""The state machine of after-sale tickets as data: which event leads where and who may send it (`MOVES`), and for each
state who acts next, within which limit, and which event the clock sends when the limit has passed (`STAGES`).

Money leaves by `refund` alone, and only from states that come after an approval or a judgement. Nobody but a person can
reject, and only with the rule, the evidence it rests on and the way to appeal. The clock refuses nothing: what the
seller lets lapse goes on towards the customer, or to a person.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from assistant.shop import TicketKind, TicketState
from assistant.ticket_limits import Limit

Actor = Literal["customer", "assistant", "agent", "supervisor", "legal", "system", "carrier", "payment", "platform"]
Party = Literal["customer", "seller", "system", "carrier", "payment", "platform", "nobody"]
Steps: TypeAlias = tuple[tuple[Limit, str], ...]

PEOPLE: frozenset[Actor] = frozenset({"agent", "supervisor", "legal"})
"""Who may speak for the seller where a machine may not."""

_CUSTOMER: frozenset[Actor] = frozenset({"customer"})
_SYSTEM: frozenset[Actor] = frozenset({"system"})
_RULE: frozenset[Actor] = frozenset({"assistant", "system"})
_PLATFORM: frozenset[Actor] = frozenset({"platform", "agent", "supervisor", "legal"})
"""The platform itself, or a person who enters what it has said."""

ALL_KINDS: frozenset[TicketKind] = frozenset(get_args(TicketKind))
INSTANT: frozenset[TicketKind] = frozenset(
    {
        *("refund_only_unshipped", "cancel_order", "price_protection", "late_compensation", "goodwill"),
        *("change_address", "door_service", "freight_compensation", "advance_payment"),
    }
)
"""Kinds that a rule settles at once."""
ANSWERED: frozenset[TicketKind] = frozenset({"urge_shipping", "complaint", "invoice"})
"""Kinds that an answer settles."""
GOODS_BACK: frozenset[TicketKind] = frozenset({"return_refund", "exchange", "repair"})
REFUNDS: frozenset[TicketKind] = frozenset(
    {"return_refund", "refund_only_received", "refund_only_in_transit", "refund_only_unshipped", "cancel_order"}
)
"""What gives the price back, with or without the goods."""
STATUTORY: frozenset[TicketKind] = ALL_KINDS - INSTANT - ANSWERED | {"refund_only_unshipped", "cancel_order"}
"""Claims the law gives: only a person can turn one down."""
APPROVED_BY_SILENCE: frozenset[TicketKind] = frozenset({"return_refund", "exchange"})
"""Where the goods come back before anything leaves the shop, a seller who does not answer agrees to the return."""

SETTLED: frozenset[TicketState] = frozenset({"REFUNDED", "RESENT", "REJECTED", "WITHDRAWN", "CLOSED"})
"""States in which the shop has nothing to do any more."""

EVIDENCE_ROUNDS = 2
"""How often the seller may ask for evidence: a shop default, so that asking cannot replace deciding."""


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the transition table. `to` None goes back to the state that is held, `"="` stays where it is. `needs`
    are the arguments the event cannot go without.
    """

    event: str
    sources: frozenset[TicketState]
    to: TicketState | Literal["="] | None
    by: frozenset[Actor]
    kinds: frozenset[TicketKind] = ALL_KINDS
    needs: tuple[str, ...] = ()
    money: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """Who acts next in a state, and the limits that run there one after the other, each with its time-out event."""

    next: Party
    steps: Steps = ()


def _move(event: str, sources: str, to: str | None, by: Collection[Actor], **more: Any) -> Move:
    names = frozenset(sources.split())
    unknown = names - frozenset(get_args(TicketState))
    if unknown:
        raise ValueError(f"unknown states {sorted(unknown)}")
    return Move(event, names, to, frozenset(by), **more)  # type: ignore[arg-type]


_OPEN_TO_CUSTOMER = (
    "PENDING_SELLER EVIDENCE_REQUESTED OFFER_MADE APPROVED_RETURN RETURN_IN_TRANSIT SELLER_INSPECTING "
    "INSPECTION_DISPUTE"
)

MOVES: tuple[Move, ...] = (
    # a request is made
    _move("submit", "DRAFT", "SUBMITTED", {"customer", "assistant"}),
    _move("drop", "DRAFT", "CLOSED", _SYSTEM),
    _move("approve", "SUBMITTED", "AUTO_APPROVED", _RULE, kinds=INSTANT | {"refund_only_in_transit"}),
    _move("approve_return", "SUBMITTED", "APPROVED_RETURN", _RULE, kinds=GOODS_BACK),
    _move("ask_seller", "SUBMITTED", "PENDING_SELLER", _RULE),
    _move("open_dispute", "SUBMITTED", "PLATFORM_DISPUTE", _RULE, kinds=frozenset({"platform_dispute"})),
    # the seller answers
    _move("approve_return", "PENDING_SELLER EVIDENCE_REQUESTED", "APPROVED_RETURN", PEOPLE, kinds=GOODS_BACK),
    _move("approve_return", "PENDING_SELLER", "APPROVED_RETURN", _SYSTEM, kinds=APPROVED_BY_SILENCE),
    _move(
        "approve_refund",
        "PENDING_SELLER EVIDENCE_REQUESTED SELLER_INSPECTING INSPECTION_DISPUTE EXCHANGE_SENT REPAIRING",
        "REFUNDING", PEOPLE, kinds=ALL_KINDS - INSTANT - {"urge_shipping", "invoice"}, needs=("amount",),
    ),
    _move("request_evidence", "PENDING_SELLER", "EVIDENCE_REQUESTED", {*PEOPLE, "assistant"}, needs=("why",)),
    _move("give_evidence", "EVIDENCE_REQUESTED", "PENDING_SELLER", _CUSTOMER),
    _move("remind", "EVIDENCE_REQUESTED", "=", _SYSTEM),
    _move("go_on_without", "EVIDENCE_REQUESTED", "PENDING_SELLER", _SYSTEM),
    _move("resend", "PENDING_SELLER", "RESENT", PEOPLE, kinds=frozenset({"resend", "complaint", "exchange"})),
    _move("answer", "PENDING_SELLER SUBMITTED", "CLOSED", PEOPLE, kinds=ANSWERED, needs=("why",)),
    _move(
        "reject", "PENDING_SELLER SELLER_INSPECTING INSPECTION_DISPUTE", "REJECTED", PEOPLE,
        kinds=STATUTORY, needs=("rule", "evidence", "why", "appeal"),
    ),
    # an offer beside the request
    _move("make_offer", "PENDING_SELLER APPROVED_RETURN SELLER_INSPECTING", "OFFER_MADE", {*PEOPLE, "assistant"},
          needs=("why",)),
    _move("accept_offer", "OFFER_MADE", "CLOSED", _CUSTOMER),
    _move("decline_offer", "OFFER_MADE", None, _CUSTOMER),
    _move("lapse", "OFFER_MADE", None, _SYSTEM),
    # the goods come back
    _move("ship_return", "APPROVED_RETURN", "RETURN_IN_TRANSIT", {"customer", "carrier"}, needs=("waybill",)),
    _move("expire", "APPROVED_RETURN", "CLOSED", _SYSTEM),
    _move("reopen", "CLOSED", "SUBMITTED", _CUSTOMER),
    _move("receive_return", "APPROVED_RETURN RETURN_IN_TRANSIT", "SELLER_INSPECTING", {*PEOPLE, "carrier", "system"}),
    _move("pass_inspection", "SELLER_INSPECTING INSPECTION_DISPUTE", "REFUNDING", {*PEOPLE, "system"}),
    _move("dispute_inspection", "SELLER_INSPECTING", "INSPECTION_DISPUTE", PEOPLE, needs=("why", "evidence")),
    _move("send_exchange", "SELLER_INSPECTING INSPECTION_DISPUTE", "EXCHANGE_SENT", PEOPLE,
          kinds=frozenset({"exchange", "return_refund", "repair"})),
    _move("start_repair", "PENDING_SELLER SELLER_INSPECTING", "REPAIRING", PEOPLE,
          kinds=frozenset({"repair", "return_refund", "exchange"})),
    _move("overdue", "EXCHANGE_SENT REPAIRING", "PENDING_SELLER", _SYSTEM),
    _move("complete", "EXCHANGE_SENT REPAIRING RESENT", "CLOSED", {*PEOPLE, "carrier", "customer"}),
    _move("complete", "AUTO_APPROVED", "CLOSED", _RULE, kinds=frozenset({"change_address"})),
    _move("complete", "AUTO_APPROVED", "CLOSED", {*PEOPLE, "carrier"}, kinds=frozenset({"door_service"})),
    # money
    _move("refund", "AUTO_APPROVED REFUNDING EXECUTING", "REFUNDED", {*PEOPLE, "payment", "system", "assistant"},
          needs=("amount",), money=True),
    # the customer turns back, or to the platform
    _move("withdraw", f"DRAFT SUBMITTED AUTO_APPROVED {_OPEN_TO_CUSTOMER} PLATFORM_DISPUTE SUSPENDED APPEAL",
          "WITHDRAWN", _CUSTOMER),
    _move("ask_platform", f"{_OPEN_TO_CUSTOMER} REJECTED EXCHANGE_SENT REPAIRING REFUNDING", "PLATFORM_DISPUTE",
          _CUSTOMER),
    _move("ask_platform", "INSPECTION_DISPUTE", "PLATFORM_DISPUTE", {*PEOPLE, "system"}),
    _move("expire", "REJECTED", "CLOSED", _SYSTEM),
    _move("answer_platform", "PLATFORM_DISPUTE", "=", PEOPLE),
    _move("ask_more", "PLATFORM_DISPUTE", "=", _PLATFORM),
    _move("go_on_without", "PLATFORM_DISPUTE", "=", _SYSTEM),
    _move("judge", "PLATFORM_DISPUTE APPEAL", "JUDGED", _PLATFORM, needs=("favour", "why")),
    _move("execute", "JUDGED", "EXECUTING", {*PEOPLE, "platform", "system"}),
    _move("close", "JUDGED", "CLOSED", {*_PLATFORM, "system"}),
    _move("close", "APPEAL", "CLOSED", _PLATFORM, needs=("why",)),
    _move("appeal", "JUDGED CLOSED", "APPEAL", {"customer", *PEOPLE}, needs=("why",)),
    # stopping, going on, calling a person, answering for it
    _move("suspend", f"{_OPEN_TO_CUSTOMER.replace('OFFER_MADE ', '')} PLATFORM_DISPUTE", "SUSPENDED", PEOPLE,
          needs=("cause", "why")),
    _move("resume", "SUSPENDED", None, {*PEOPLE, "system", "customer", "platform"}),
    _move("escalate", "PENDING_SELLER RETURN_IN_TRANSIT SELLER_INSPECTING REFUNDING EXECUTING SUBMITTED AUTO_APPROVED",
          "=", _SYSTEM),
    _move("take", " ".join(sorted(set(get_args(TicketState)) - SETTLED)), "=", PEOPLE),
)  # fmt: skip
"""Every transition there is."""

_ASK: Steps = ((Limit(hours=48), "escalate"), (Limit(hours=24), "escalate"))
STAGES: Mapping[TicketState, Stage] = {
    "DRAFT": Stage("customer", ((Limit(hours=24), "drop"),)),
    "SUBMITTED": Stage("system"),
    "AUTO_APPROVED": Stage("system"),
    "PENDING_SELLER": Stage("seller", _ASK),
    "EVIDENCE_REQUESTED": Stage("customer", ((Limit(hours=48), "remind"), (Limit(hours=48), "go_on_without"))),
    "OFFER_MADE": Stage("customer"),
    "APPROVED_RETURN": Stage("customer", ((Limit(days=7), "expire"),)),
    "RETURN_IN_TRANSIT": Stage("carrier", ((Limit(days=15), "escalate"),)),
    "SELLER_INSPECTING": Stage("seller", ((Limit(hours=48), "escalate"), (Limit(days=5), "pass_inspection"))),
    "INSPECTION_DISPUTE": Stage("seller", ((Limit(hours=24), "ask_platform"),)),
    "REFUNDING": Stage("payment", ((Limit(hours=48), "escalate"), (Limit(days=5), "escalate"))),
    "REFUNDED": Stage("nobody"),
    "EXCHANGE_SENT": Stage("carrier", ((Limit(days=15), "overdue"),)),
    "REPAIRING": Stage("seller", ((Limit(days=30), "overdue"),)),
    "RESENT": Stage("carrier"),
    "REJECTED": Stage("customer", ((Limit(days=15), "expire"),)),
    "PLATFORM_DISPUTE": Stage("seller", ((Limit(hours=24), "go_on_without"),)),
    "JUDGED": Stage("seller", ((Limit(hours=24), "execute"),)),
    "EXECUTING": Stage("payment", ((Limit(hours=24), "escalate"),)),
    "APPEAL": Stage("platform"),
    "SUSPENDED": Stage("nobody"),
    "WITHDRAWN": Stage("nobody"),
    "CLOSED": Stage("nobody"),
}
"""What the clock does in each state. Hours are shop defaults except where the law or a platform sets them: 7 days to
pay after a return came back (Consumer Law 25), 15 days to go to the platform, 24 hours in a dispute, 30 to repair.
"""

OWN_STEPS: Mapping[tuple[TicketState, TicketKind], Steps] = {
    **{("PENDING_SELLER", kind): ((Limit(hours=48), "approve_return"),) for kind in APPROVED_BY_SILENCE},
    **{("PENDING_SELLER", kind): ((Limit(hours=24), "escalate"),) * 2 for kind in ("complaint", "urge_shipping")},
    **{("SELLER_INSPECTING", kind): ((Limit(hours=72), "escalate"),) for kind in ("exchange", "repair")},
    ("SUBMITTED", "invoice"): ((Limit(days=7), "escalate"),),
}
"""Where a kind has limits of its own."""

OFFER_STANDS = Limit(hours=24)
ASKED_MORE = Limit(business_hours=4)
APPEAL_WINDOW = Limit(days=7)
REOPEN_WINDOW = Limit(days=15)
SUSPENSIONS: Mapping[str, Limit] = {
    "agreed": Limit(days=30), "authority": Limit(working_days=7), "police": Limit(days=183),
}  # fmt: skip
"""How long a suspension lasts at most, by its cause: both sides agreed, a court or authority was announced and shows no
acceptance, the police has no result in half a year.
"""

CLOCK = (
    {event for stage in STAGES.values() for _, event in stage.steps}
    | {event for steps in OWN_STEPS.values() for _, event in steps}
    | {"lapse", "resume", "close"}
)
"""Events that `due` sends when a limit has passed, and the system at no other time."""

CALLS_A_PERSON = frozenset({"escalate", "go_on_without", "overdue"})
"""Events after which the ticket waits for a person."""
KEEPS_CLOCK = frozenset({"take", "make_offer", "decline_offer", "lapse"})
"""Events that leave the running limit as it is."""
SETS_AMOUNT = frozenset({"approve_return", "approve_refund", "pass_inspection", "judge", "refund"})
"""Events that may put an amount on the ticket."""
