"""Master keys. They wrap the keys of purchases and nothing else."""

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vault.errors import MasterKeyMissing, NotAuthentic

_KEY = re.compile(r"[0-9a-f]{64}")
#: 96 bits, random each time: SP 800-38D (8.3) allows 2^32 of them under one key.
NONCE = 12


@dataclass(frozen=True, slots=True)
class Wrapped:
    """`box` is nonce, ciphertext and tag; `by` is the fingerprint of the master key."""

    by: str
    box: bytes = field(repr=False)


class Ring:
    """The first key wraps, all of them unwrap."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._keys = dict(keys)
        self.first = next(iter(self._keys))

    @classmethod
    def parse(cls, said: str) -> Self:
        """`said` is keys with commas between, each 64 hexadecimal digits. Raises ValueError."""
        keys = [key.strip().lower() for key in said.split(",")]
        if not all(_KEY.fullmatch(key) for key in keys):
            raise ValueError("each key is 64 hexadecimal digits, with commas between keys")
        if len(set(keys)) < len(keys):
            raise ValueError("a key is named twice")
        return cls({fingerprint(key): key for key in map(bytes.fromhex, keys)})

    @property
    def fingerprints(self) -> list[str]:
        return list(self._keys)

    def wrap(self, secret: bytes, bound_to: str) -> Wrapped:
        return Wrapped(self.first, encrypt(self._keys[self.first], secret, bound_to))

    def unwrap(self, wrapped: Wrapped, bound_to: str) -> bytes:
        """Raises MasterKeyMissing, NotAuthentic."""
        if wrapped.by not in self._keys:
            raise MasterKeyMissing(f"no master key {wrapped.by} in the ring")
        return decrypt(self._keys[wrapped.by], wrapped.box, bound_to)


def fingerprint(key: bytes) -> str:
    """What a master key is called where it is not known: it says nothing about the key."""
    return hashlib.sha256(b"danbao master key" + key).hexdigest()[:16]


def encrypt(key: bytes, plain: bytes, bound_to: str) -> bytes:
    """Nonce, ciphertext and tag of AES-256-GCM; to be read only with the same `bound_to`."""
    nonce = os.urandom(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound_to.encode())


def decrypt(key: bytes, box: bytes, bound_to: str) -> bytes:
    """Raises NotAuthentic."""
    try:
        return AESGCM(key).decrypt(box[:NONCE], box[NONCE:], bound_to.encode())
    except (InvalidTag, ValueError) as wrong:
        raise NotAuthentic("not what was encrypted, or not here") from wrong
