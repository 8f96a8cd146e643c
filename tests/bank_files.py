"""Values for bank files, made by hand: any of them for properties are in any_bank_file.py."""

from datetime import UTC, date, datetime

from banks.files.pain001 import PayoutBatch, PayoutGroup, PayoutOrder
from banks.files.statements import Balance, Entry, Movement, Statement
from banks.files.values import Account, Agent, Side

AT = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)
DAY = date(2026, 11, 23)
OURS = "pay_0193c8a1b2c37d4e8f9a0b1c2d3e4f50:remit:1"
CUSTODY = Account("6217000000001000")
MERCHANT = Account("6217000000000018")


def an_order(amount: int = 12_345, reference: str = OURS, currency: str = "CNY") -> PayoutOrder:
    bank = Agent(member="102100099996")
    return PayoutOrder(reference, amount, currency, "李四 & <Söhne>", MERCHANT, bank, "payout")


def a_batch(*orders: PayoutOrder) -> PayoutBatch:
    group = PayoutGroup("G-1", DAY, "Danbao", CUSTODY, orders or (an_order(),))
    return PayoutBatch("B-1", AT, "Danbao", (group,))


def an_entry(signed: int = 10_000, reference: str = OURS, bank_reference: str = "77") -> Entry:
    """A single booking of one movement."""
    side = Side.of(signed)
    movement = Movement(abs(signed), side, reference, bank_reference)
    return Entry(abs(signed), side, DAY, DAY, (movement,), bank_reference)


def a_statement(
    *entries: Entry, opening: int = 50_000, sequence: int = 7, currency: str = "CNY"
) -> Statement:
    """Its closing balance is what the entries make."""
    booked = entries or (an_entry(),)
    closing = opening + sum(entry.signed for entry in booked)
    return Statement(
        f"S-{sequence}",
        sequence,
        AT,
        CUSTODY,
        currency,
        Balance(opening, DAY),
        Balance(closing, DAY),
        booked,
    )
