"""What can go wrong in a conversation, as one tree below `knowledge.errors.XiaoerError`.

XiaoerError
├── NotFound              no such thing, or it belongs to somebody else (the two are never told apart)
├── InvalidMessage        the message cannot be taken: empty, too long, or without readable text
│   └── FileRefused       a file cannot be taken: no photo or PDF, too large, damaged, or too many
├── Conflict              the same client id or idempotency key was used with another body
├── ProposalError         a yes that cannot count
│   ├── ProposalExpired   it came after the proposal's expiry
│   └── ProposalSettled   the proposal was already answered
├── NotAuthorised         this actor may not do this
│   └── CapReached        it would pass a ceiling: what was paid, a budget, an authority
├── ReasonMissing         a person refuses or settles without saying why
├── EffectUnknown         a backend did not say whether it carried out an effect; a person must look
├── EffectRefused         the shop refuses the effect: the order changed, or the cap would be broken
│   └── NotDelivered      this request was not taken at all; an earlier one with its key may have been
├── LedgerBroken          an entry of the ledger does not follow from the one before it
├── ShopUnavailable       the shop's own system does not answer a question, or not in a form that can be read
├── StoreUnavailable      the store cannot take a write just now (disk full, locked); nothing was written
└── ModelUnavailable      a chat model did not answer in time, failed, or its circuit is open
"""

from __future__ import annotations

from knowledge.errors import XiaoerError


class NotFound(XiaoerError):
    """No such thing, or it belongs to somebody else: the two are never told apart."""


class InvalidMessage(XiaoerError):
    """The message cannot be taken. `code` is `empty`, `too_long` or `unreadable`, for a text in the customer's
    language.
    """

    def __init__(self, what: str, *, mend: str = "", code: str = "invalid") -> None:
        self.code = code
        super().__init__(what, mend=mend)


class FileRefused(InvalidMessage):
    """A file cannot be taken. `code` is `file_kind`, `file_too_large`, `file_damaged` or `too_many_files`."""


class Conflict(XiaoerError):
    """The same client id or idempotency key was used with another body."""


class ProposalError(XiaoerError):
    """A yes that cannot count."""


class ProposalExpired(ProposalError):
    """The yes came after the proposal's expiry."""


class ProposalSettled(ProposalError):
    """The proposal was already answered."""


class NotAuthorised(XiaoerError):
    """This actor may not do this."""


class CapReached(NotAuthorised):
    """It would pass a ceiling: what was paid for the order, a budget, or what its giver may give."""


class ReasonMissing(XiaoerError):
    """A person refuses or settles something without the reason, rule, appeal path or reference that is owed."""


class EffectUnknown(XiaoerError):
    """A backend did not say whether it carried out an effect; a person must look."""


class EffectRefused(XiaoerError):
    """The shop refuses the effect: the order changed, or the cap would be broken."""


class NotDelivered(EffectRefused):
    """The request was not taken: the shop could not be reached or was too busy. Nothing was done by it, which tells
    nothing of an earlier request with the same key.
    """


class ShopUnavailable(XiaoerError):
    """The shop's own system does not answer a question, or not in a form that can be read. Nothing was written."""


class LedgerBroken(XiaoerError):
    """An entry of the ledger does not follow from the one before it. `seq` names the first such entry."""

    def __init__(self, what: str, *, seq: int, mend: str = "") -> None:
        self.seq = seq
        super().__init__(what, mend=mend)


class StoreUnavailable(XiaoerError):
    """The store cannot take a write just now (disk full, locked); nothing was written."""


class ModelUnavailable(XiaoerError):
    """A chat model did not answer in time, failed, or its circuit is open."""
