"""What stands inside a camt.053 entry: its movements, and what the bank took off them."""

from dataclasses import dataclass

from banks.files import fields
from banks.files.errors import BadValue, Missing, SumMismatch, Unbalanced
from banks.files.statements import Movement
from banks.files.values import Account, Side
from banks.files.xml_reading import Element


@dataclass(frozen=True, slots=True)
class Charged:
    """Signed, above zero what was taken.

    `included` has changed the amount, `undecided` may have: ChrgInclInd is missing. What was
    charged apart from the amount is another entry, and not in here.
    """

    included: int = 0
    undecided: int = 0


def read_movements(entry: Element, amount: int, side: Side, currency: str) -> tuple[Movement, ...]:
    """One for each TxDtls; an entry without any is one movement itself.

    Raises Missing for one of several without an amount of its own.
    """
    details = [one for group in entry.all("NtryDtls") for one in group.all("TxDtls")]
    if not details:
        charges = _charges((entry,), amount, side, currency)
        return (Movement(amount, side, charges=charges),)
    if len(details) == 1:
        return (_read(details[0], (details[0], entry), amount, side, currency),)
    for one in details:
        if not one.maybe("Amt"):
            raise one.error(Missing, "one of several movements without an amount")
    return tuple(_read(one, (one,), 0, side, currency) for one in details)


def read_charges(element: Element, currency: str) -> Charged:
    """Raises SumMismatch when the records do not make the total that is said."""
    charges = element.maybe("Chrgs")
    if charges is None:
        return Charged()
    included = undecided = apart = 0
    for record in charges.all("Rcrd"):
        amount, _ = fields.amount_at(record, "Amt", currency)
        if record.maybe("CdtDbtInd") and fields.code_at(record, "CdtDbtInd", Side) is Side.CREDIT:
            amount = -amount
        match fields.flag_if(record, "ChrgInclInd"):
            case True:
                included += amount
            case False:
                apart += amount
            case None:
                undecided += amount
    if charges.maybe("TtlChrgsAndTaxAmt"):
        total, _ = fields.amount_at(charges, "TtlChrgsAndTaxAmt", currency)
        if not charges.all("Rcrd"):
            return Charged(undecided=total)
        if total != abs(included + undecided + apart):
            raise charges.error(SumMismatch, "the charges make another total")
    return Charged(included, undecided)


def _charges(places: tuple[Element, ...], amount: int, side: Side, currency: str) -> int:
    """What was taken off `amount`, from the first of `places` that says something of it.

    With the amount before charges (TxAmt) it must come out; without, the file must say that the
    charges are included. Raises Unbalanced, BadValue.
    """
    for element in places:
        charged = read_charges(element, currency)
        gross = element.maybe("AmtDtls/TxAmt")
        if gross:
            before, _ = fields.amount_at(gross, "Amt", currency)
            taken = side.signed(before - amount)
            if taken not in (charged.included, charged.included + charged.undecided):
                raise element.error(Unbalanced, "amount before charges, charges and amount differ")
            return taken
        if charged.undecided:
            raise element.error(BadValue, "not said whether the charges are in the amount")
        if charged.included:
            return charged.included
    return 0


def _read(
    element: Element, charged_at: tuple[Element, ...], amount: int, side: Side, currency: str
) -> Movement:
    if element.maybe("Amt"):
        amount, _ = fields.amount_at(element, "Amt", currency)
    if element.maybe("CdtDbtInd"):
        side = fields.code_at(element, "CdtDbtInd", Side)
    returned = fields.reason_at(element, "RtrInf")
    party, account = _other(element, side, came_back=returned is not None)
    return Movement(
        amount=amount,
        side=side,
        reference=fields.reference_if(element, "Refs/EndToEndId"),
        bank_reference=fields.text_if(element, "Refs/AcctSvcrRef"),
        charges=_charges(charged_at, amount, side, currency),
        returned=returned,
        party=party,
        account=account,
        text=" ".join(fields.text(one, 140) for one in _free_texts(element)),
    )


def other_role(side: Side, came_back: bool) -> str:
    """Whose name stands for the other side: in a payment that came back the roles stay."""
    return "Dbtr" if (side is Side.CREDIT) is not came_back else "Cdtr"


def _other(element: Element, side: Side, came_back: bool) -> tuple[str, Account | None]:
    parties = element.maybe("RltdPties")
    if parties is None:
        return "", None
    role = other_role(side, came_back)
    known = parties.maybe(f"{role}Acct/Id")
    account = fields.account_at(parties, f"{role}Acct") if known else None
    return fields.text_if(parties, f"{role}/Pty/Nm", 140), account


def _free_texts(element: Element) -> list[Element]:
    information = element.maybe("RmtInf")
    return information.all("Ustrd") if information else []
