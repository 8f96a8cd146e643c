"""`/v1/escrows/{id}/dispute/evidence`: both sides say and show what happened."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import Response
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils import uuid7

from api import promises
from api.answers import answer_of, problem_answer, send
from api.commands import ACommand, APurchase, Asked
from api.doors import TheDoors
from api.errors import (
    EvidenceDamaged,
    EvidenceErased,
    FileTooLarge,
    FileTypeRefused,
    Flaw,
    InvalidRequest,
    NotAForm,
    TooMuchEvidence,
    VersionMoved,
)
from api.evidence import book
from api.evidence.contents import ENDINGS, LONGEST_STATEMENT, Content, checked, named, words
from api.evidence.parts import Parts, parts
from api.evidence.tables import Evidence
from api.evidence.views import EvidenceList, EvidenceOut, download, evidence_out
from api.idempotency import Answer, within
from domain.errors import NoDisputeOpen

#: FastAPI would read a form before it asks who sends it, so we read it, and describe it here.
FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "title": "A statement or a file",
                    "properties": {
                        "statement": {"type": "string", "maxLength": LONGEST_STATEMENT},
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "description": "A PNG, JPEG or WebP picture or a PDF; at most 5 MB.",
                        },
                    },
                    "additionalProperties": False,
                    "examples": [{"statement": "The left boot has a hole."}],
                }
            }
        },
    }
}
FILES = {
    200: {
        "description": "What was said or shown, to be saved.",
        "content": {
            media_type: {"schema": {"type": "string", "format": "binary"}, "example": "…"}
            for media_type in ENDINGS
        },
    }
}

router = APIRouter(
    prefix="/v1/escrows/{escrow_id}/dispute/evidence",
    tags=["disputes"],
    generate_unique_id_function=lambda route: route.name,
)


class _Named(BaseModel):
    said: tuple[str, ...]


@router.post(
    "",
    status_code=201,
    response_description="The new entry, or the one that this key made before.",
    response_model=EvidenceOut,
    responses=promises.command(
        NoDisputeOpen, NotAForm, FileTooLarge, FileTypeRefused, TooMuchEvidence
    ),
    openapi_extra=FORM,
)
async def add_evidence(asked: ACommand) -> Response:
    """Either side adds a statement or a file to its open dispute, until that is decided.

    Each side has twenty statements and ten files. Both sides and operators see all of them.
    """
    said = _one(await parts(asked.request, most_files=1))
    async with asked.doors.engine.begin() as connection:

        async def act() -> Answer:
            if asked.moved:
                raise VersionMoved(f"it is at version {asked.purchase.version}")
            try:
                return answer_of(201, evidence_out(await _added(asked, connection, said)))
            except (NoDisputeOpen, TooMuchEvidence) as refusal:
                return problem_answer(asked.request, refusal)

        keyed = asked.keyed(_Named(said=named(said)))
        return send(await within(connection, keyed, act))


async def _added(asked: Asked, connection: AsyncConnection, said: Content) -> Evidence:
    these = {f"evd_{uuid7().hex}": said}
    [entry] = await book.add(connection, asked.doors.evidence, asked.purchase.id, asked.by, these)
    return entry


def _one(sent: Parts) -> Content:
    """The statement or the file that was sent. Raises InvalidRequest for both, or neither."""
    names = [*sent.fields, *(upload.field for upload in sent.files)]
    if names == ["statement"] and not sent.files:
        return words(sent.fields["statement"])
    if names == ["file"] and sent.files:
        return checked(sent.files[0])
    why = "send a `statement` or a `file`, one at a time, and nothing else"
    pointers = [f"#/{name}"[:200] for name in names if name not in ("statement", "file")]
    raise InvalidRequest(why, flaws=tuple(Flaw(why, pointer=one) for one in pointers or ["#"]))


@router.get(
    "",
    response_description="All of it, oldest first.",
    response_model=EvidenceList,
    responses=promises.READ,
)
async def list_evidence(doors: TheDoors, purchase: APurchase) -> EvidenceList:
    """What both sides and operators have said and shown in all disputes of this purchase."""
    found = await book.entries(doors.engine, purchase.id)
    return EvidenceList(data=[evidence_out(entry) for entry in found])


@router.get(
    "/{evidence_id}",
    response_class=Response,
    responses=FILES | promises.READ | promises.problems(EvidenceErased, EvidenceDamaged),
)
async def download_evidence(
    doors: TheDoors,
    purchase: APurchase,
    evidence_id: Annotated[str, Path(examples=["evd_0193c8a1b2c37d4e8f9a0b1c2d3e4f50"])],
) -> Response:
    """The file itself, as it was sent, or the words of a statement."""
    entry, content = await book.shown(doors.engine, doors.evidence, purchase.id, evidence_id)
    return download(entry, content)
