"""The only place that talks to Temporal: what doors ask of a purchase that is under way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from temporalio.client import (
    Client,
    RPCTimeoutOrCancelledError,
    WorkflowHandle,
    WorkflowUpdateFailedError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from api.errors import Unavailable
from clearing.port import RefundAsked
from domain.errors import refusals
from domain.terms import Terms
from webhooks.port import Notice
from workflows.commands import (
    AnswerDispute,
    BankReport,
    Cancel,
    Confirm,
    Extend,
    OpenDispute,
    Pay,
    PaymentPage,
    Refund,
    ResolveDispute,
    RowMoved,
    Ship,
    Standing,
    WithdrawDispute,
)
from workflows.late import LatePaymentOrder
from workflows.names import payout_id
from workflows.redelivery import start_telling
from workflows.start import refund_after_sale, start_escrow, start_late_payment

#: A worker answers in well under a second; a bank's page may take `steps.PAGE_PATIENCE`.
COMMAND_PATIENCE = timedelta(seconds=10)
PAY_PATIENCE = timedelta(seconds=25)
#: A signal or a start needs Temporal only, no worker.
SEND_PATIENCE = timedelta(seconds=5)
#: What a caller should wait before it repeats a command that we could not wait for.
RETRY_AFTER = 2

Command = (
    Pay | Ship | Cancel | Refund | Extend
    | OpenDispute | WithdrawDispute | AnswerDispute | ResolveDispute
)  # fmt: skip
Fact = Confirm | BankReport | RowMoved

UPDATES: dict[type[Command], tuple[str, type[PaymentPage | Standing]]] = {
    Pay: ("pay", PaymentPage),
    Ship: ("ship", Standing),
    Cancel: ("cancel", Standing),
    Refund: ("refund", Standing),
    Extend: ("extend", Standing),
    OpenDispute: ("open_dispute", Standing),
    WithdrawDispute: ("withdraw_dispute", Standing),
    AnswerDispute: ("answer_dispute", Standing),
    ResolveDispute: ("resolve_dispute", Standing),
}
SIGNALS: dict[type[Fact], str] = {
    Confirm: "confirm_receipt",
    BankReport: "bank_reported",
    RowMoved: "row_moved",
}


class NotRunning(Exception):
    """No workflow of this purchase runs: it has ended, or nobody has started it yet."""


class Trade:
    """Every call raises Unavailable when Temporal, or a worker, does not answer in time."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def open(self, terms: Terms) -> None:
        """Start the purchase's workflow; started already is as good."""
        async with _patient(SEND_PATIENCE):
            await start_escrow(self._client, terms)

    async def request(
        self, escrow_id: str, command: Command, command_id: str
    ) -> PaymentPage | Standing:
        """What the purchase answers. The same `command_id` again gets the same answer.

        Raises Refusal, NotRunning.
        """
        name, result_type = UPDATES[type(command)]
        patience = PAY_PATIENCE if isinstance(command, Pay) else COMMAND_PATIENCE
        async with _patient(patience):
            answer: PaymentPage | Standing = await self._handle(escrow_id).execute_update(
                name, command, id=command_id, result_type=result_type
            )
            return answer

    async def answered(
        self, escrow_id: str, command: Command, command_id: str
    ) -> PaymentPage | Standing | None:
        """What an earlier try of this very command was answered, or is about to be; else None.

        Wakes nobody. Raises Refusal.
        """
        _, result_type = UPDATES[type(command)]
        earlier = self._handle(escrow_id).get_update_handle(command_id, result_type=result_type)
        try:
            async with _patient(COMMAND_PATIENCE):
                answer: PaymentPage | Standing = await earlier.result()
                return answer
        except NotRunning:
            return None

    async def tell(self, escrow_id: str, fact: Fact) -> None:
        """Raises NotRunning."""
        async with _patient(SEND_PATIENCE):
            await self._handle(escrow_id).signal(SIGNALS[type(fact)], fact)

    async def tell_payout(self, payout: str) -> None:
        """The bank says that something became of a payout. Raises NotRunning."""
        async with _patient(SEND_PATIENCE):
            await self._client.get_workflow_handle(payout_id(payout)).signal("bank_reported")

    async def start_late(self, order: LatePaymentOrder) -> None:
        """Look into a payment that came after its purchase had ended."""
        async with _patient(SEND_PATIENCE):
            await start_late_payment(self._client, order)

    async def refund_after_sale(self, asked: RefundAsked) -> Standing:
        """Where the purchase is after it; the same command again gets the same. Raises Refusal."""
        async with _patient(COMMAND_PATIENCE):
            return await refund_after_sale(self._client, asked)

    async def tell_again(self, notice: Notice) -> None:
        """Start to tell a merchant's endpoint at once."""
        async with _patient(SEND_PATIENCE):
            await start_telling(self._client, notice)

    def _handle(self, escrow_id: str) -> WorkflowHandle[Any, Any]:
        return self._client.get_workflow_handle(escrow_id)


@asynccontextmanager
async def _patient(patience: timedelta) -> AsyncIterator[None]:
    """Temporal's errors as ours."""
    try:
        async with asyncio.timeout(patience.total_seconds()):
            yield
    except (TimeoutError, RPCTimeoutOrCancelledError) as silence:
        if (task := asyncio.current_task()) and task.cancelling():
            # The SDK says the same of our own cancellation, which has to go on: a chore that
            # took it for silence would never end.
            raise asyncio.CancelledError from silence
        raise Unavailable("the purchase has not answered in time", retry_after=RETRY_AFTER) from (
            silence
        )
    except WorkflowUpdateFailedError as failed:
        raise _refusal(failed.cause) from failed
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise NotRunning from error
        raise Unavailable("Temporal does not answer", retry_after=RETRY_AFTER) from error
    except RuntimeError as error:
        # All that the SDK's lazy client says when its first connection fails.
        if not str(error).startswith("Failed client connect"):
            raise
        raise Unavailable("Temporal does not answer", retry_after=RETRY_AFTER) from error


def _refusal(cause: BaseException) -> Exception:
    """The Refusal that a workflow raised; anything else is a bug and stays one."""
    kind = refusals().get(getattr(cause, "type", None) or "")
    if isinstance(cause, ApplicationError) and kind is not None:
        return kind(cause.message)
    return RuntimeError(f"an update failed: {cause}")
