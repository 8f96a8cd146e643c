"""What a dispute needs of a running purchase: the buyer complains, the merchant answers, the
operators decide. A part of `EscrowWorkflow`, in a room of its own.
"""

from temporalio import workflow

from workflows.commands import (
    AnswerDispute,
    OpenDispute,
    ResolveDispute,
    Standing,
    WithdrawDispute,
)
from workflows.purchase import Purchase

with workflow.unsafe.imports_passed_through():
    from domain import events
    from domain.events import Event


class Disputing:
    purchase: Purchase

    @workflow.update
    async def open_dispute(self, command: OpenDispute) -> Standing:
        return await self.purchase.obey(opened(command))

    @workflow.update
    async def withdraw_dispute(self, command: WithdrawDispute) -> Standing:
        return await self.purchase.obey(events.DisputeWithdrawn())

    @workflow.update
    async def answer_dispute(self, command: AnswerDispute) -> Standing:
        return await self.purchase.obey(answered(command))

    @workflow.update
    async def resolve_dispute(self, command: ResolveDispute) -> Standing:
        return await self.purchase.obey(resolved(command))

    @open_dispute.validator
    def may_open_dispute(self, command: OpenDispute) -> None:
        self.purchase.first_look(opened(command))

    @withdraw_dispute.validator
    def may_withdraw_dispute(self, command: WithdrawDispute) -> None:
        self.purchase.first_look(events.DisputeWithdrawn())

    @answer_dispute.validator
    def may_answer_dispute(self, command: AnswerDispute) -> None:
        self.purchase.first_look(answered(command))

    @resolve_dispute.validator
    def may_resolve_dispute(self, command: ResolveDispute) -> None:
        self.purchase.first_look(resolved(command))


def opened(command: OpenDispute) -> Event:
    return events.DisputeOpened(amount=command.amount, reason=command.reason)


def answered(command: AnswerDispute) -> Event:
    return events.DisputeContested() if command.contest else events.DisputeAccepted()


def resolved(command: ResolveDispute) -> Event:
    return events.DisputeResolved(
        dispute=command.dispute, refund=command.refund, release=command.release
    )
