"""camt.053 is written, in version 8: what our sandbox bank sends, and what a test needs."""

from collections.abc import Sequence
from datetime import datetime

from banks.files.amounts import control_sum
from banks.files.camt053_movements import other_role
from banks.files.statements import (
    Balance,
    Entry,
    Movement,
    Statement,
    check_entry,
    check_together,
)
from banks.files.values import Side
from banks.files.xml_writing import Writing

VERSION = "camt.053.001.08"


def write(
    message_id: str,
    created_at: datetime,
    statements: tuple[Statement, ...],
    *,
    may_be_empty: bool = False,
) -> bytes:
    """The statements as one file. Raises BankFileError's kinds with the element's path."""
    check_together(statements, "BkToCstmrStmt")
    writing = Writing()
    with writing.element("BkToCstmrStmt"):
        with writing.element("GrpHdr"):
            writing.text("MsgId", message_id)
            writing.moment("CreDtTm", created_at)
        for statement in statements:
            statement.check(writing.place("Stmt"), may_be_empty=may_be_empty)
            _write_statement(writing, statement)
    return writing.document(VERSION)


def _write_statement(writing: Writing, statement: Statement) -> None:
    with writing.element("Stmt"):
        writing.text("Id", statement.id)
        writing.count("ElctrncSeqNb", statement.sequence)
        writing.moment("CreDtTm", statement.created_at)
        writing.account("Acct", statement.account, statement.currency)
        _write_balance(writing, "OPBD", statement.opening, statement.currency)
        _write_balance(writing, "CLBD", statement.closing, statement.currency)
        _write_summary(writing, statement)
        for entry in statement.entries:
            _write_entry(writing, entry, statement.currency)


def _write_balance(writing: Writing, code: str, balance: Balance, currency: str) -> None:
    with writing.element("Bal"):
        with writing.element("Tp", "CdOrPrtry"):
            writing.text("Cd", code)
        writing.amount("Amt", abs(balance.amount), currency)
        writing.text("CdtDbtInd", Side.of(balance.amount))
        with writing.element("Dt"):
            writing.day("Dt", balance.on)


def _write_summary(writing: Writing, statement: Statement) -> None:
    credits = [one for one in statement.entries if one.side is Side.CREDIT]
    debits = [one for one in statement.entries if one.side is Side.DEBIT]
    with writing.element("TxsSummry"):
        _write_total(writing, "TtlNtries", statement.entries, statement.currency)
        _write_total(writing, "TtlCdtNtries", credits, statement.currency)
        _write_total(writing, "TtlDbtNtries", debits, statement.currency)


def _write_total(writing: Writing, name: str, entries: Sequence[Entry], currency: str) -> None:
    with writing.element(name):
        writing.count("NbOfNtries", len(entries))
        amounts = [(one.amount, currency) for one in entries]
        writing.text("Sum", control_sum(amounts, writing.place("Sum")))


def _write_entry(writing: Writing, entry: Entry, currency: str) -> None:
    check_entry(entry, writing.place("Ntry"))
    with writing.element("Ntry"):
        writing.amount("Amt", entry.amount, currency)
        writing.text("CdtDbtInd", entry.side)
        if entry.reversal:
            writing.text("RvslInd", "true")
        with writing.element("Sts"):
            writing.text("Cd", "BOOK")
        with writing.element("BookgDt"):
            writing.day("Dt", entry.booked_on)
        with writing.element("ValDt"):
            writing.day("Dt", entry.value_on)
        writing.text_if("AcctSvcrRef", entry.bank_reference)
        _write_kind(writing, entry)
        _write_charges(writing, entry.charges, currency)
        with writing.element("NtryDtls"):
            if entry.batch:
                _write_batch(writing, entry, currency)
            for movement in entry.movements:
                _write_movement(writing, movement, currency)


def _write_kind(writing: Writing, entry: Entry) -> None:
    """ISO's bank transaction code: a payment received or issued, or one that came back."""
    came_back = any(one.returned for one in entry.movements)
    issued = (entry.side is Side.DEBIT) is not came_back
    with writing.element("BkTxCd", "Domn"):
        writing.text("Cd", "PMNT")
        with writing.element("Fmly"):
            writing.text("Cd", "ICDT" if issued else "RCDT")
            writing.text("SubFmlyCd", "RRTN" if came_back else "OTHR")


def _write_batch(writing: Writing, entry: Entry, currency: str) -> None:
    total = sum(one.signed for one in entry.movements)
    with writing.element("Btch"):
        writing.text("PmtInfId", entry.batch)
        writing.count("NbOfTxs", len(entry.movements))
        writing.amount("TtlAmt", abs(total), currency)
        writing.text("CdtDbtInd", Side.of(total))


def _write_movement(writing: Writing, movement: Movement, currency: str) -> None:
    with writing.element("TxDtls"):
        if movement.reference or movement.bank_reference:
            with writing.element("Refs"):
                writing.text_if("AcctSvcrRef", movement.bank_reference)
                if movement.reference:
                    writing.reference("EndToEndId", movement.reference)
        writing.amount("Amt", movement.amount, currency)
        writing.text("CdtDbtInd", movement.side)
        if movement.charges:
            with writing.element("AmtDtls", "TxAmt"):
                writing.amount("Amt", movement.gross, currency)
        _write_charges(writing, movement.charges, currency)
        _write_other(writing, movement)
        if movement.text:
            with writing.element("RmtInf"):
                writing.text("Ustrd", movement.text, 140)
        if movement.returned:
            writing.reason("RtrInf", movement.returned)


def _write_charges(writing: Writing, charges: int, currency: str) -> None:
    if not charges:
        return
    with writing.element("Chrgs"):
        writing.amount("TtlChrgsAndTaxAmt", abs(charges), currency)
        with writing.element("Rcrd"):
            writing.amount("Amt", abs(charges), currency)
            writing.text("CdtDbtInd", Side.DEBIT if charges > 0 else Side.CREDIT)
            writing.text("ChrgInclInd", "true")


def _write_other(writing: Writing, movement: Movement) -> None:
    if not movement.party and not movement.account:
        return
    role = other_role(movement.side, came_back=movement.returned is not None)
    with writing.element("RltdPties"):
        if movement.party:
            with writing.element(role, "Pty"):
                writing.text("Nm", movement.party, 140)
        if movement.account:
            writing.account(f"{role}Acct", movement.account)
