"""What must hold when a story has ended: I1 to I9 of reliability.md, against the bank's journal."""

from collections import Counter
from dataclasses import dataclass

from domain import events
from domain.accounts import Code
from domain.errors import Refusal
from domain.escrow import Escrow
from tests.simulation.bank import Entry, ModelBank
from tests.simulation.door import Door, Receipt
from tests.simulation.ledger import ModelLedger, Step, Violation
from tests.simulation.paying import Paying
from tests.simulation.world import HOUR

#: After the last fault, until everybody has asked once more: banks are asked hourly.
RECOVERY = 2 * HOUR
TAKEN = ("charge", "capture")


@dataclass(frozen=True, slots=True)
class Played:
    opened: Escrow
    story: Paying
    ledger: ModelLedger
    bank: ModelBank
    door: Door


def check(played: Played) -> None:
    """Raises Violation."""
    for truth in (
        nothing_is_left_behind,
        everybody_believes_the_ledger,
        one_charge_one_way_out,
        the_banks_journal_agrees,
        the_merchant_has_its_due,
        what_was_acknowledged_holds,
        every_event_was_heard,
    ):
        truth(played)


def nothing_is_left_behind(played: Played) -> None:
    """I1, I7: it came to its end, and no account of it holds anything."""
    story, amounts = played.story, played.story.escrow.amounts
    expect("I7", story.over and story.escrow.settled, f"stranded while {story.escrow.stage}")
    expect("I3", amounts.funded == amounts.released + amounts.refunded, f"{amounts}")
    for code in (Code.ESCROW, Code.ESCROW_DISPUTED, Code.HOLD):
        expect("I1", played.ledger.total(code) == 0, f"money is left in account {code:d}")


def everybody_believes_the_ledger(played: Played) -> None:
    """The workflow, the row, and the steps taken one by one from the start are the same."""
    escrow = played.opened
    for step in played.ledger.steps:
        try:
            escrow = escrow.after(step.event, step.at).escrow
        except Refusal as refusal:
            raise Violation(f"I9: {step.event.name} was stored: {refusal}") from refusal
        expect("I6", escrow == step.after, f"step {escrow.sequence} is stored wrongly")
    expect("I6", played.story.escrow == escrow, "the workflow and its row are of two minds")


def one_charge_one_way_out(played: Played) -> None:
    """I2: nothing is told to the bank twice, and no payment gives back more than it took."""
    journal = played.bank.journal
    told = Counter(entry.reference for entry in journal)
    expect("I2", max(told.values(), default=1) == 1, "the bank did one thing twice")
    kept = 0
    for reference in played.bank.payments:
        took = total(journal, TAKEN, reference)
        gave = total(journal, ("refund",), reference)
        expect("I2", gave <= took, f"{reference}: {took} taken, {gave} given back")
        frozen = total(journal, ("freeze",), reference)
        freed = [entry for entry in journal if entry.of == reference and entry.kind != "refund"]
        expect("I2", len(freed) == bool(frozen), f"a freeze has one way out: {freed}")
        kept += took > 0 and reference in funding(played)
    expect("I2", kept <= 1, "two payments paid for one purchase")


def the_banks_journal_agrees(played: Played) -> None:
    """I6: what our books say of the bank is what the bank's own journal says."""
    journal, ledger = played.bank.journal, played.ledger
    taken = sum(entry.amount for entry in journal if entry.kind in TAKEN)
    given = sum(entry.amount for entry in journal if entry.kind == "refund")
    ours = -ledger.total(Code.BANK_CLEARING), ledger.total(Code.REFUND_IN_TRANSIT)
    expect("I6", ours == (taken, given), f"(taken, given back): {ours}, the bank {taken, given}")
    released = played.story.escrow.amounts.released
    held_up = ledger.total(Code.SUSPENSE)
    refused = sum(
        done.amount for done in played.bank.refused_refunds if done.of in played.bank.payments
    )
    expect("I6", held_up == taken - given - released, "money is nowhere")
    expect("I6", held_up <= refused, "money waits for a person, and no bank has refused it")


def the_merchant_has_its_due(played: Played) -> None:
    """Fees never lose or make a unit, however many releases there were."""
    ledger, terms = played.ledger, played.opened.terms
    released, fee = played.story.escrow.amounts.released, ledger.total(Code.FEE)
    owed = ledger.total(Code.MERCHANT_PAYABLE) + ledger.total(Code.MERCHANT_RESERVE)
    expect("I1", owed + fee == released, f"{released} released, {owed} owed, {fee} fee")
    expect("I1", fee == terms.fee.of(released), f"a fee of {fee} for {released}")


def what_was_acknowledged_holds(played: Played) -> None:
    """I5, I9: a yes is stored, a no has changed nothing, and an answer stays as it was."""
    door = played.door
    expect("I5", not door.changed, f"answered otherwise the second time: {door.changed}")
    stored = {step.command for step in played.ledger.steps}
    for reply in door.answers.values():
        done = reply.command.id in stored
        if reply.refusal is None:
            expect("I5", done, f"acknowledged and lost: {reply.command}")
        else:
            expect("I9", not done, f"refused and done: {reply.command}")
    for receipt in door.receipts:
        expect("I5", counted(played, receipt), f"a receipt was taken and lost: {receipt}")


def counted(played: Played, receipt: Receipt) -> bool:
    """Confirmed after it was taken, or something that came between made it impossible."""
    said = played.ledger.steps[receipt.seen - 1 :]
    if any(isinstance(step.event, events.ReceiptConfirmed) for step in said):
        return True
    return any(not allowed(step.after, receipt) for step in said)


def allowed(escrow: Escrow, receipt: Receipt) -> bool:
    try:
        escrow.allows(receipt.command.event)
    except Refusal:
        return False
    return True


def every_event_was_heard(played: Played) -> None:
    """I8: numbers without a gap, each heard by the merchant."""
    told = played.ledger.told
    expect("I8", told == played.story.escrow.told, "the numbering of public events differs")
    missing = set(range(1, told + 1)) - played.story.heard
    expect("I8", not missing, f"never told: {sorted(missing)}")


def nobody_is_stuck(played: Played) -> None:
    """I7, soon after healing: at its end, or waiting by name for somebody until a moment."""
    story = played.story
    memory, escrow = story.memory, story.escrow
    waits = memory.timer is not None or memory.errands or memory.recording
    expect("I7", story.over or bool(waits), f"nobody wakes it up while {escrow.stage}")


def funding(played: Played) -> set[str]:
    """The payments whose money became this purchase's."""
    return {step_payment(step) for step in played.ledger.steps if paid(step)}


def paid(step: Step) -> bool:
    return isinstance(step.event, events.PaymentSucceeded)


def step_payment(step: Step) -> str:
    return step.after.payment


def total(journal: list[Entry], kinds: tuple[str, ...], payment: str) -> int:
    """Of one payment: its own entry, or what was done with it later."""
    mine = (e for e in journal if payment in (e.reference, e.of) and e.kind in kinds)
    return sum(entry.amount for entry in mine)


def expect(invariant: str, holds: bool, otherwise: str) -> None:
    if not holds:
        raise Violation(f"{invariant}: {otherwise}")
