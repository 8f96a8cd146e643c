"""`/v1/disputes`: what operators have to decide, and how two of them do."""

import re
from collections.abc import Awaitable, Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, StrictInt

from api import promises
from api.answers import JSON, answer_of, etag, problem_answer, send
from api.doors import Doors, TheDoors
from api.errors import (
    EvidenceDamaged,
    EvidenceErased,
    InvalidCursor,
    NoProposal,
    NotFound,
    OwnProposal,
    PreconditionRequired,
    ProposalDiffers,
)
from api.evidence import book
from api.evidence.routes import FILES
from api.evidence.views import download, evidence_out
from api.fields import LogLine
from api.idempotency import Answer, Keyed, Try, fingerprint, idempotency_key, once
from api.operators import audit, cases, decisions, proposals
from api.operators.accounts import Account
from api.operators.callers import AnOperator
from api.operators.decisions import Case
from api.operators.proposals import Proposed, Split
from api.operators.views import (
    CaseList,
    ProposalOut,
    WholeCaseOut,
    case_out,
    proposal_out,
    whole_out,
)
from api.requests import Body
from domain import errors as rules
from domain.errors import Refusal

#: One version and no `*`: a decision is about what was read.
TAG = r'^(W/)?"[0-9]{1,9}"$'
INBOX = "disputes"

router = APIRouter(
    prefix="/v1/disputes", tags=["disputes"], generate_unique_id_function=lambda route: route.name
)
DisputeId = Annotated[str, Path(examples=["dsp_0193c8a1b2c37d4e8f9a0b1c2d3e4f50_1"])]
Amount = Annotated[StrictInt, Field(ge=0, le=10**12, description="Minor units.")]


class SplitIn(Body):
    """How the disputed money is divided: `refund` to the buyer, `release` to the merchant."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"refund": 3000, "release": 1000}]})

    refund: Amount
    release: Amount


class ResolutionIn(SplitIn):
    """A split, and why: the note stands in the log that nobody can change."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"refund": 3000, "release": 1000, "note": "The photographs show a scratch."}
            ]
        }
    )

    note: LogLine


class Inbox(BaseModel):
    """Which disputes."""

    model_config = ConfigDict(extra="forbid")

    state: Literal["open", "arbitration"] | None = None
    cursor: str | None = Field(
        None, max_length=200, description="`next_cursor` of the page before, unchanged."
    )
    limit: int = Field(20, ge=1, le=100)


async def a_case(
    dispute_id: DisputeId,
    doors: TheDoors,
    operator: AnOperator,
    if_match: Annotated[
        str | None,
        Header(pattern=TAG, description="The `ETag` of the dispute that you have read: required."),
    ] = None,
) -> Case:
    """Raises NotFound, PreconditionRequired."""
    whole = await cases.whole(doors.engine, dispute_id)
    if if_match is None:
        raise PreconditionRequired
    return Case(whole.purchase.id, whole.number, version=int(re.sub(r"\D", "", if_match)))


ACase = Annotated[Case, Depends(a_case)]
AKey = Annotated[str, Depends(idempotency_key)]


@router.get(
    "",
    response_description="One page of them.",
    response_model=CaseList,
    responses=promises.OPERATORS | promises.problems(InvalidCursor),
)
async def list_disputes(
    doors: TheDoors, operator: AnOperator, asked: Annotated[Inbox, Query()]
) -> Response:
    """Every dispute that is under way, the nearest deadline first."""
    here = (INBOX, asked.state or "all")
    after = doors.cursors.last(*here, asked.cursor) if asked.cursor is not None else None
    found = await cases.inbox(doors.engine, asked.state, after, asked.limit + 1)
    shown, more = found[: asked.limit], len(found) > asked.limit
    body = CaseList(
        data=[case_out(purchase) for purchase in shown if purchase.complaint],
        has_more=more,
        next_cursor=doors.cursors.after(*here, cases.place(shown[-1])) if more else None,
    )
    return Response(body.model_dump_json(), media_type=JSON)


