"""camt.053 is read: a bank's statement of one day (ISO 20022's bank to customer statement).

Read from version 8 to version 13: what is read of it here did not change between them.
"""

from banks.files import fields
from banks.files.camt053_movements import read_charges, read_movements
from banks.files.errors import (
    BadValue,
    IncompleteFile,
    Missing,
    Repeated,
    SumMismatch,
    Unbalanced,
)
from banks.files.statements import (
    Balance,
    Entry,
    Movement,
    Statement,
    check_entry,
    check_together,
)
from banks.files.values import Side
from banks.files.xml_reading import LIMITS, Element, Limits, read_message

VERSIONS = tuple(f"camt.053.001.{number:02d}" for number in range(8, 14))


def read(
    data: bytes, limits: Limits = LIMITS, *, may_be_empty: bool = False
) -> tuple[Statement, ...]:
    """The statements in `data`, most often one. Raises BankFileError's kinds.

    Every amount must be in the account's currency, every entry booked, every sum right. One without
    entries is EmptyFile, unless `may_be_empty`: only who knows that nothing happened may say so.
    """
    message = read_message(data, VERSIONS, limits)
    statements = tuple(_read_statement(one, may_be_empty) for one in message.all("Stmt"))
    check_together(statements, message.place)
    return statements


def _read_statement(element: Element, may_be_empty: bool) -> Statement:
    _whole(element)
    opening, currency = _balance(element, "OPBD", "PRCD")
    closing, closing_currency = _balance(element, "CLBD")
    said = fields.text_if(element, "Acct/Ccy", 3)
    if {currency, closing_currency, said or currency} != {currency}:
        raise element.error(BadValue, "account and balances are not of one currency")
    statement = Statement(
        id=fields.text_at(element, "Id"),
        sequence=_sequence(element.one("ElctrncSeqNb")),
        created_at=fields.moment_at(element, "CreDtTm"),
        account=fields.account_at(element, "Acct"),
        currency=currency,
        opening=opening,
        closing=closing,
        entries=tuple(_read_entry(entry, currency) for entry in element.all("Ntry")),
    )
    statement.check(element.place, may_be_empty=may_be_empty)
    _check_summary(element, statement)
    return statement


def _whole(element: Element) -> None:
    """A page of several has no opening or closing balance of the day: all or nothing is read."""
    page = element.maybe("StmtPgntn")
    if page and (fields.text_at(page, "PgNb", 5) != "1" or not fields.flag_if(page, "LastPgInd")):
        raise page.error(IncompleteFile, "one page of several")
    copied = element.maybe("CpyDplctInd")
    if copied and copied.text not in ("DUPL", "COPY", "CODU"):
        raise copied.error(BadValue, f"{copied.text[:40]!r} is no kind of copy")


def _sequence(element: Element) -> int:
    if not (element.text.isascii() and element.text.isdigit() and len(element.text) <= 18):
        raise element.error(BadValue, f"{element.text[:40]!r} is no sequence number")
    return int(element.text)


def _balance(statement: Element, *codes: str) -> tuple[Balance, str]:
    """The balance of the first of `codes` that is there."""
    balances = statement.all("Bal")
    for one in balances:
        if fields.text_if(one, "Tp/SubTp/Cd", 4) == "INTM":
            raise one.error(IncompleteFile, "a balance between two pages")
    for code in codes:
        found = [one for one in balances if fields.text_if(one, "Tp/CdOrPrtry/Cd", 4) == code]
        if len(found) > 1:
            raise found[1].error(Repeated, f"a second balance {code}")
        if found:
            amount, currency = fields.amount_at(found[0], "Amt")
            side = fields.code_at(found[0], "CdtDbtInd", Side)
            return Balance(side.signed(amount), fields.day_at(found[0], "Dt")), currency
    raise statement.error(Missing, f"there is no balance {' or '.join(codes)}")


def _read_entry(element: Element, currency: str) -> Entry:
    status = element.one("Sts/Cd")
    if status.text != "BOOK":
        raise status.error(IncompleteFile, f"{status.text[:40]!r}: an entry that is not booked")
    amount, _ = fields.amount_at(element, "Amt", currency)
    side = fields.code_at(element, "CdtDbtInd", Side)
    booked_on = fields.day_at(element, "BookgDt")
    movements = read_movements(element, amount, side, currency)
    entry = Entry(
        amount=amount,
        side=side,
        booked_on=booked_on,
        value_on=fields.day_at(element, "ValDt") if element.maybe("ValDt") else booked_on,
        movements=movements,
        bank_reference=fields.text_if(element, "AcctSvcrRef"),
        reversal=fields.flag_if(element, "RvslInd") or False,
        batch=_batch(element, movements, currency),
        charges=_taken_off_all(element, amount, side, movements, currency),
    )
    check_entry(entry, element.place)
    return entry


def _taken_off_all(
    element: Element,
    amount: int,
    side: Side,
    movements: tuple[Movement, ...],
    currency: str,
) -> int:
    """What a batch was charged beyond its movements; charges may also stand there as their sum."""
    charged = read_charges(element, currency)
    if len(movements) == 1 or not charged.included + charged.undecided:
        return 0
    beyond = sum(one.signed for one in movements) - side.signed(amount)
    within = sum(one.charges for one in movements)
    if charged.included + charged.undecided not in (beyond, within + beyond):
        raise element.error(Unbalanced, "amount, movements and charges do not fit together")
    return beyond


def _batch(element: Element, movements: tuple[Movement, ...], currency: str) -> str:
    """The name of the batch, and what the bank counted and added up in it."""
    batches = [found for one in element.all("NtryDtls") if (found := one.maybe("Btch"))]
    if not batches:
        return ""
    if len(batches) > 1:
        raise batches[1].error(Repeated, "a second batch in one entry")
    if any(one.all("TxDtls") for one in element.all("NtryDtls")):
        fields.count_if(batches[0], "NbOfTxs", len(movements))
    if batches[0].maybe("TtlAmt"):
        total, _ = fields.amount_at(batches[0], "TtlAmt", currency)
        if total != abs(sum(one.signed for one in movements)):
            raise batches[0].error(SumMismatch, "the movements make another total")
    name = fields.text_if(batches[0], "PmtInfId")
    return name or fields.text_if(batches[0], "MsgId")


def _check_summary(statement: Element, read: Statement) -> None:
    summary = statement.maybe("TxsSummry")
    if summary is None:
        return
    credits = [one for one in read.entries if one.side is Side.CREDIT]
    debits = [one for one in read.entries if one.side is Side.DEBIT]
    for name, entries in (
        ("TtlNtries", read.entries), ("TtlCdtNtries", credits), ("TtlDbtNtries", debits)
    ):  # fmt: skip
        if said := summary.maybe(name):
            fields.count_if(said, "NbOfNtries", len(entries))
            fields.sum_if(said, "Sum", [(one.amount, read.currency) for one in entries])
