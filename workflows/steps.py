"""Quick local, patient regular: how a purchase takes its steps.

A short idempotent step runs first as a local activity with one short try: no task queue, one
history event. What does not answer promptly becomes a regular activity with a patient retry
policy, which operators see. Calls that move money are regular from the start.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from temporalio import workflow
from temporalio.common import Priority, RetryPolicy
from temporalio.exceptions import FailureError

from workflows.names import BANK_QUEUE, ESCROW_QUEUE

with workflow.unsafe.imports_passed_through():
    from activities.after_sale import AfterSale
    from activities.batches import Batches
    from activities.bookkeeping import Bookkeeping
    from activities.clearing import Clearing, PayoutStep
    from activities.funding import Done, Funding
    from activities.notices import FIRST_TRIES, Notices
    from banks.port import AlreadyPaid, Closed, Declined, Order, Redirect, Remitted, Truth
    from clearing.port import BankHeard, Moved, PayoutBatch, RefundAsked, Ruling, Told
    from ledger.port import Posting, Stored, Transition
    from webhooks.port import Notice

A = TypeVar("A")
W = TypeVar("W", Transition, Posting, PayoutStep, RefundAsked, BankHeard)
D = TypeVar("D", Bookkeeping, Clearing, AfterSale)
Step = Callable[[Funding, Order], Awaitable[A]]

#: A commit takes milliseconds; a database that needs longer is in trouble and gets patience.
QUICK_COMMIT = timedelta(seconds=1)
PATIENT_COMMIT = timedelta(seconds=10)
COMMIT_RETRIES = RetryPolicy(
    initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=15)
)
#: A buyer is looking at a spinner.
QUICK_ASK = timedelta(seconds=2)
#: Longer than the adapter's own timeout, so that its verdict arrives.
PATIENT_ASK = timedelta(seconds=20)
#: The activities say themselves when to ask again; this is for what they can't foresee.
BANK_RETRIES = RetryPolicy(
    initial_interval=timedelta(seconds=5), maximum_interval=timedelta(hours=1)
)
#: The first tries of banks.md up to the one after 5 minutes; then a person hears of it.
TRIES_BEFORE_REVIEW = 6
#: As many tries as it takes.
FOREVER = 0
#: How long a buyer waits for a payment page before choosing again.
PAGE_PATIENCE = timedelta(seconds=20)
ONE_TRY = RetryPolicy(maximum_attempts=1)


async def record(transition: Transition) -> Stored | None:
    """Commit one transition, however long that takes; or learn which one has that number."""
    return await _commit(Bookkeeping.record, transition, transition.name)


async def stored(escrow_id: str, sequence: int) -> Stored | None:
    """The step that the ledger has under this number, if any."""
    return await workflow.execute_local_activity_method(
        Bookkeeping.step,
        args=[escrow_id, sequence],
        start_to_close_timeout=PATIENT_COMMIT,
        retry_policy=COMMIT_RETRIES,
        summary=f"step {sequence}",
    )


async def booked(escrow_id: str, attempt: int) -> bool:
    """Whether the ledger has this payment as the purchase's own."""
    return await workflow.execute_local_activity_method(
        Bookkeeping.booked,
        args=[escrow_id, attempt],
        start_to_close_timeout=PATIENT_COMMIT,
        retry_policy=COMMIT_RETRIES,
        summary=f"is payment {attempt} booked?",
    )


async def post(posting: Posting) -> None:
    await _commit(Bookkeeping.post, posting, posting.name)


async def _commit(step: Callable[[D, W], Awaitable[A]], what: W, summary: str) -> A:
    try:
        return await workflow.execute_local_activity_method(
            step,
            what,
            start_to_close_timeout=QUICK_COMMIT,
            retry_policy=ONE_TRY,
            summary=summary,
        )
    except FailureError:
        return await workflow.execute_activity_method(
            step,
            what,
            task_queue=ESCROW_QUEUE,
            start_to_close_timeout=PATIENT_COMMIT,
            retry_policy=COMMIT_RETRIES,
            summary=f"{summary}: the ledger did not answer at once",
        )


async def payment_page(order: Order) -> Redirect | Declined:
    """The bank's page for this attempt. Raises FailureError when the bank stays silent."""
    try:
        return await workflow.execute_local_activity_method(
            Funding.start_payment,
            order,
            start_to_close_timeout=QUICK_ASK,
            retry_policy=ONE_TRY,
            summary=short(order),
        )
    except FailureError:
        return await workflow.execute_activity_method(
            Funding.start_payment,
            order,
            task_queue=BANK_QUEUE,
            start_to_close_timeout=PATIENT_ASK,
            schedule_to_close_timeout=PAGE_PATIENCE,
            retry_policy=BANK_RETRIES,
            priority=fair(order),
            summary=f"ask {order.bank} for a payment page: {order.reference}",
        )


