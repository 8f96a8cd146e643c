"""Why something can't be read. None of them says a word of what is inside."""


class VaultError(Exception):
    """`code` is what programs read."""

    code = "vault"


class WithoutContext(VaultError):
    """Nothing says which workflow a payload belongs to, so no key is its key."""

    code = "without_context"


class UnknownPurchase(VaultError):
    """There is no such purchase."""

    code = "unknown_purchase"


class UnknownKey(VaultError):
    """We never made a key of this id."""

    code = "unknown_key"


class Erased(VaultError):
    """The key was destroyed: nobody can read this any more, and that was the point."""

    code = "erased"


class MasterKeyMissing(VaultError):
    """The ring does not hold the master key that this one is wrapped with."""

    code = "master_key_missing"


class NotAuthentic(VaultError):
    """Not what was encrypted, or for another purchase."""

    code = "not_authentic"
