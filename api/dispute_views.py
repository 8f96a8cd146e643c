"""What the doors answer about a dispute that is under way."""

from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from api.dispute_ids import dispute_id
from api.purchases import Purchase
from domain.states import Reason


class DisputeOut(BaseModel):
    """What the buyer complains of. `amount` is what is disputed; the rest goes its way.

    While it is `open` the merchant answers until `deadline`; in `arbitration` operators decide.
    """

    model_config = ConfigDict(
        title="Dispute",
        json_schema_extra={
            "examples": [
                {
                    "id": "dsp_0193c8a1b2c37d4e8f9a0b1c2d3e4f50_1",
                    "state": "open",
                    "amount": 4000,
                    "reason": "damaged",
                    "opened_at": "2026-11-26T08:00:00.000000Z",
                    "deadline": "2026-12-01T08:00:00.000000Z",
                }
            ]
        },
    )

    id: str
    state: Literal["open", "arbitration"]
    amount: int
    reason: Reason
    opened_at: datetime
    deadline: datetime


def dispute_out(purchase: Purchase) -> DisputeOut | None:
    complaint, state = purchase.complaint, purchase.escrow
    if complaint is None or state.dispute_deadline is None:
        return None
    return DisputeOut.model_validate(
        {
            "id": dispute_id(purchase.id, complaint.number),
            "state": state.dispute.value,
            "amount": complaint.amount,
            "reason": complaint.reason,
            "opened_at": complaint.opened_at.astimezone(UTC),
            "deadline": state.dispute_deadline.astimezone(UTC),
        }
    )
