"""What one side asks of a purchase: first looked at on the row, then decided by the workflow."""

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Depends, Header, Path, Request, Security
from fastapi.responses import Response
from pydantic import BaseModel

from api import opening, purchases
from api.answers import TAGS, answer_of, names, problem_answer, send_purchase
from api.auth import Caller, EitherSide
from api.doors import Doors, TheDoors
from api.errors import NotFound, PaymentDeclined, Unavailable, VersionMoved
from api.idempotency import Answer, Keyed, Try, fingerprint, idempotency_key, once
from api.methods import Method
from api.purchases import Purchase
from api.scopes import Scope
from api.trade import RETRY_AFTER, Command, Fact, NotRunning
from api.views import escrow_out
from banks.port import Payer
from domain.errors import EscrowEnded, NotYourCommand, PaidAlready, Refusal, WrongStage
from domain.events import Event, PaymentStarted
from domain.states import Party, Stage
from ledger.reading import Reading
from workflows.commands import Pay, PaymentPage, RowMoved, Standing

T = TypeVar("T")


async def their_purchase(
    escrow_id: Annotated[str, Path(examples=["esc_0193c8a1b2c37d4e8f9a0b1c2d3e4f50"])],
    doors: TheDoors,
    caller: EitherSide,
) -> Purchase:
    """Raises NotFound, also for what belongs to somebody else."""
    purchase = await purchases.find(doors.engine, escrow_id)
    if purchase is None or not caller.may_see(purchase.id, purchase.merchant_id):
        raise NotFound
    return purchase


#: To look at; the caller's key has the scope for it.
APurchase = Annotated[Purchase, Security(their_purchase, scopes=[Scope.ESCROWS_READ])]


@dataclass(frozen=True, slots=True)
class Asked:
    """A command on its way in: who gives it, to which purchase, under which key.

    `condition` is its `If-Match`, `*` when it has none: any version will do.
    """

    request: Request
    doors: Doors
    caller: Caller
    purchase: Purchase
    key: str
    condition: str

    @property
    def by(self) -> Party:
        return self.caller.party

    def keyed(self, body: BaseModel) -> Keyed:
        said = fingerprint(self.request.method, self.request.url.path, body.model_dump_json())
        return Keyed(self.caller.subject, self.key, said)

    @property
    def moved(self) -> bool:
        """Whether the purchase is at another version than its caller thinks."""
        return not names(self.condition, self.purchase.version)


async def asked(
    request: Request,
    doors: TheDoors,
    caller: EitherSide,
    purchase: Annotated[Purchase, Depends(their_purchase)],
    key: Annotated[str, Depends(idempotency_key)],
    if_match: Annotated[
        str,
        Header(
            pattern=TAGS,
            max_length=200,
            description="The `ETag` that you decided on: 412 when there is a newer version.",
            examples=['"3"'],
        ),
    ] = "*",
) -> Asked:
    return Asked(request, doors, caller, purchase, key, if_match)


ACommand = Annotated[Asked, Security(asked, scopes=[Scope.ESCROWS_WRITE])]
ARefund = Annotated[Asked, Security(asked, scopes=[Scope.REFUNDS])]


async def answer_once(
    asked: Asked, body: BaseModel, act: Callable[[Try], Awaitable[Answer]]
) -> Answer:
    """The answer to this command, the same at every try; a refusal is an answer too."""

    async def acted(this: Try) -> Answer:
        try:
            return await act(this)
        except (Refusal, PaymentDeclined) as refusal:
            return problem_answer(asked.request, refusal)

    return await once(asked.doors.engine, asked.keyed(body), acted)


async def obey(asked: Asked, body: BaseModel, event: Event, command: Command) -> Response:
    """The purchase after `command`; 202 while a bank still has to do its part of it."""

    async def act(this: Try) -> Answer:
        await unmoved(asked, command, this)
        await ask(asked.doors, asked.purchase, event, command, this)
        return await standing(asked.doors, asked.purchase.id)

    answer = await answer_once(asked, body, act)
    return send_purchase(answer, links=asked.caller.holds_links)


async def unmoved(asked: Asked, command: Command, this: Try) -> None:
    """Raise VersionMoved when `If-Match` names another version, but not to a repeated command.

    What an earlier try has done has moved the purchase itself. 412 is not kept as the answer: the
    command was not even looked at, and versions never come back.
    """
    if not asked.moved:
        return
    doors, escrow_id, command_id = asked.doors, asked.purchase.id, this.command_id
    done = this.again and (
        await Reading(doors.engine).obeyed(escrow_id, command_id)
        or await doors.trade.answered(escrow_id, command, command_id)
    )
    if not done:
        raise VersionMoved(f"it is at version {asked.purchase.version}")


