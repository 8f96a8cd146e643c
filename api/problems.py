"""RFC 9457: every error leaves as `application/problem+json`, by the one table below.

docs/reference/errors.md has a section per code; `type` points at the same text at /docs/errors.
"""

from dataclasses import asdict, dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api import errors as door
from domain import errors as domain
from domain.errors import DomainError

MEDIA_TYPE = "application/problem+json"
DOCS_PATH = "/docs/errors"

Problematic = DomainError | door.DoorError


@dataclass(frozen=True, slots=True)
class Problem:
    """`title` says what is wrong, `advice` what the caller can do about it."""

    status: int
    title: str
    advice: str


PROBLEMS: dict[type[Problematic], Problem] = {
    door.MalformedBody: Problem(
        400, "The body is not JSON", "Send one JSON document, encoded as UTF-8."
    ),
    door.IdempotencyKeyMissing: Problem(
        400,
        "An Idempotency-Key is required",
        "Send a fresh key with every new command, and the same key when you repeat one.",
    ),
    door.IdempotencyKeyInvalid: Problem(
        400,
        "The Idempotency-Key is not usable",
        "1 to 255 visible ASCII characters without quotes or backslashes, bare or quoted.",
    ),
    door.InvalidCursor: Problem(
        400,
        "This is not a cursor of this list",
        "Send `next_cursor` of the page before, unchanged, with the same key's merchant.",
    ),
    door.Unauthenticated: Problem(
        401,
        "Who is asking?",
        "Send `Authorization: Bearer …` with an API key, or with the token of a buyer's link.",
    ),
    door.InvalidApiKey: Problem(
        401,
        "This is not a valid API key",
        "Check for a truncated, revoked or wrong-mode key (`ek_test_` and `ek_live_` differ).",
    ),
    door.InvalidLink: Problem(
        401, "This is not a valid link", "Use the link exactly as the merchant gave it."
    ),
    door.ExpiredLink: Problem(
        401, "This link has expired", "Ask the merchant; the purchase itself is not affected."
    ),
    door.NotAuthentic: Problem(
        401,
        "The callback is not authentic",
        "Sign the raw body with the shared secret, and send it within five minutes.",
    ),
    domain.NotYourCommand: Problem(
        403,
        "Only the other side may do this",
        "A buyer pays, confirms, extends and disputes; a merchant ships, refunds, extends and "
        "answers.",
    ),
    door.MissingScope: Problem(
        403,
        "This key may not do that",
        "The detail names the scope that is missing; make a key that has it.",
    ),
    door.StaleForm: Problem(
        403, "This form is too old", "Open the page again and repeat what you wanted to do."
    ),
    door.NotFound: Problem(404, "Not found", "Nothing is here, or it belongs to somebody else."),
    door.MethodNotAllowed: Problem(
        405, "Method not allowed", "The `Allow` header says what this address understands."
    ),
    domain.Refusal: Problem(409, "Not possible now", "Read the purchase and decide again."),
    domain.WrongStage: Problem(
        409,
        "Not possible in this stage",
        "Read the purchase: `status` and `payment.state` say what it waits for.",
    ),
    domain.EscrowEnded: Problem(
        409, "The purchase is over", "Nothing can change it any more; `status` says how it ended."
    ),
    domain.PaidAlready: Problem(
        409, "Paid already", "The bank has taken the money; refund instead of cancelling."
    ),
    domain.BankUndecided: Problem(
        409,
        "The bank has not decided yet",
        "Wait a moment, then repeat the command with a new Idempotency-Key.",
    ),
    domain.AmountExceedsHeld: Problem(
        409, "More than is held", "The amount must be from 1 to `held`."
    ),
    domain.AmountExceedsReleased: Problem(
        409,
        "More than was released",
        "The amount must be from 1 to `released`: what was refunded before is off it already.",
    ),
    domain.DebtLimitReached: Problem(
        409,
        "Your balance does not cover it",
        "A refund after the release comes out of `payable` and `reserve` of your balance, then "
        "out of what your contract lets you owe. Refund less, or when more has been released.",
    ),
    domain.WholeAmountOnly: Problem(
        409,
        "Only the whole amount",
        "Before shipment a frozen payment can only be given back whole: refund `authorised`.",
    ),
    domain.HoldExpired: Problem(
        409,
        "The bank's hold has ended",
        "No money is behind this order any more: do not send the goods.",
    ),
    domain.NothingHeld: Problem(
        409, "Nothing is held", "No undisputed money is left to decide about."
    ),
    domain.ExtendedAlready: Problem(
        409, "Extended already", "A buyer can extend the inspection once; ask the merchant."
    ),
    domain.ExtensionTooLong: Problem(
        409,
        "The extension is too long",
        "A buyer adds exactly three days; all extensions together add at most thirty.",
    ),
    domain.DisputeOpenAlready: Problem(409, "A dispute is open already", "One dispute at a time."),
    domain.NoDisputeOpen: Problem(409, "No dispute is open", "There is nothing to answer."),
    domain.TooManyDisputes: Problem(409, "Too many disputes", "A purchase can be disputed twice."),
    domain.TooOften: Problem(
        409,
        "Too often for one purchase",
        "The detail says how often. A merchant can still give back all that is left at once.",
    ),
    domain.SplitMismatch: Problem(
        409, "The split does not add up", "Refund and release must add up to `disputed`."
    ),
    door.PaymentDeclined: Problem(
        409,
        "The bank declined",
        "The detail says why. Choose another method, with a new Idempotency-Key.",
    ),
    door.OperatorExists: Problem(
        409, "This operator has an account already", "Choose another login."
    ),
    door.MissingRole: Problem(
        403, "This operator may not do this", "The detail names the role that is needed."
    ),
    door.OwnProposal: Problem(
        403, "Somebody else has to approve", "Four eyes: nobody approves their own proposal."
    ),
    door.NoProposal: Problem(
        409, "Nothing was proposed", "Propose a resolution first; another operator approves it."
    ),
    door.ProposalDiffers: Problem(
        409,
        "Something else was proposed",
        "Read the dispute again: what you approve has to be what stands there now.",
    ),
    door.PreconditionRequired: Problem(
        428,
        "Say which version you decided on",
        "Send the `ETag` of the dispute that you have read as `If-Match`.",
    ),
    door.TooManyEndpoints: Problem(
        409, "Too many webhook endpoints", "At most ten: change or delete one of them."
    ),
    door.EndpointDisabled: Problem(
        409,
        "The webhook endpoint is switched off",
        "PUT it with `enabled` true first; one that answered 410 is switched off too.",
    ),
    door.NobodyAsked: Problem(
        409,
        "No webhook endpoint asks for this event",
        "Add or enable one that does, or name the endpoint that is to hear it.",
    ),
    door.TooManyKeys: Problem(
        409, "Two keys are live already", "Revoke the one that nobody uses any more, then rotate."
    ),
    door.IdempotencyKeyInFlight: Problem(
        409,
        "The first request with this key is still being answered",
        "Repeat it after `Retry-After` seconds; you will get its answer.",
    ),
    door.TooMuchEvidence: Problem(
        409,
        "Too much evidence",
        "Each side may add twenty statements and ten files to one dispute.",
    ),
    door.EvidenceErased: Problem(
        410, "This evidence was erased", "Its place in the chain and its digest are left."
    ),
    door.EvidenceDamaged: Problem(
        410,
        "This file is gone or was changed",
        "We don't hand out what is not the file that was sent. Ask us, with its digest.",
    ),
    door.VersionMoved: Problem(
        412,
        "The purchase is at another version",
        "Read it again and decide anew, with its new `ETag` and a new Idempotency-Key.",
    ),
    door.BodyTooLarge: Problem(
        413, "The body is too large", "At most 64 kB, and 5.5 MB where evidence is sent."
    ),
    door.FileTooLarge: Problem(413, "The file is too large", "At most 5 MB each."),
    door.UnsupportedMediaType: Problem(415, "Send JSON", "Set `Content-Type: application/json`."),
    door.NotAForm: Problem(
        415, "Send a form", "Set `Content-Type: multipart/form-data`, with its boundary."
    ),
    door.InvalidRequest: Problem(
        422, "The request is not valid", "`errors` names every field that is wrong, and why."
    ),
    door.FileTypeRefused: Problem(
        422,
        "This file can't be taken",
        "PNG, JPEG and WebP pictures and PDF, under a name and a type that fit the content.",
    ),
    domain.BadTerms: Problem(
        422, "These terms can't be agreed to", "`errors` names the field that is wrong."
    ),
    domain.UnknownCurrency: Problem(
        422, "Unknown currency", "Use an ISO 4217 code in upper case, such as `CNY`."
    ),
    domain.AmountOutOfRange: Problem(
        422,
        "The amount is out of range",
        "A whole number of minor units from 1 to 1,000,000,000,000.",
    ),
    domain.WindowOutOfRange: Problem(
        422,
        "The window is out of range",
        "The detail says the range; windows are ISO 8601 durations such as `P7D`.",
    ),
    door.UnknownPaymentMethod: Problem(
        422, "Unknown payment method", "The detail lists what can be chosen."
    ),
    door.IdempotencyKeyReused: Problem(
        422,
        "This Idempotency-Key was used for another request",
        "Use a new key for a new request. A key is remembered for 30 days.",
    ),
    door.TooManyWaiting: Problem(
        429,
        "Too many of yours wait already",
        "End some long polls or streams, or come back after `Retry-After` seconds.",
    ),
    door.TooManyRequests: Problem(
        429,
        "Too many requests",
        "Come back after `Retry-After` seconds, with the same Idempotency-Key.",
    ),
    door.InternalError: Problem(
        500,
        "Something is wrong on our side",
        "Repeat it with the same Idempotency-Key; if it stays, tell us the request id.",
    ),
    door.Unavailable: Problem(
        503,
        "Not available right now",
        "Repeat it with the same Idempotency-Key after `Retry-After` seconds. What was under way "
        "goes on; nothing happens twice.",
    ),
}