@router.get(
    "/{dispute_id}",
    response_description="The dispute; its `ETag` is what a decision names.",
    response_model=WholeCaseOut,
    responses=promises.OPERATORS | promises.problems(NotFound),
)
async def read_dispute(dispute_id: DisputeId, doors: TheDoors, operator: AnOperator) -> Response:
    """One dispute whole: what both sides say, what is proposed, what happens by itself."""
    whole = await cases.whole(doors.engine, dispute_id)
    async with doors.engine.connect() as connection:
        kept = await proposals.newest(connection, whole.purchase.id, whole.number)
    entries = await book.entries(doors.engine, whole.purchase.id)
    said = [evidence_out(entry) for entry in entries if entry.dispute == whole.number]
    body = whole_out(whole, await _proposal(doors, kept) if kept else None, said)
    headers = {"ETag": etag(body.version), "Cache-Control": "no-store"}
    return Response(body.model_dump_json(), headers=headers, media_type=JSON)


@router.get(
    "/{dispute_id}/evidence/{evidence_id}",
    response_class=Response,
    responses=FILES
    | promises.OPERATORS
    | promises.problems(NotFound, EvidenceErased, EvidenceDamaged),
)
async def read_evidence(
    dispute_id: DisputeId,
    doors: TheDoors,
    operator: AnOperator,
    evidence_id: Annotated[str, Path(examples=["evd_0193c8a1b2c37d4e8f9a0b1c2d3e4f50"])],
) -> Response:
    """The file itself, as it was sent, or the words of a statement. The log says who read it."""
    whole = await cases.whole(doors.engine, dispute_id)
    entry, content = await book.shown(doors.engine, doors.evidence, whole.purchase.id, evidence_id)
    if entry.dispute != whole.number:
        raise NotFound
    async with doors.engine.begin() as connection:
        await audit.note(connection, operator.id, "evidence_read", dispute_id, evidence=entry.id)
    return download(entry, content)


@router.post(
    "/{dispute_id}/resolution",
    response_description="Carried out: the amount is one that an operator decides alone.",
    response_model=ProposalOut,
    responses=promises.decision(rules.SplitMismatch, ProposalDiffers)
    | {202: {"model": ProposalOut, "description": "Proposed: another operator approves it."}},
)
async def resolve_dispute(
    request: Request,
    doors: TheDoors,
    operator: AnOperator,
    case: ACase,
    key: AKey,
    said: ResolutionIn,
) -> Response:
    """Propose how to divide what is disputed. Small amounts are divided at once."""
    split = Split(said.refund, said.release)

    async def act(this: Try) -> Proposed:
        return await decisions.resolve(doors, operator, case, split, said.note, this)

    return await _decided(request, operator, key, said, act)


@router.post(
    "/{dispute_id}/approval",
    response_description="Carried out.",
    response_model=ProposalOut,
    responses=promises.decision(rules.SplitMismatch, NoProposal, ProposalDiffers, OwnProposal),
)
async def approve_resolution(
    request: Request,
    doors: TheDoors,
    operator: AnOperator,
    case: ACase,
    key: AKey,
    said: SplitIn,
) -> Response:
    """Agree to what another operator proposed: the same version, the same amounts."""
    split = Split(said.refund, said.release)

    async def act(_: Try) -> Proposed:
        return await decisions.approve(doors, operator, case, split)

    return await _decided(request, operator, key, said, act)


async def _decided(
    request: Request,
    operator: Account,
    key: str,
    body: BaseModel,
    act: Callable[[Try], Awaitable[Proposed]],
) -> Response:
    """The answer to this decision, the same at every try; a refusal is an answer too."""
    doors: Doors = request.app.state.doors
    condition = request.headers["If-Match"]
    said = fingerprint(request.method, f"{request.url.path} {condition}", body.model_dump_json())

    async def acted(this: Try) -> Answer:
        try:
            proposed = await act(this)
        except Refusal as refusal:
            return problem_answer(request, refusal)
        return answer_of(200 if proposed.approved_by else 202, await _proposal(doors, proposed))

    return send(await once(doors.engine, Keyed(operator.id, key, said), acted))


async def _proposal(doors: Doors, proposed: Proposed) -> ProposalOut:
    case = Case(proposed.escrow_id, proposed.dispute, proposed.version)
    return proposal_out(proposed, carried_out=await decisions.done(doors, case, proposed))
