"""A purchase in dispute, and what can be shown about it."""

import struct
import zlib
from typing import Any

import httpx2

from tests.integration.api.shop import Shop, token_of

PART = {"amount": 4000, "reason": "damaged"}


def png(shade: int = 0) -> bytes:
    """A real picture of one dot."""

    def chunk(name: bytes, data: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + crc

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    dot = zlib.compress(bytes([0, shade]))
    beginning = b"\x89PNG\r\n\x1a\n"
    return beginning + chunk(b"IHDR", head) + chunk(b"IDAT", dot) + chunk(b"IEND", b"")


PDF = b"%PDF-1.7\n%%EOF\n"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\xff\xd9"
WEBP = b"RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00"


def evidence(escrow: dict[str, Any], evidence_id: str = "") -> str:
    path = f"/v1/escrows/{escrow['id']}/dispute/evidence"
    return f"{path}/{evidence_id}" if evidence_id else path


async def complain(shop: Shop, escrow: dict[str, Any], **changes: Any) -> dict[str, Any]:
    path = f"/v1/escrows/{escrow['id']}/dispute"
    answer = await shop.post(path, PART | changes, token=token_of(escrow))
    assert answer.status_code == 200, answer.text
    disputed: dict[str, Any] = answer.json()
    return disputed


async def show(
    shop: Shop,
    escrow: dict[str, Any],
    content: bytes,
    name: str = "boot.png",
    media_type: str = "image/png",
    *,
    key: str | None = None,
    token: str = "",
) -> httpx2.Response:
    """Add a file, as the merchant or with `token` as the buyer."""
    headers = shop.headers(key)
    if token:
        headers["Authorization"] = f"Bearer {token}"
    files = {"file": (name, content, media_type)}
    return await shop.http.post(evidence(escrow), files=files, headers=headers)


async def say(
    shop: Shop, escrow: dict[str, Any], text: str, *, key: str | None = None, token: str = ""
) -> httpx2.Response:
    """Add a statement, as the merchant or with `token` as the buyer."""
    headers = shop.headers(key)
    if token:
        headers["Authorization"] = f"Bearer {token}"
    # A part without a file's name is a field.
    files = {"statement": (None, text.encode())}
    return await shop.http.post(evidence(escrow), files=files, headers=headers)
