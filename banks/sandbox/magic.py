"""The published test customers, cards and amounts: docs/reference/sandbox-bank.md."""

from dataclasses import dataclass
from enum import StrEnum


class Call(StrEnum):
    """What the bank is asked, and the two things that it does by itself."""

    START = "start"
    CLOSE = "close"
    DEDUCT = "deduct"
    UNFREEZE = "unfreeze"
    REFUND = "refund"
    #: Danbao pays somebody at another bank.
    REMIT = "remit"
    #: A file of many remittances is sent or asked about; `reference` is its message id.
    BATCH = "batch"
    FIND = "find"
    #: A payer's saved methods are read, or one is forgotten; `reference` is the payer's.
    METHODS = "methods"
    FORGET = "forget"
    #: The buyer confirms on the page.
    PAY = "pay"
    CALLBACK = "callback"
    #: One booking in a statement, a statement that is made, and statements that are fetched.
    LINE = "line"
    STATEMENT = "statement"
    STATEMENTS = "statements"


class Kind(StrEnum):
    """What goes wrong."""

    #: The connection is cut and nothing was done.
    LOST = "lost"
    #: It was done and committed; then the connection is cut.
    ANSWER_LOST = "answer_lost"
    #: `seconds` pass before it is done.
    SLOW = "slow"
    #: It was done and committed; then `seconds` pass before the answer.
    SLOW_ANSWER = "slow_answer"
    #: 503, nothing was done.
    ERROR = "error"
    DECLINED = "declined"
    #: Done after `seconds`; until then the bank works on it.
    PENDING = "pending"
    #: A tenth less than was asked for.
    SHORT = "short"
    #: The freeze is valid for `seconds`, and says so.
    SHORT_FREEZE = "short_freeze"
    #: The freeze is gone after `seconds`, whatever was promised.
    EARLY_EXPIRY = "early_expiry"
    #: `find` does not show it for `seconds`.
    HIDDEN = "hidden"
    #: Says closed and is paid all the same, when the buyer is still on the page.
    PAYABLE_AFTER_CLOSE = "payable_after_close"
    TWICE = "twice"
    LATE = "late"
    #: An older report ("processing") arrives after the newer one.
    REORDERED = "reordered"
    NEVER = "never"
    #: A line is not in the statement, stands in it twice, has one of nobody's beside it.
    MISSING = "missing"
    DOUBLED = "doubled"
    FOREIGN = "foreign"
    #: The bank takes FEE for it.
    FEE = "fee"


@dataclass(frozen=True, slots=True)
class Fault:
    call: Call
    kind: Kind
    seconds: float = 0.0
    #: Why, for `declined`.
    code: str = ""


#: Minor units that an account starts with: more than any test spends.
OPENING = 10**15


@dataclass(frozen=True, slots=True)
class Payer:
    """A test customer with a card. `opening` is what each of the accounts starts with."""

    customer: str
    card: str
    name: str
    faults: tuple[Fault, ...] = ()
    opening: int = OPENING
    #: Pays; but its card, once remembered, is out of date.
    lapses: bool = False


#: Faults of the line: a magic value meets each reference with them once, then lets it through.
OF_THE_LINE = frozenset({Kind.LOST, Kind.ANSWER_LOST, Kind.SLOW, Kind.SLOW_ANSWER, Kind.ERROR})
OF_MAIL = frozenset({Kind.TWICE, Kind.LATE, Kind.REORDERED, Kind.NEVER})
OF_ERRANDS = OF_THE_LINE | {Kind.DECLINED, Kind.PENDING, Kind.HIDDEN}
POSSIBLE: dict[Call, frozenset[Kind]] = {
    Call.START: OF_THE_LINE | {Kind.DECLINED, Kind.HIDDEN},
    Call.CLOSE: OF_THE_LINE | {Kind.PAYABLE_AFTER_CLOSE},
    Call.DEDUCT: OF_ERRANDS | {Kind.SHORT},
    Call.UNFREEZE: OF_ERRANDS,
    Call.REFUND: OF_ERRANDS,
    Call.REMIT: OF_ERRANDS,
    Call.BATCH: OF_THE_LINE,
    Call.FIND: OF_THE_LINE,
    Call.METHODS: OF_THE_LINE,
    Call.FORGET: OF_THE_LINE,
    Call.PAY: OF_ERRANDS | {Kind.SHORT, Kind.SHORT_FREEZE, Kind.EARLY_EXPIRY},
    Call.CALLBACK: OF_MAIL,
    Call.LINE: frozenset(
        {Kind.MISSING, Kind.DOUBLED, Kind.FOREIGN, Kind.SHORT, Kind.FEE, Kind.LATE}
    ),
    Call.STATEMENT: OF_MAIL,
    Call.STATEMENTS: OF_THE_LINE,
}