async def find_payment(order: Order) -> Truth:
    """What the bank says now; it may still be undecided."""
    return await _ask(Funding.find_payment, order, "find")


async def decide_payment(order: Order, tries: int = FOREVER) -> Truth:
    """What the bank says in the end. Raises FailureError after `tries`."""
    return await _patient(Funding.decide_payment, order, "wait for the decision on", tries)


async def close_payment(order: Order, tries: int = FOREVER) -> Closed | AlreadyPaid:
    """Close it at the bank. Raises FailureError after `tries`."""
    return await _ask(Funding.close_payment, order, "close", tries)


async def find_payment_now(order: Order) -> Truth:
    """As a buyer waits for it. Raises FailureError."""
    return await _quick(Funding.find_payment, order)


async def close_payment_now(order: Order) -> Closed | AlreadyPaid:
    """One quick try. Raises FailureError when the bank does not answer at once."""
    return await _quick(Funding.close_payment, order)


async def move_money(order: Order, tries: int = FOREVER) -> Done:
    """Deduct, refund or unfreeze. Raises FailureError after `tries`."""
    return await workflow.execute_activity_method(
        Funding.move_money,
        order,
        task_queue=BANK_QUEUE,
        start_to_close_timeout=PATIENT_ASK,
        retry_policy=replace(BANK_RETRIES, maximum_attempts=tries),
        priority=fair(order),
        summary=f"{order.operation} {order.amount} {order.currency}: {order.reference}",
    )


async def remit_batch(batch: PayoutBatch, tries: int = FOREVER) -> dict[str, Remitted]:
    """A file of payouts. Raises FailureError after `tries`."""
    return await workflow.execute_activity_method(
        Batches.remit_batch,
        batch,
        task_queue=BANK_QUEUE,
        start_to_close_timeout=PATIENT_ASK,
        retry_policy=replace(BANK_RETRIES, maximum_attempts=tries),
        summary=f"{len(batch.payouts)} payouts: {batch.id}",
    )


async def move_payout(step: PayoutStep) -> Moved:
    """A payout's step: row, journal and public event, however long that takes."""
    return await _commit(Clearing.move_payout, step, f"{step.payout_id} is {step.to}")


async def refund_after_sale(asked: RefundAsked) -> Ruling:
    """Book a refund after the release, or learn why it can't be, however long that takes."""
    return await _commit(AfterSale.refund_after_sale, asked, f"refund {asked.amount}")


async def hear_after_sale(fact: BankHeard) -> Told:
    return await _commit(AfterSale.hear_after_sale, fact, fact.name)


async def tell(notices: list[Notice]) -> list[Notice]:
    """One short try for each; answers those that the merchant did not hear."""
    try:
        return await workflow.execute_local_activity_method(
            Notices.tell,
            notices,
            start_to_close_timeout=FIRST_TRIES * 2,
            retry_policy=ONE_TRY,
        )
    except FailureError:
        return notices


def fair(order: Order) -> Priority:
    """A merchant with a thousand refunds does not hold up another merchant's one."""
    return Priority(fairness_key=order.merchant_id)


def short(order: Order) -> str:
    """The reference without the escrow id, which the workflow's own id says already."""
    return order.reference.removeprefix(f"{order.escrow_id}:")


async def _ask(step: Step[A], order: Order, verb: str, tries: int = FOREVER) -> A:
    try:
        return await _quick(step, order)
    except FailureError:
        return await _patient(step, order, verb, tries)


async def _quick(step: Step[A], order: Order) -> A:
    return await workflow.execute_local_activity_method(
        step,
        order,
        start_to_close_timeout=QUICK_ASK,
        retry_policy=ONE_TRY,
        summary=short(order),
    )


async def _patient(step: Step[A], order: Order, verb: str, tries: int = FOREVER) -> A:
    return await workflow.execute_activity_method(
        step,
        order,
        task_queue=BANK_QUEUE,
        start_to_close_timeout=PATIENT_ASK,
        retry_policy=replace(BANK_RETRIES, maximum_attempts=tries),
        priority=fair(order),
        summary=f"{verb} {order.reference}",
    )
