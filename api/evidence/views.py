"""Evidence as the doors answer it, and as a browser saves it."""

from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import quote

from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from api.dispute_ids import dispute_id
from api.evidence.contents import ENDINGS
from api.evidence.tables import Evidence

EXAMPLE: dict[str, Any] = {
    "id": "evd_0193c8a1b2c37d4e8f9a0b1c2d3e4f50",
    "no": 1,
    "dispute": "dsp_0193c8a1b2c37d4e8f9a0b1c2d3e4f50_1",
    "by": "buyer",
    "kind": "statement",
    "text": "The left boot has a hole.",
    "filename": None,
    "media_type": "text/plain",
    "size": 25,
    "digest": "d9a97a1c35d19b5c14a75ecd6bd8b7e85a1d4c5f2e2e54a4b6a6ad0bb4e55f6c",
    "prev": "0" * 64,
    "hash": "5d41402abc4b2a76b9719d911017c592ae8d6c0c1b2f7a9e0d3f4b5c6a7e8f90",
    "erased": False,
    "at": "2026-11-26T08:00:00.000000Z",
}


class EvidenceOut(BaseModel):
    """A statement (`text`) or a file (`filename`) of one side; both are null once erased.

    `hash` is the SHA-256 of these, one a line: `prev` (the `hash` of the entry before, 64 zeros
    for the first), `id`, the purchase's id, `no`, the dispute's number (1 or 2), `by`, `kind`,
    `media_type`, `size`, `digest`, `at`. So nobody can change, leave out or reorder what was said.
    """

    model_config = ConfigDict(title="Evidence", json_schema_extra={"examples": [EXAMPLE]})

    id: str
    no: int
    dispute: str
    by: Literal["buyer", "merchant", "operator"]
    kind: Literal["statement", "file"]
    text: str | None
    filename: str | None
    media_type: str
    size: int = Field(description="Bytes.")
    digest: str = Field(description="SHA-256 of the text or the file.")
    prev: str
    hash: str
    erased: bool
    at: datetime


class EvidenceList(BaseModel):
    """All evidence of a purchase, oldest first."""

    data: list[EvidenceOut]


def evidence_out(entry: Evidence) -> EvidenceOut:
    return EvidenceOut.model_validate(
        {
            **entry.model_dump(),
            "dispute": dispute_id(entry.escrow_id, entry.dispute),
            "erased": entry.text is None and entry.filename is None,
            "at": entry.at.astimezone(UTC),
        }
    )


def download(entry: Evidence, content: bytes) -> Response:
    """To be saved, never shown in place of a page of ours: it comes from one side of a dispute."""
    plain = entry.id + ENDINGS[entry.media_type]
    name = quote(entry.filename or plain, safe="")
    return Response(
        content,
        media_type=entry.media_type,
        headers={
            "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{name}",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
        },
    )
