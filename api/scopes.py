"""What an API key may do. A key has all scopes unless it was made with fewer."""

from collections.abc import Collection
from enum import StrEnum


class Scope(StrEnum):
    ESCROWS_READ = "escrows:read"
    ESCROWS_WRITE = "escrows:write"
    REFUNDS = "refunds"
    WEBHOOKS = "webhooks"
    KEYS = "keys"


#: For people who choose: documents, console, command line.
MEANINGS: dict[Scope, str] = {
    Scope.ESCROWS_READ: "read purchases and events",
    Scope.ESCROWS_WRITE: "create, ship, extend and cancel purchases",
    Scope.REFUNDS: "give money back to buyers",
    Scope.WEBHOOKS: "see and change webhook endpoints, deliver events again",
    Scope.KEYS: "see, make and revoke API keys in the merchant console",
}
EVERYTHING = frozenset(Scope)


def scopes_of(names: Collection[str]) -> frozenset[Scope]:
    """Raises ValueError, which names what can be chosen."""
    unknown = sorted(set(names) - {scope.value for scope in Scope})
    if unknown or not names:
        raise ValueError(f"choose among {', '.join(Scope)}, not {', '.join(unknown) or 'nothing'}")
    return frozenset(Scope(name) for name in names)
