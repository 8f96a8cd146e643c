"""Each of the three reads the same future in its own words."""

import pytest

from api.languages import CHINESE, speak
from api.pages.ahead import COMMANDS, Can, Line, ahead
from domain import events
from domain.escrow import Escrow
from domain.states import Party
from domain.transitions import RULES
from tests.builders import DAY, NOON, after, disputed, frozen, opened, paid, paying, shipped

PART = after(shipped(), disputed(4_000))


@pytest.mark.parametrize(
    ("viewer", "waits_for", "first", "second", "last"),
    [
        (
            Party.BUYER,
            "the shop",
            "We decide the dispute.",
            "60.00 EUR is released to the shop.",
            "40.00 EUR goes back to you.",
        ),
        (
            Party.MERCHANT,
            "you",
            "Danbao decides the dispute.",
            "60.00 EUR is released to you.",
            "40.00 EUR goes back to the buyer.",
        ),
        (
            Party.OPERATOR,
            "the merchant",
            "Operators decide the dispute.",
            "60.00 EUR is released to the merchant.",
            "40.00 EUR goes back to the buyer.",
        ),
    ],
)
def test_a_dispute_that_everybody_forgets(
    viewer: Party, waits_for: str, first: str, second: str, last: str
) -> None:
    seen = ahead(PART, viewer, NOON)
    assert seen.waits_for == waits_for
    assert seen.lines == [
        Line(NOON + 5 * DAY, first),
        Line(NOON + 10 * DAY, second),
        Line(NOON + 35 * DAY, last),
    ]


@pytest.mark.parametrize(
    ("escrow", "text"),
    [
        (opened(), "The order closes, and nothing is taken."),
        (paid(), "100.00 EUR goes back to you."),
        (frozen(), "The order closes, and nothing is taken."),
        (after(paid(), disputed(10_000)), "100.00 EUR goes back to you."),
    ],
)
def test_what_becomes_of_the_money_is_said(escrow: Escrow, text: str) -> None:
    assert [line.text for line in ahead(escrow, Party.BUYER, NOON).lines] == [text]


def test_it_waits_for_the_bank_and_in_the_end_for_nobody() -> None:
    assert ahead(paying(), Party.BUYER, NOON).waits_for == "the bank"
    over = after(opened(), events.Cancelled(by=Party.BUYER))
    assert (ahead(over, Party.BUYER, NOON).waits_for, ahead(over, Party.BUYER, NOON).lines) == (
        "",
        [],
    )


@pytest.mark.parametrize(
    ("viewer", "buyer", "shop"),
    [
        (Party.BUYER, "You", "The shop"),
        (Party.MERCHANT, "The buyer", "You"),
        (Party.OPERATOR, "The buyer", "The merchant"),
    ],
)
def test_everybody_reads_what_each_of_them_can_do_now(viewer: Party, buyer: str, shop: str) -> None:
    contested = after(PART, events.DisputeContested())
    assert ahead(contested, viewer, NOON).can == [
        Can(buyer, "Confirm receipt, extend the inspection, withdraw the problem."),
        Can(
            shop,
            "Report the delivery, extend the inspection, give money back,"
            " accept, which gives the disputed money back.",
        ),
        Can("Danbao", "Divide the disputed money."),
    ]
    assert [one.who for one in ahead(paid(), viewer, NOON).can] == [buyer, shop]
    over = after(opened(), events.Cancelled(by=Party.BUYER))
    assert ahead(over, viewer, NOON).can == []


def test_every_command_has_words() -> None:
    assert COMMANDS.keys() == {rule.command for rule in RULES.values() if rule.command}


def test_a_buyer_reads_it_in_chinese() -> None:
    speak(CHINESE)
    try:
        seen = ahead(PART, Party.BUYER, NOON)
    finally:
        speak(None)
    assert seen.waits_for == "商家"
    assert seen.can[0] == Can("您", "确认收货、延长验货时间、撤销问题。")
    told = [line.text for line in seen.lines]
    assert told[1:] == ["€60.00 将放款给商家。", "€40.00 将退还给您。"]