#: What every published customer signs in with, and every payment is confirmed with.
PASSWORD = "sandbox"  # noqa: S105 - published
CODE = "123456"
#: What a saved method is used with, and nothing else.
PAYMENT_PASSWORD = "888888"  # noqa: S105 - published
WRONG_CODES = 3
#: The month that a card has ended with which is remembered as out of date.
LAPSED = "2020-01"

SLOW_SECONDS = 3.0
PENDING_SECONDS = 2.0
#: Longer than the first wait of whoever asks again after 5 s.
HIDDEN_SECONDS = 8.0
LATE_SECONDS = 10.0
#: What an unexpected fee is, in minor units.
FEE = 100
SHORT_FREEZE_SECONDS = 5.0
EARLY_EXPIRY_SECONDS = 3.0

_PAY, _TELL = Call.PAY, Call.CALLBACK
PAYERS = (
    Payer("li.lei", "6200000000000005", "Li Lei"),
    Payer("han.meimei", "6200000000000013", "Han Meimei"),
    # Not a fault: there is 1.00 in the account, and accounts never go negative.
    Payer("wang.wu", "6200000000000021", "Wang Wu", opening=100),
    Payer(
        "zhao.liu",
        "6200000000000039",
        "Zhao Liu",
        (Fault(_PAY, Kind.DECLINED, code="expired_card"),),
    ),
    Payer(
        "sun.qi",
        "6200000000000047",
        "Sun Qi",
        (Fault(_PAY, Kind.DECLINED, code="limit_exceeded"),),
    ),
    Payer("zhou.ba", "6200000000000054", "Zhou Ba", (Fault(_PAY, Kind.DECLINED, code="risk"),)),
    Payer("wu.jiu", "6200000000000062", "Wu Jiu", (Fault(_PAY, Kind.SHORT),)),
    Payer(
        "zheng.shi",
        "6200000000000070",
        "Zheng Shi",
        (Fault(_PAY, Kind.PENDING, SLOW_SECONDS),),
    ),
    Payer(
        "feng.yi",
        "6200000000000088",
        "Feng Yi",
        (Fault(_PAY, Kind.SHORT_FREEZE, SHORT_FREEZE_SECONDS),),
    ),
    Payer(
        "chen.er",
        "6200000000000096",
        "Chen Er",
        (Fault(_PAY, Kind.EARLY_EXPIRY, EARLY_EXPIRY_SECONDS),),
    ),
    Payer(
        "chu.san",
        "6200000000000104",
        "Chu San",
        (Fault(_PAY, Kind.HIDDEN, HIDDEN_SECONDS),),
    ),
    Payer("wei.si", "6200000000000112", "Wei Si", (Fault(_TELL, Kind.TWICE),)),
    Payer("jiang.wu", "6200000000000120", "Jiang Wu", (Fault(_TELL, Kind.LATE, LATE_SECONDS),)),
    Payer("shen.liu", "6200000000000138", "Shen Liu", (Fault(_TELL, Kind.REORDERED),)),
    Payer("han.qi", "6200000000000146", "Han Qi", (Fault(_TELL, Kind.NEVER),)),
    Payer("yang.ba", "6200000000000153", "Yang Ba", (Fault(_PAY, Kind.ANSWER_LOST),)),
    Payer("xu.jiu", "6200000000000161", "Xu Jiu", lapses=True),
)

