"""Where the money goes if nobody does anything, in the words of whoever looks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from api.languages import ENGLISH, N_, gettext, spoken
from api.pages.rendering import money, sentence
from domain.escrow import Escrow, Moved
from domain.outlook import if_nobody_acts, may, turn
from domain.states import Dispute, Party, Stage


@dataclass(frozen=True, slots=True)
class Words:
    """How one of the three reads it."""

    names: Mapping[Party, str]
    released: str
    refunded: str
    decide: str
    held: str = N_("the bank deducts %(amount)s, and we hold it")
    close: str = N_("the order closes, and nothing is taken")
    over: str = N_("its time is over")


WORDS: Mapping[Party, Words] = {
    Party.BUYER: Words(
        {
            Party.BUYER: N_("you"),
            Party.MERCHANT: N_("the shop"),
            Party.OPERATOR: N_("us"),
            Party.BANK: N_("the bank"),
        },
        N_("%(amount)s is released to the shop"),
        N_("%(amount)s goes back to you"),
        N_("we decide the dispute"),
    ),
    Party.MERCHANT: Words(
        {
            Party.BUYER: N_("the buyer"),
            Party.MERCHANT: N_("you"),
            Party.OPERATOR: N_("Danbao"),
            Party.BANK: N_("the bank"),
        },
        N_("%(amount)s is released to you"),
        N_("%(amount)s goes back to the buyer"),
        N_("Danbao decides the dispute"),
    ),
    Party.OPERATOR: Words(
        {
            Party.BUYER: N_("the buyer"),
            Party.MERCHANT: N_("the merchant"),
            Party.OPERATOR: N_("operators"),
            Party.BANK: N_("the bank"),
        },
        N_("%(amount)s is released to the merchant"),
        N_("%(amount)s goes back to the buyer"),
        N_("operators decide the dispute"),
    ),
}

#: Whoever can do something, in the order in which it is told.
ACTING = (Party.BUYER, Party.MERCHANT, Party.OPERATOR)
#: Commands as the rules call them, after "can".
COMMANDS: Mapping[str, str] = {
    "pay": N_("pay"),
    "cancel": N_("cancel the order"),
    "ship": N_("send the goods"),
    "delivered": N_("report the delivery"),
    "confirm_receipt": N_("confirm receipt"),
    "extend": N_("extend the inspection"),
    "refund": N_("give money back"),
    "dispute": N_("report a problem"),
    "withdraw": N_("withdraw the problem"),
    "accept": N_("accept, which gives the disputed money back"),
    "contest": N_("contest the problem"),
    "resolve": N_("divide the disputed money"),
}


@dataclass(frozen=True, slots=True)
class Can:
    """`who`, and all that they can do now, as one list."""

    who: str
    what: str


@dataclass(frozen=True, slots=True)
class Line:
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Ahead:
    """`waits_for` is who must act next, "" when it is over; `lines` come by themselves.

    Who can do nothing is not in `can`.
    """

    waits_for: str
    can: list[Can]
    lines: list[Line]


def ahead(escrow: Escrow, viewer: Party, now: datetime) -> Ahead:
    words, whose = WORDS[viewer], turn(escrow)
    lines, before = [], escrow
    for step in if_nobody_acts(escrow, now):
        if step.escrow.stage is not Stage.CAPTURING:
            lines.append(Line(step.at, sentence(_said(before, step, words))))
        before = step.escrow
    can = [_can(party, commands, words) for party in ACTING if (commands := may(escrow, party))]
    return Ahead(gettext(words.names[whose]) if whose else "", can, lines)


def _can(party: Party, commands: list[str], words: Words) -> Can:
    who = gettext(words.names[party] if party is not Party.OPERATOR else N_("Danbao"))
    comma = ", " if spoken() is ENGLISH else "、"
    said = comma.join(gettext(COMMANDS[command]) for command in commands)
    return Can(who[:1].upper() + who[1:], sentence(said))


def _said(before: Escrow, step: Moved[Escrow], words: Words) -> str:
    """What this step of the clock does to the money."""
    after, currency = step.escrow, before.terms.currency
    released = after.amounts.released - before.amounts.released
    refunded = after.amounts.refunded - before.amounts.refunded
    if after.deducted and not before.deducted:
        return gettext(words.held) % {"amount": money(after.amounts.held, currency)}
    if released:
        return gettext(words.released) % {"amount": money(released, currency)}
    if refunded:
        return gettext(words.refunded) % {"amount": money(refunded, currency)}
    if after.dispute is Dispute.ARBITRATION is not before.dispute:
        return gettext(words.decide)
    return gettext(words.close if after.stage is Stage.CLOSED else words.over)
