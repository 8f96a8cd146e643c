"""The bank's published values are what its page in the docs says, to the digit."""

import re
from pathlib import Path

import pytest

from banks.sandbox import people
from banks.sandbox.magic import (
    AMOUNTS,
    PAYERS,
    POSSIBLE,
    Call,
    Kind,
    Payer,
    by_amount,
    shortened,
)
from banks.sandbox.payees import PAYEES
from banks.sandbox.records import REASONS

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"
SANDBOX = (REFERENCE / "sandbox-bank.md").read_text()
BANKS = (REFERENCE / "banks.md").read_text()


def test_every_customer_and_card_is_documented() -> None:
    rows = re.findall(r"^\| `([a-z.]+)` \| `(\d{16})` \|", SANDBOX, re.M)
    assert rows == [(payer.customer, payer.card) for payer in PAYERS]


def test_every_account_at_another_bank_is_documented() -> None:
    rows = re.findall(r"^\| `(\d{16})` \| (.*) \|$", SANDBOX, re.M)
    assert rows == [(payee.number, payee.meaning) for payee in PAYEES]


def test_every_magic_amount_is_documented() -> None:
    calls = re.findall(r"^\| (\d) \| [a-z]+ \| ([\d ]+) \|$", SANDBOX, re.M)
    of_the_api = {int(f"777{x}{y}") for x, ys in calls for y in ys.split()}
    of_the_page = set(map(int, re.findall(r"^\| `(777[459]\d)` \|", SANDBOX, re.M)))
    assert of_the_api | of_the_page == set(AMOUNTS)


def test_a_documented_digit_is_of_the_documented_call() -> None:
    for x, call in re.findall(r"^\| (\d) \| ([a-z]+) \|", SANDBOX, re.M):
        endings = [ending for ending in AMOUNTS if ending // 10 == 7770 + int(x)]
        assert endings
        assert all(by_amount(Call(call), 100_000 + ending) for ending in endings)


def test_every_fault_that_can_be_ordered_is_documented() -> None:
    table = SANDBOX.partition("| `call` | `kind` |")[2]
    rows = re.findall(r"^\| `([a-z]+)` \| `([a-z_ ]+)` \|$", table, re.M)
    documented = {Call(call): {Kind(kind) for kind in kinds.split()} for call, kinds in rows}
    assert documented == POSSIBLE


def test_every_decline_code_is_documented() -> None:
    section = BANKS.partition("## Codes")[2].partition("##")[0]
    assert set(re.findall(r"^\| `([a-z_]+)` \|", section, re.M)) == set(REASONS)


@pytest.mark.parametrize("payer", PAYERS, ids=lambda payer: payer.customer)
def test_published_cards_pass_the_check_that_shops_do(payer: Payer) -> None:
    assert people.passes_luhn(payer.card)


@pytest.mark.parametrize("number", ["4242424242424241", "6200000000000006"])
def test_a_mistyped_card_fails_the_check(number: str) -> None:
    assert not people.passes_luhn(number)


@pytest.mark.parametrize(("amount", "paid"), [(1, 1), (2, 1), (10, 9), (100, 90), (99_999, 90_000)])
def test_a_short_payment_is_less_and_never_nothing(amount: int, paid: int) -> None:
    assert shortened(amount) == paid
