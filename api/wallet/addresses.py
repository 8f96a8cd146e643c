"""E-mail addresses: one way to write each, and a digest by which merchants' ones are recognised.

Upper and lower case are the same mailbox to everybody but RFC 5321 (2.4). That nobody gets into
another's account by it, mails go to the address as it is written here.
"""

import hashlib
import hmac
import re

import idna

#: RFC 5321 (4.5.3.1): 64 octets before the @, 254 in all (RFC 3696, erratum 1690).
LONGEST, LONGEST_LOCAL = 254, 64
#: RFC 5322's dot-atom: no quotes, no spaces, nothing that could end a header or begin another.
_LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
#: What stands for an address that no mail of ours could reach: nobody's account has it.
NOBODY = b""


class NotAnAddress(Exception):
    """No mail of ours could be sent there."""


def normalised(typed: str) -> str:
    """ASCII, lower case, the domain as DNS knows it: `Li.Lei@BÜCHER.example` becomes
    `li.lei@xn--bcher-kva.example`. Raises NotAnAddress.
    """
    local, at, domain = typed.strip().rpartition("@")
    local = local.lower()
    if not at or len(local) > LONGEST_LOCAL or not _LOCAL.fullmatch(local):
        raise NotAnAddress
    try:
        domain = idna.encode(domain, uts46=True, std3_rules=True).decode("ascii")
    except (idna.IDNAError, UnicodeError) as wrong:
        raise NotAnAddress from wrong
    address = f"{local}@{domain}"
    if "." not in domain.strip(".") or domain.endswith(".") or len(address) > LONGEST:
        raise NotAnAddress
    return address


class Recognition:
    """Whether two addresses are the same, told without the address."""

    def __init__(self, secret: str) -> None:
        self._key = hmac.digest(secret.encode(), b"wallet: e-mail addresses", hashlib.sha256)

    def digest(self, typed: str) -> bytes:
        """32 bytes, the same for every way to write an address; NOBODY for what is none."""
        try:
            return hmac.digest(self._key, normalised(typed).encode(), hashlib.sha256)
        except NotAnAddress:
            return NOBODY
