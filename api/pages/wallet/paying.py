"""Ways to pay at a cashier, for a buyer who may be signed in at the wallet."""

from dataclasses import dataclass

from api.errors import UnknownPaymentMethod
from api.methods import Method, chosen
from api.pages.wallet.visitors import Visit
from api.wallet.methods import Kept
from banks.port import Payer

#: What a choice begins with that is not a bank's name.
SAVED = "saved"


@dataclass(frozen=True, slots=True)
class Choice:
    """How to pay; `payer` is who, for the bank, where somebody is signed in."""

    method: Method
    payer: Payer | None

    @property
    def remembered(self) -> str:
        """What tells this choice from the same one of somebody else."""
        return self.payer.reference if self.payer else ""


async def saved(buyer: Visit | None) -> list[Kept]:
    """What can be paid with at one press."""
    return [one for one in await buyer.purse.kept() if not one.over] if buyer else []


async def choose(buyer: Visit | None, choice: str) -> Choice:
    """Of `sandbox/card`, or `saved/pm_…`. Raises UnknownPaymentMethod."""
    kind, _, name = choice.partition("/")
    if kind == SAVED:
        one = await buyer.purse.one(name) if buyer else None
        if buyer is None or one is None:
            raise UnknownPaymentMethod("this way to pay is not saved in the wallet any more")
        return Choice(chosen(one.bank, one.method), await buyer.purse.payer(one))
    method = chosen(kind, name)
    if buyer is None or method.bank not in buyer.purse.keepers:
        return Choice(method, None)
    return Choice(method, await buyer.purse.newcomer(method.bank))
