"""What operators are answered. Amounts are minor units."""

from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from api.dispute_ids import dispute_id
from api.evidence.views import EvidenceOut
from api.operators.cases import Whole
from api.operators.proposals import Proposed
from api.outlook import AheadOut, outlook_out
from api.purchases import Purchase
from domain.states import Reason


class ProposalOut(BaseModel):
    """How an operator would divide what is disputed. Good for `version` only.

    `approved_by` is null while a second operator is awaited; `carried_out` when the money moved.
    """

    model_config = ConfigDict(title="Proposal")

    id: str = Field(examples=["prp_wJ8y0m2Zb1q4Xc7R5tKe"])
    version: int
    refund: int = Field(examples=[3000])
    release: int = Field(examples=[1000])
    note: str = Field(examples=["The photographs show a scratch."])
    proposed_by: str = Field(examples=["mei"])
    proposed_at: datetime
    approved_by: str | None = Field(examples=["tomas"])
    approved_at: datetime | None
    carried_out: bool


class CaseOut(BaseModel):
    """A dispute that is under way, in the order of deadlines."""

    id: str = Field(examples=["dsp_0193c8a1b2c37d4e8f9a0b1c2d3e4f50_1"])
    escrow_id: str = Field(examples=["esc_0193c8a1b2c37d4e8f9a0b1c2d3e4f50"])
    merchant_id: str = Field(examples=["mer_0193c8a1b2c37d4e8f9a0b1c2d3e4f50"])
    shop: str = Field(examples=["Boots & Co"])
    order_id: str = Field(examples=["A-1001"])
    currency: str = Field(examples=["CNY"])
    price: int = Field(examples=[12900])
    state: Literal["open", "arbitration", "ended"]
    amount: int = Field(examples=[4000])
    reason: Reason
    opened_at: datetime
    deadline: datetime | None
    version: int


class CaseList(BaseModel):
    """The nearest deadline first; `next_cursor` fetches the page after this one."""

    data: list[CaseOut]
    has_more: bool
    next_cursor: str | None = Field(examples=["1795680131042000-esc_0193c8a1.xJ2k"])


class WholeCaseOut(CaseOut):
    """A dispute with all that its operators need.

    `ended_by` is the step that ended it (`dispute_resolved`, `dispute_withdrawn`, …), null while
    it is under way. `if_nobody_acts` is what the clock does with the purchase by itself.
    """

    ended_by: str | None = Field(examples=["dispute_resolved"])
    ended_at: datetime | None
    proposal: ProposalOut | None
    evidence: list[EvidenceOut]
    if_nobody_acts: list[AheadOut]


def case_out(purchase: Purchase) -> CaseOut:
    """One that is disputed now."""
    complaint, state = purchase.complaint, purchase.escrow
    if complaint is None:
        raise ValueError(f"{purchase.id} is not disputed")
    return CaseOut(
        **_of(purchase, complaint.number),
        state="open" if state.dispute == "open" else "arbitration",
        amount=complaint.amount,
        reason=complaint.reason,
        opened_at=complaint.opened_at.astimezone(UTC),
        deadline=state.dispute_deadline and state.dispute_deadline.astimezone(UTC),
    )


def whole_out(
    whole: Whole, proposal: ProposalOut | None, evidence: list[EvidenceOut]
) -> WholeCaseOut:
    escrow, ending = whole.escrow, whole.ending
    deadline = None if ending else escrow.dispute_deadline
    return WholeCaseOut(
        **_of(whole.purchase, whole.number),
        state="ended" if ending else "open" if escrow.dispute == "open" else "arbitration",
        amount=whole.opened.amount,
        reason=whole.opened.reason,
        opened_at=whole.opened_at.astimezone(UTC),
        deadline=deadline and deadline.astimezone(UTC),
        ended_by=ending and ending.name,
        ended_at=ending and ending.at.astimezone(UTC),
        proposal=proposal,
        evidence=evidence,
        if_nobody_acts=outlook_out(escrow, datetime.now(UTC)).if_nobody_acts,
    )


def proposal_out(proposed: Proposed, *, carried_out: bool) -> ProposalOut:
    return ProposalOut(
        id=proposed.id,
        version=proposed.version,
        refund=proposed.split.refund,
        release=proposed.split.release,
        note=proposed.note,
        proposed_by=proposed.proposer,
        proposed_at=proposed.proposed_at.astimezone(UTC),
        approved_by=proposed.approver,
        approved_at=proposed.approved_at and proposed.approved_at.astimezone(UTC),
        carried_out=carried_out,
    )


def _of(purchase: Purchase, number: int) -> dict[str, object]:
    terms = purchase.escrow.terms
    return {
        "id": dispute_id(purchase.id, number),
        "escrow_id": purchase.id,
        "merchant_id": terms.merchant_id,
        "shop": purchase.shop,
        "order_id": terms.order_id,
        "currency": terms.currency,
        "price": terms.amount,
        "version": purchase.version,
    }
