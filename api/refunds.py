"""Giving money back: by the purchase while it lasts, out of the merchant's own afterwards."""

from api import purchases
from api.commands import ask, may
from api.doors import Doors
from api.idempotency import Try
from api.purchases import Purchase
from clearing.port import RefundAsked
from domain.errors import EscrowEnded
from domain.events import RefundedAfterRelease, RefundGranted
from domain.states import Party, Stage
from workflows.commands import Refund


async def give_back(doors: Doors, purchase: Purchase, amount: int, by: Party, this: Try) -> None:
    """`amount` goes back to the buyer, whether it was released or not. Raises Refusal."""
    try:
        await ask(doors, purchase, RefundGranted(amount=amount, by=by), Refund(amount), this)
    except EscrowEnded:
        # Perhaps in this moment: what the buyer confirmed meanwhile can be given back, too.
        now = await purchases.get(doors.engine, purchase.id)
        if now.escrow.stage is not Stage.COMPLETED:
            raise
        now.escrow.allows(RefundedAfterRelease(number=1, amount=amount, by=by))
        asked = RefundAsked(purchase.id, purchase.merchant_id, amount, this.command_id)
        await doors.trade.refund_after_sale(asked)


def refundable(purchase: Purchase) -> int:
    """Minor units that can be given back now, as far as the purchase itself goes; else 0."""
    amounts = purchase.escrow.amounts
    before = amounts.authorised or amounts.held
    if before and may(purchase, RefundGranted(amount=before)):
        return before
    after = RefundedAfterRelease(number=1, amount=amounts.released)
    return amounts.released if may(purchase, after) else 0
