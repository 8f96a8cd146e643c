"""Whom mails are handed to."""

import re
from dataclasses import dataclass, field
from typing import Literal, Self
from urllib.parse import unquote, urlsplit

Security = Literal["none", "starttls", "tls"]
#: Scheme of a mail server's address → how the line is encrypted, and the usual port.
SCHEMES: dict[str, tuple[Security, int]] = {
    "smtp": ("none", 25),
    "smtp+starttls": ("starttls", 587),
    "smtps": ("tls", 465),
}
_SENDER = re.compile(r"[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


@dataclass(frozen=True, slots=True)
class MailServer:
    """`user` is "" where nobody has to sign in."""

    host: str
    port: int
    security: Security
    user: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def parse(cls, url: str) -> Self:
        """Of `smtp+starttls://user:password@host:587`. Raises ValueError, which quotes nothing."""
        parts = urlsplit(url)
        if parts.scheme not in SCHEMES or not parts.hostname or parts.path.strip("/"):
            raise ValueError(f"is {'://…, '.join(SCHEMES)}://… with a host")
        security, usual = SCHEMES[parts.scheme]
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        return cls(parts.hostname, parts.port or usual, security, user, password)


def can_send(address: str) -> bool:
    """Whether mails can come from it."""
    return _SENDER.fullmatch(address) is not None
