"""The published accounts at other banks, and what becomes of money that is sent there."""

from dataclasses import dataclass

from banks.sandbox.magic import Call, Fault, Kind

#: How long the other bank takes, and how long it keeps money that it sends back.
SETTLES_AFTER, COMES_BACK_AFTER = 1.0, 2.0


@dataclass(frozen=True, slots=True)
class Payee:
    """An account at another bank. `returns` is ISO 20022's reason for sending the money back,
    `rejects` the code with which it is refused after it was accepted.
    """

    number: str
    meaning: str
    faults: tuple[Fault, ...] = ()
    returns: str = ""
    rejects: str = ""


_REMIT = Call.REMIT
PAYEES = (
    Payee("6217000000000018", "arrives"),
    Payee(
        "6217000000000026",
        "declined: `no_such_account`",
        (Fault(_REMIT, Kind.DECLINED, code="no_such_account"),),
    ),
    Payee(
        "6217000000000034",
        "declined: `account_closed`",
        (Fault(_REMIT, Kind.DECLINED, code="account_closed"),),
    ),
    Payee(
        "6217000000000042",
        "accepted, then the connection is cut; it arrives",
        (Fault(_REMIT, Kind.ANSWER_LOST),),
    ),
    Payee(
        "6217000000000059", "accepted, then declined: `account_closed`", rejects="account_closed"
    ),
    Payee("6217000000000067", "arrives, and comes back 2 s later: `AC04`", returns="AC04"),
    Payee("6217000000000075", "arrives, and comes back 2 s later: `AC01`", returns="AC01"),
    Payee(
        "6217000000000083",
        "the connection is cut, nothing is done",
        (Fault(_REMIT, Kind.LOST),),
    ),
)


def payee(number: str) -> Payee:
    """Who has this account: one that is not published takes what it gets."""
    return next((one for one in PAYEES if one.number == number), Payee(number, "arrives"))
