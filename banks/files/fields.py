"""Typed values out of elements: each says where it stood when it is wrong."""

import re
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar

from banks.files.amounts import is_control_sum, minor_units
from banks.files.errors import BadValue, CountMismatch, CurrencyMismatch, Missing, SumMismatch
from banks.files.references import MAX_LENGTH, NOT_PROVIDED, restored
from banks.files.values import MOMENT, Account, Agent, Reason, check_text
from banks.files.xml_reading import Element

AnyCode = TypeVar("AnyCode", bound=StrEnum)

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_COUNT = re.compile(r"[0-9]{1,15}", re.ASCII)


def text(element: Element, limit: int = MAX_LENGTH) -> str:
    """1 to `limit` characters. Raises BadValue."""
    check_text(element.text, limit, element.place)
    return element.text


def text_at(element: Element, path: str, limit: int = MAX_LENGTH) -> str:
    """The text at `path`, which must be there. Raises Missing, Repeated, BadValue."""
    return text(element.one(path), limit)


def text_if(element: Element, path: str, limit: int = MAX_LENGTH) -> str:
    """The text at `path`, "" without one."""
    found = element.maybe(path)
    return text(found, limit) if found else ""


def reference_if(element: Element, path: str) -> str:
    """Our reference at `path`, in full; "" for none, which ISO 20022 writes NOTPROVIDED."""
    said = text_if(element, path)
    return "" if said == NOT_PROVIDED else restored(said)


def reference_at(element: Element, path: str) -> str:
    """As `reference_if`, where there must be one. Raises Missing, BadValue."""
    found = element.one(path)
    said = text(found)
    if said == NOT_PROVIDED:
        raise found.error(BadValue, "no reference is given")
    return restored(said)


def code_at(element: Element, path: str, known: type[AnyCode]) -> AnyCode:
    """One of `known`. Raises Missing, Repeated, BadValue."""
    found = element.one(path)
    try:
        return known(found.text)
    except ValueError as error:
        why = f"{found.text[:40]!r} is none of {', '.join(known)}"
        raise found.error(BadValue, why) from error


def flag_if(element: Element, path: str) -> bool | None:
    found = element.maybe(path)
    if found is None:
        return None
    match found.text:
        case "true" | "1":
            return True
        case "false" | "0":
            return False
    raise found.error(BadValue, f"{found.text[:40]!r} is neither true nor false")


def day_at(element: Element, path: str) -> date:
    """The day in `path/Dt`, or of the moment in `path/DtTm`. Raises Missing, BadValue."""
    choice = element.one(path)
    if choice.maybe("DtTm"):
        return moment_at(choice, "DtTm").date()
    return plain_day(choice.one("Dt"))


def plain_day(element: Element) -> date:
    if _DATE.fullmatch(element.text):
        try:
            return date.fromisoformat(element.text)
        except ValueError:
            pass  # no such day: said below, together with what is no date at all
    raise element.error(BadValue, f"{element.text[:40]!r} is not a day")


def moment_at(element: Element, path: str) -> datetime:
    """A moment, with the zone that it is written with, or none. Raises Missing, BadValue."""
    found = element.one(path)
    if MOMENT.fullmatch(found.text):
        try:
            return datetime.fromisoformat(found.text)
        except ValueError:
            pass  # no such time of day: said below
    raise found.error(BadValue, f"{found.text[:40]!r} is not a moment")


def amount_at(element: Element, path: str, currency: str = "") -> tuple[int, str]:
    """Minor units and currency. With `currency` it must be that one.

    Raises Missing, UnknownCurrency, WrongAmount, CurrencyMismatch.
    """
    found = element.one(path)
    written = found.attributes.get("Ccy", "")
    amount = minor_units(found.text, written, found.place)
    if currency and written != currency:
        raise found.error(CurrencyMismatch, f"{written} where all is {currency}")
    return amount, written


def count_if(element: Element, path: str, counted: int) -> None:
    """Check the number that is written at `path`, if it is. Raises CountMismatch."""
    found = element.maybe(path)
    if found is None:
        return
    if not _COUNT.fullmatch(found.text):
        raise found.error(BadValue, f"{found.text[:40]!r} is not a count")
    if int(found.text) != counted:
        raise found.error(CountMismatch, f"{int(found.text)} are said, {counted} are there")


def sum_if(element: Element, path: str, amounts: list[tuple[int, str]]) -> None:
    """Check the control sum that is written at `path`, if it is. Raises SumMismatch."""
    found = element.maybe(path)
    if found and not is_control_sum(found.text, amounts, found.place):
        raise found.error(
            SumMismatch, f"{found.text[:40]} is said, the amounts add up to another sum"
        )


def account_at(element: Element, path: str) -> Account:
    """The account whose `Id` stands at `path`. Raises Missing, BadValue."""
    choice = element.one(f"{path}/Id")
    iban = choice.maybe("IBAN")
    found = iban if iban is not None else choice.one("Othr/Id")
    return Account.read(text(found, 34), found.place, iban=iban is not None)


def agent_at(element: Element, path: str) -> Agent:
    """The bank at `path`, with neither BIC nor number when the file does not know it."""
    known = element.maybe(f"{path}/FinInstnId")
    if known is None:
        return Agent()
    found = Agent(text_if(known, "BICFI"), text_if(known, "ClrSysMmbId/MmbId"))
    found.check(known.place)
    return found


def reason_at(element: Element, path: str) -> Reason | None:
    """ISO's or the bank's own code at `path/Rsn`, with its words. None without `path`.

    Raises Missing for a reason that has no code.
    """
    found = element.maybe(path)
    if found is None:
        return None
    code = found.maybe("Rsn/Prtry")
    words = " ".join(text(one, 105) for one in found.all("AddtlInf"))
    return Reason(text(code) if code else text_at(found, "Rsn/Cd", 4), words)


def needed_reason(element: Element, path: str) -> Reason:
    """As `reason_at`, where there must be one. Raises Missing."""
    found = reason_at(element, path)
    if found is None:
        raise element.error(Missing, f"{path} is missing")
    return found
