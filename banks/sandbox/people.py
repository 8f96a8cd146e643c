"""Whom the bank knows: its published customers and cards, and as many more as a load test needs."""

import hmac
import re

from banks.sandbox import magic
from banks.sandbox.magic import Fault, Payer

#: How payers' accounts start, unlike the bank's own.
PAYERS = "payer:"
#: `load.` and a number signs in, and a card of this beginning pays: each has its own account.
LOAD_CUSTOMER = re.compile(r"load\.\d{1,9}", re.ASCII)
LOAD_CARD = re.compile(r"6299\d{12}", re.ASCII)

_BY_CUSTOMER = {payer.customer: payer for payer in magic.PAYERS}
_BY_CARD = {payer.card: payer for payer in magic.PAYERS}


def sign_in(customer: str, password: str) -> str | None:
    """The payer's account; None when name and password are not a published pair."""
    known = customer in _BY_CUSTOMER or LOAD_CUSTOMER.fullmatch(customer) is not None
    if not known or not hmac.compare_digest(password.encode(), magic.PASSWORD.encode()):
        return None
    return PAYERS + customer


def card(number: str) -> str | None:
    """The payer's account; None for every card that is not a published one.

    So nobody's real card number is ever kept here.
    """
    digits = _digits(number)
    if payer := _BY_CARD.get(digits):
        return PAYERS + payer.customer
    if LOAD_CARD.fullmatch(digits) and passes_luhn(digits):
        return f"{PAYERS}card.{digits[4:]}"
    return None


def faults_of(account: str) -> tuple[Fault, ...]:
    payer = _payer(account)
    return payer.faults if payer else ()


def opening_balance(account: str) -> int:
    payer = _payer(account)
    return payer.opening if payer else magic.OPENING


def lapses(account: str) -> bool:
    """Whether its card, once remembered, is out of date."""
    payer = _payer(account)
    return payer is not None and payer.lapses


def customer_label(account: str) -> str:
    """A customer of online banking in a list of methods, without the whole name."""
    return f"Online banking {account.removeprefix(PAYERS)[:2]}•••"


def card_label(number: str) -> str:
    return f"UnionPay •••• {_digits(number)[-4:]}"


def name_of(account: str) -> str:
    """For the page: whom the bank believes to see."""
    payer = _payer(account)
    return payer.name if payer else account.removeprefix(PAYERS)


def passes_luhn(digits: str) -> bool:
    """The check digit of ISO/IEC 7812."""
    doubled = (
        digit if place % 2 == 0 else 2 * digit - 9 * (digit > 4)
        for place, digit in enumerate(map(int, reversed(digits)))
    )
    return sum(doubled) % 10 == 0


def _digits(number: str) -> str:
    return re.sub(r"[ -]", "", number)


def _payer(account: str) -> Payer | None:
    return _BY_CUSTOMER.get(account.removeprefix(PAYERS))