class Flawed(BaseModel):
    """One thing that is wrong: where, and why."""

    pointer: str | None = Field(None, examples=["#/amount"])
    parameter: str | None = Field(None, examples=["limit"])
    detail: str


class ProblemOut(BaseModel):
    """RFC 9457 problem details."""

    model_config = ConfigDict(title="Problem")

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[Flawed] | None = None


def problem_of(error: Problematic) -> Problem:
    return PROBLEMS[type(error)]


def document(error: Problematic, public_url: str, request_id: str) -> dict[str, Any]:
    """`error` as RFC 9457 says it, for JSON."""
    problem = problem_of(error)
    said: dict[str, Any] = {
        "type": f"{public_url}{DOCS_PATH}#{error.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": str(error) or problem.advice,
        "code": error.code,
        "request_id": request_id,
    }
    flaws = error.flaws if isinstance(error, door.DoorError) else POINTERS.get(type(error), ())
    if flaws:
        said["errors"] = [_flaw(flaw, str(error)) for flaw in flaws]
    return said


def _flaw(flaw: door.Flaw, detail: str) -> dict[str, str]:
    place = {name: text for name, text in asdict(flaw).items() if text}
    return {**place, "detail": flaw.detail or detail}


#: Which field of an order breaks which rule of the terms.
POINTERS: dict[type[Problematic], tuple[door.Flaw, ...]] = {
    domain.UnknownCurrency: (door.Flaw("", pointer="#/currency"),),
    domain.AmountOutOfRange: (door.Flaw("", pointer="#/amount"),),
    domain.WindowOutOfRange: (door.Flaw("", pointer="#/terms/windows"),),
}
