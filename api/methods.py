"""What a buyer can pay with: the banks we are connected to, and their methods."""

from dataclasses import dataclass

from api.errors import Flaw, UnknownPaymentMethod
from api.languages import N_


@dataclass(frozen=True, slots=True)
class Method:
    """`name` and `hint` are what the cashier shows."""

    bank: str
    method: str
    name: str
    hint: str


METHODS = (
    Method(
        "sandbox", "online_banking", N_("Online banking"), N_("Sign in at your bank and approve")
    ),
    Method("sandbox", "card", N_("Bank card"), N_("Debit or credit, confirmed by your bank")),
)


def chosen(bank: str, method: str) -> Method:
    """Raises UnknownPaymentMethod."""
    for offered in METHODS:
        if (offered.bank, offered.method) == (bank, method):
            return offered
    choice = ", ".join(f"{offered.bank}/{offered.method}" for offered in METHODS)
    raise UnknownPaymentMethod(
        f"choose one of: {choice}", flaws=(Flaw(f"choose one of: {choice}", pointer="#/method"),)
    )