#: Amounts that end in 777xy: five digits that no price ends in by accident. x is the call.
MAGIC = 777
_DIGITS = {
    Call.START: 0,
    Call.DEDUCT: 1,
    Call.REFUND: 2,
    Call.UNFREEZE: 3,
    Call.CLOSE: 6,
    Call.FIND: 7,
    Call.REMIT: 8,
}
#: y is what goes wrong with it.
_ENDINGS: dict[int, tuple[tuple[Kind, float], ...]] = {
    0: ((Kind.SLOW_ANSWER, SLOW_SECONDS),),
    1: ((Kind.LOST, 0),),
    2: ((Kind.ANSWER_LOST, 0),),
    3: ((Kind.SLOW, SLOW_SECONDS),),
    4: ((Kind.ERROR, 0),),
    5: ((Kind.DECLINED, 0),),
    6: ((Kind.PENDING, PENDING_SECONDS),),
    7: ((Kind.SHORT, 0),),
    8: ((Kind.HIDDEN, HIDDEN_SECONDS),),
    9: ((Kind.ANSWER_LOST, 0), (Kind.HIDDEN, HIDDEN_SECONDS)),
}
#: What a refused errand says.
REFUSALS = {
    Call.START: "risk",
    Call.DEDUCT: "issuer_refused",
    Call.REFUND: "account_closed",
    Call.UNFREEZE: "issuer_refused",
    Call.REMIT: "account_closed",
}
#: The buyer's side, for amounts: what a card does, whoever pays.
_PAGE = {
    77741: Fault(_PAY, Kind.DECLINED, code="insufficient_funds"),
    77742: Fault(_PAY, Kind.DECLINED, code="expired_card"),
    77743: Fault(_PAY, Kind.DECLINED, code="limit_exceeded"),
    77744: Fault(_PAY, Kind.DECLINED, code="risk"),
    77745: Fault(_PAY, Kind.PENDING, SLOW_SECONDS),
    77746: Fault(_PAY, Kind.SHORT_FREEZE, SHORT_FREEZE_SECONDS),
    77747: Fault(_PAY, Kind.SHORT),
    77748: Fault(_PAY, Kind.HIDDEN, HIDDEN_SECONDS),
    77749: Fault(_PAY, Kind.EARLY_EXPIRY, EARLY_EXPIRY_SECONDS),
    77751: Fault(_TELL, Kind.TWICE),
    77752: Fault(_TELL, Kind.LATE, LATE_SECONDS),
    77753: Fault(_TELL, Kind.REORDERED),
    77754: Fault(_TELL, Kind.NEVER),
    77765: Fault(Call.CLOSE, Kind.PAYABLE_AFTER_CLOSE),
}
#: The statement's side: every booking of that amount.
_LINES = {
    77791: Fault(Call.LINE, Kind.MISSING),
    77792: Fault(Call.LINE, Kind.DOUBLED),
    77793: Fault(Call.LINE, Kind.SHORT),
    77794: Fault(Call.LINE, Kind.FEE),
    77795: Fault(Call.LINE, Kind.LATE),
    77796: Fault(Call.LINE, Kind.FOREIGN),
}


def _amounts() -> dict[int, tuple[Fault, ...]]:
    table: dict[int, tuple[Fault, ...]] = {
        end: (fault,) for end, fault in (*_PAGE.items(), *_LINES.items())
    }
    for call, x in _DIGITS.items():
        for y, kinds in _ENDINGS.items():
            faults = tuple(
                Fault(call, kind, seconds, REFUSALS[call] if kind is Kind.DECLINED else "")
                for kind, seconds in kinds
                if kind in POSSIBLE[call]
            )
            if len(faults) == len(kinds):
                table[MAGIC * 100 + 10 * x + y] = faults
    return table


AMOUNTS = _amounts()


def by_amount(call: Call, amount: int) -> tuple[Fault, ...]:
    """What goes wrong with `call` because of the last five digits of its amount."""
    return tuple(fault for fault in AMOUNTS.get(amount % 100_000, ()) if fault.call is call)


def shortened(amount: int) -> int:
    """What a short payment pays: a tenth less, at least 1."""
    return max(1, amount - max(1, amount // 10))
