"""The cells of a bill: yuan for people, and numbers that a spreadsheet must not touch."""

from datetime import date, datetime, timedelta, timezone

from banks.files.amounts import grouped, minor_units_grouped
from banks.files.errors import BadValue, WrongAmount

CURRENCY = "CNY"
#: A bill's times are China's, which has one zone and no summer time.
CHINA = timezone(timedelta(hours=8))

#: The columns, as the header names them. Their order is the file's own.
ENTRY, PAYMENT, REFERENCE = "账务流水号", "业务流水号", "商户订单号"
BOOKED, VALUE = "入账时间", "起息日"
PARTY, ACCOUNT = "对方户名", "对方账号"
INCOME, OUTGO = "收入金额（+元）", "支出金额（-元）"
CHARGES, BALANCE = "服务费（元）", "账户余额（元）"
KIND, REASON, TEXT = "业务类型", "退回原因", "备注"
COLUMNS = (
    ENTRY, PAYMENT, REFERENCE, BOOKED, VALUE, PARTY, ACCOUNT, INCOME, OUTGO, CHARGES, BALANCE,
    KIND, REASON, TEXT,
)  # fmt: skip

#: What stands before and behind the rows.
OPENING, CLOSING = "期初余额（元）", "期末余额（元）"

#: What a row can be: received, paid, a payment that came back, a booking taken back.
RECEIVED, PAID, RETURNED, REVERSED = "收款", "付款", "退票", "冲正"
KINDS = (RECEIVED, PAID, RETURNED, REVERSED)

_PADDING = " \t"


def plain(cell: str) -> str:
    """The cell without what keeps spreadsheets from reading it as a number: `` ` `` and tabs."""
    bare = cell.strip(_PADDING)
    return bare[1:].lstrip(_PADDING) if bare.startswith("`") else bare


def guarded(text: str) -> str:
    """The opposite of `plain`: neither a number nor a formula to any spreadsheet."""
    return f"`{text}" if text else ""


def yuan(cell: str, place: str) -> int:
    """Signed fen of `1,234.5`, `+1,234.50`, `-2.00`; 0 of an empty cell. Raises WrongAmount."""
    bare = plain(cell)
    if not bare:
        return 0
    sign = -1 if bare[0] == "-" else 1
    return sign * minor_units_grouped(bare[1:] if bare[0] in "+-" else bare, CURRENCY, place)


def in_yuan(signed: int, place: str) -> str:
    """`1,234.50`, `-2.00`."""
    return ("-" if signed < 0 else "") + grouped(abs(signed), CURRENCY, place)


def movement_of(income: int, outgo: int, place: str) -> int:
    """Signed, of the two columns: one of them says it, with its own sign or none.

    Raises WrongAmount for both, neither, or a sign that contradicts the column.
    """
    if income < 0:
        raise WrongAmount("an income below zero", place)
    if bool(income) is bool(outgo):
        raise WrongAmount("a row has an income or an outgo", place)
    return income or -abs(outgo)


def day(cell: str, place: str) -> date:
    """Of `2026-11-23`, `2026-11-23 14:05:00` or `2026年11月23日`, with or without a time."""
    return moment(cell, place).date()


def moment(cell: str, place: str) -> datetime:
    """China's time. Raises BadValue."""
    bare = plain(cell).replace("年", "-").replace("月", "-").replace("日", "")
    for form in ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d", "%Y/%m/%d %H:%M:%S"):
        try:
            return datetime.strptime(bare, form).replace(tzinfo=CHINA)
        except ValueError:
            continue
    raise BadValue(f"{bare[:40]!r} is not a day or a time", place)


def in_china(at: datetime, place: str) -> str:
    """To the second. Raises BadValue for a moment without a zone."""
    if at.utcoffset() is None:
        raise BadValue("a moment without a zone", place)
    return at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")