async def standing(doors: Doors, escrow_id: str, status: int | None = None) -> Answer:
    """The purchase as it is now."""
    purchase = await purchases.get(doors.engine, escrow_id)
    usual = 202 if purchase.escrow.stage is Stage.CAPTURING else 200
    return answer_of(status or usual, escrow_out(purchase, doors.links, doors.livemode))


async def payment_page(
    doors: Doors,
    purchase: Purchase,
    method: Method,
    by: Party,
    this: Try,
    payer: Payer | None = None,
) -> str:
    """Where the buyer pays. Raises Refusal, PaymentDeclined.

    `payer` comes from a page of the buyer's own, after they signed in, and from nowhere else.
    """
    event = PaymentStarted(bank=method.bank, method=method.method, by=by)
    command = Pay(method.bank, method.method, payer)
    page = await ask(doors, purchase, event, command, this)
    if not isinstance(page, PaymentPage):
        raise TypeError(f"a payment is answered by its page, not by {page!r}")
    if page.declined:
        raise PaymentDeclined(f"the bank declined: {page.declined}")
    return page.redirect_url


async def ask(
    doors: Doors, purchase: Purchase, event: Event, command: Command, this: Try
) -> PaymentPage | Standing:
    """What the purchase answers to `command`, which would cause `event`. Raises Refusal."""
    try:
        purchase.escrow.allows(event)
        return await _reach(
            doors,
            purchase,
            event,
            lambda: doors.trade.request(purchase.id, command, this.command_id),
        )
    except Refusal as refusal:
        # What stands in its way may be its own effect: a first try whose answer got lost.
        if this.again and (done := await _done_before(doors, purchase, command, this)):
            return done
        if isinstance(refusal, WrongStage | PaidAlready | EscrowEnded):
            await _agreed(doors, purchase, event)
        raise


async def _done_before(
    doors: Doors, purchase: Purchase, command: Command, this: Try
) -> PaymentPage | Standing | None:
    """What an earlier try of this very command was answered, or did without an answer.

    Temporal forgets an update whose worker died after the ledger's commit. The row is ahead then:
    the workflow is told, and goes on from there. Where a bank's page was is forgotten with it.
    """
    if answered := await doors.trade.answered(purchase.id, command, this.command_id):
        return answered
    if isinstance(command, Pay):
        return None
    if not await Reading(doors.engine).obeyed(purchase.id, this.command_id):
        return None
    now = await purchases.get(doors.engine, purchase.id)
    with contextlib.suppress(NotRunning):
        await doors.trade.tell(purchase.id, RowMoved(now.version))
    return Standing(now.escrow.status, now.version)


async def _agreed(doors: Doors, purchase: Purchase, event: Event) -> None:
    """Raise Unavailable when the row would allow what the workflow has just refused.

    A worker that died after its commit leaves the row ahead: a refusal from behind is no answer
    to keep. The workflow is told, and catches up.
    """
    now = await purchases.get(doors.engine, purchase.id)
    with contextlib.suppress(Refusal):
        now.escrow.allows(event)
        with contextlib.suppress(NotRunning):
            await doors.trade.tell(purchase.id, RowMoved(now.version))
        raise Unavailable("the purchase is catching up", retry_after=RETRY_AFTER)


def may(purchase: Purchase, event: Event) -> bool:
    """Whether the row shows that `event` can happen now."""
    try:
        purchase.escrow.allows(event)
    except Refusal:
        return False
    return True


async def tell(doors: Doors, purchase: Purchase, event: Event, fact: Fact) -> None:
    """Say that `event` has happened. Raises Refusal when the row shows that it can't have.

    A fact that is stored already is no news, and no lie either: whoever says it again is right.
    """
    try:
        purchase.escrow.allows(event)
    except NotYourCommand:
        raise
    except Refusal:
        timeline = await Reading(doors.engine).timeline(purchase.id)
        if event.name not in {step.happened.name for step in timeline}:
            raise
        return
    await _reach(doors, purchase, event, lambda: doors.trade.tell(purchase.id, fact))


async def _reach(
    doors: Doors, purchase: Purchase, event: Event, say: Callable[[], Awaitable[T]]
) -> T:
    """Temporal can't tell a purchase that has ended from one that nobody started: the row can."""
    try:
        return await say()
    except NotRunning:
        now = await purchases.get(doors.engine, purchase.id)
    now.escrow.allows(event)
    if not now.started:
        await opening.start(doors, now.escrow.terms)
    try:
        return await say()
    except NotRunning as gone:
        raise Unavailable("the purchase is not reachable", retry_after=RETRY_AFTER) from gone
