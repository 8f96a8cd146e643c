"""Evidence of disputes as data: what is said and shown, and what the answers are read as."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from danbao_client.calls import Call, fresh, model
from danbao_client.forms import Form

ALL = "/v1/escrows/{escrow_id}/dispute/evidence"


class Evidence(BaseModel):
    """A statement (`text`) or a file (`filename`) of one side; both are None once erased.

    `digest` is the SHA-256 of the text or the file; `prev` and `hash` chain it to the others.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    id: str
    no: int
    dispute: str
    by: str
    kind: str
    text: str | None = Field(repr=False)
    filename: str | None = Field(repr=False)
    media_type: str
    size: int
    digest: str
    prev: str
    hash: str
    erased: bool
    at: datetime


class EvidenceList(BaseModel):
    """All evidence of a purchase, oldest first."""

    model_config = ConfigDict(extra="allow", frozen=True)

    data: tuple[Evidence, ...]


def say(
    escrow_id: str,
    statement: str,
    *,
    at_version: int | None = None,
    idempotency_key: str | None = None,
) -> Call[Evidence]:
    form = Form("statement", statement.encode())
    return _added(escrow_id, form, at_version, idempotency_key)


def show(
    escrow_id: str,
    filename: str,
    content: bytes,
    *,
    at_version: int | None = None,
    idempotency_key: str | None = None,
) -> Call[Evidence]:
    form = Form("file", content, filename)
    return _added(escrow_id, form, at_version, idempotency_key)


def list_evidence(escrow_id: str) -> Call[EvidenceList]:
    return Call("GET", ALL, model(EvidenceList), {"escrow_id": escrow_id})


def download(escrow_id: str, evidence_id: str) -> Call[bytes]:
    def read(_status: int, body: bytes) -> bytes:
        return body

    ids = {"escrow_id": escrow_id, "evidence_id": evidence_id}
    return Call("GET", ALL + "/{evidence_id}", read, ids)


def _added(escrow_id: str, form: Form, at_version: int | None, key: str | None) -> Call[Evidence]:
    headers = {} if at_version is None else {"if-match": f'"{at_version}"'}
    ids = {"escrow_id": escrow_id}
    return Call("POST", ALL, model(Evidence), ids, headers=headers, form=form, key=fresh(key))
