"""What an API key may do. A key has all scopes unless it was made with fewer."""

from collections.abc import Collection
from enum import StrEnum

from api.languages import N_


class Scope(StrEnum):
    ESCROWS_READ = "escrows:read"
    ESCROWS_WRITE = "escrows:write"
    REFUNDS = "refunds"
    PAYOUTS = "payouts"
    WEBHOOKS = "webhooks"
    KEYS = "keys"


#: For people who choose: documents, console, command line.
MEANINGS: dict[Scope, str] = {
    Scope.ESCROWS_READ: N_("read purchases and events"),
    Scope.ESCROWS_WRITE: N_("create, ship, extend and cancel purchases, contest disputes"),
    Scope.REFUNDS: N_("give money back to buyers, accept disputes"),
    Scope.PAYOUTS: N_("see the balance, payouts and statements"),
    Scope.WEBHOOKS: N_("see and change webhook endpoints, deliver events again"),
    Scope.KEYS: N_("see, make and revoke API keys in the merchant console"),
}
EVERYTHING = frozenset(Scope)


def scopes_of(names: Collection[str]) -> frozenset[Scope]:
    """Raises ValueError, which names what can be chosen."""
    unknown = sorted(set(names) - {scope.value for scope in Scope})
    if unknown or not names:
        raise ValueError(f"choose among {', '.join(Scope)}, not {', '.join(unknown) or 'nothing'}")
    return frozenset(Scope(name) for name in names)
