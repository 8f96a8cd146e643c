"""API keys: `ek_test_…` and `ek_live_…`, 256 random bits and a checksum; `ok_…` are operators'.

The checksum tells a mistyped or truncated key from a wrong one without asking the database. Only
a key's SHA-256 is stored: 256 random bits need no salt and no slow hash.
"""

import hashlib
import secrets
import zlib
from typing import Literal

Mode = Literal["test", "live"]

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#: 62 ** 43 > 2 ** 256 and 62 ** 6 > 2 ** 32.
_RANDOM_DIGITS, _CHECK_DIGITS = 43, 6
ID_BYTES = 12
#: How a merchant's keys begin; operators' are of another kind.
MERCHANTS = "ek"


def mode_of(setting: Literal["sandbox", "live"]) -> Mode:
    """Which keys an installation issues and takes."""
    return "live" if setting == "live" else "test"


def new_key(mode: Mode, kind: str = MERCHANTS) -> str:
    body = f"{kind}_{mode}_{_base62(secrets.randbits(256), _RANDOM_DIGITS)}"
    return body + _checksum(body)


def well_formed(key: str, mode: Mode, kind: str = MERCHANTS) -> bool:
    """Whether `key` can be a key of this kind and mode at all."""
    body, check, begins = key[:-_CHECK_DIGITS], key[-_CHECK_DIGITS:], f"{kind}_{mode}_"
    whole = len(key) == len(begins) + _RANDOM_DIGITS + _CHECK_DIGITS
    return whole and key.startswith(begins) and key.isascii() and check == _checksum(body)


def digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


def key_id(key_hash: bytes) -> str:
    """What people and forms call a key by: the beginning of its digest, which opens nothing."""
    return f"key_{key_hash[:ID_BYTES].hex()}"


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), _CHECK_DIGITS)


def _base62(number: int, digits: int) -> str:
    text = ""
    for _ in range(digits):
        number, digit = divmod(number, len(_ALPHABET))
        text = _ALPHABET[digit] + text
    return text
