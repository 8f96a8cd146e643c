"""What the API refuses, as exceptions: one class for each code, below one for each status.

DanbaoError (errors.py)
└── Problem              RFC 9457: `code`, `status`, `title`, `detail`, `errors`, `request_id`
    ├── BadRequest         400
    ├── Unauthorized       401
    ├── Forbidden          403
    ├── NotFound           404
    ├── Conflict           409   the purchase does not allow it, or not now
    ├── PreconditionFailed  412
    ├── PreconditionMissing 428
    ├── Unprocessable      422   `errors` names every field that is wrong
    ├── TooManyRequests    429
    └── ServerError        5xx

A code that this version does not know becomes the class of its status, and a status that it does
not know becomes Problem: catch the family when a new code must not surprise you.
"""

from collections.abc import Iterator  # noqa: I001 - one list of what is passed on
from typing import Any

from danbao_client.families import (
    BadRequest as BadRequest,
    Conflict as Conflict,
    Flaw as Flaw,
    Forbidden as Forbidden,
    NotFound as NotFound,
    PreconditionFailed as PreconditionFailed,
    PreconditionMissing as PreconditionMissing,
    Problem as Problem,
    ServerError as ServerError,
    TooManyRequests as TooManyRequests,
    Unauthorized as Unauthorized,
    Unprocessable as Unprocessable,
)


class MethodNotAllowed(Problem):
    code = "method_not_allowed"


class BodyTooLarge(Problem):
    code = "body_too_large"


class FileTooLarge(Problem):
    code = "file_too_large"


class UnsupportedMediaType(Problem):
    code = "unsupported_media_type"


class NotAForm(Problem):
    code = "not_a_form"


class EvidenceErased(Problem):
    """Only its place in the chain and its digest are left."""

    code = "evidence_erased"


class EvidenceDamaged(Problem):
    code = "evidence_damaged"


class MalformedBody(BadRequest):
    code = "malformed_body"


class InvalidCursor(BadRequest):
    code = "invalid_cursor"


class IdempotencyKeyMissing(BadRequest):
    code = "idempotency_key_missing"


class IdempotencyKeyInvalid(BadRequest):
    code = "idempotency_key_invalid"


class Unauthenticated(Unauthorized):
    code = "unauthenticated"


class InvalidApiKey(Unauthorized):
    code = "invalid_api_key"


class InvalidLink(Unauthorized):
    code = "invalid_link"


class ExpiredLink(Unauthorized):
    code = "expired_link"


class NotAuthentic(Unauthorized):
    code = "not_authentic"


class NotYourCommand(Forbidden):
    code = "not_your_command"


class MissingScope(Forbidden):
    """The key's scopes do not cover it: the detail names the missing one."""

    code = "missing_scope"


class StaleForm(Forbidden):
    code = "stale_form"


class IdempotencyKeyInFlight(Conflict):
    """The first request with this key is still being answered."""

    code = "idempotency_key_in_flight"


class Refused(Conflict):
    """The rules of the trade say no: read the purchase and decide again."""

    code = "refused"


class WrongStage(Refused):
    code = "wrong_stage"


class EscrowEnded(Refused):
    code = "escrow_ended"


class PaidAlready(Refused):
    code = "paid_already"


class BankUndecided(Refused):
    code = "bank_undecided"


class PaymentDeclined(Refused):
    code = "payment_declined"


class AmountExceedsHeld(Refused):
    code = "amount_exceeds_held"


class AmountExceedsReleased(Refused):
    code = "amount_exceeds_released"


class DebtLimitReached(Refused):
    code = "debt_limit_reached"


class WholeAmountOnly(Refused):
    code = "whole_amount_only"


class HoldExpired(Refused):
    code = "hold_expired"


class NothingHeld(Refused):
    code = "nothing_held"


class ExtendedAlready(Refused):
    code = "extended_already"


class ExtensionTooLong(Refused):
    code = "extension_too_long"


class DisputeOpenAlready(Refused):
    code = "dispute_open_already"


class NoDisputeOpen(Refused):
    code = "no_dispute_open"


class TooOften(Refused):
    code = "too_often"


class TooManyDisputes(Refused):
    code = "too_many_disputes"


class SplitMismatch(Refused):
    code = "split_mismatch"


class TooMuchEvidence(Conflict):
    code = "too_much_evidence"


class EndpointDisabled(Conflict):
    code = "endpoint_disabled"


class OperatorExists(Conflict):
    code = "operator_exists"


class NoProposal(Conflict):
    code = "no_proposal"


class ProposalDiffers(Conflict):
    code = "proposal_differs"


class MissingRole(Forbidden):
    code = "missing_role"


class OwnProposal(Forbidden):
    code = "own_proposal"


class PreconditionRequired(PreconditionMissing):
    code = "precondition_required"


class NobodyAsked(Conflict):
    """No webhook endpoint asks for this event."""

    code = "nobody_asked"


class TooManyEndpoints(Conflict):
    code = "too_many_endpoints"


class TooManyKeys(Conflict):
    code = "too_many_keys"


class VersionMoved(PreconditionFailed):
    """Somebody was faster: read the purchase and decide anew."""

    code = "version_moved"


class InvalidRequest(Unprocessable):
    code = "invalid_request"


class FileTypeRefused(Unprocessable):
    code = "file_type_refused"


class BadTerms(Unprocessable):
    code = "bad_terms"


class UnknownCurrency(Unprocessable):
    code = "unknown_currency"


class AmountOutOfRange(Unprocessable):
    code = "amount_out_of_range"


class WindowOutOfRange(Unprocessable):
    code = "window_out_of_range"


class UnknownPaymentMethod(Unprocessable):
    code = "unknown_payment_method"


class IdempotencyKeyReused(Unprocessable):
    """The same key with another request: a mistake in the caller's program."""

    code = "idempotency_key_reused"


class TooManyWaiting(TooManyRequests):
    """Too many long polls or streams of yours are open."""

    code = "too_many_waiting"


class InternalError(ServerError):
    code = "internal_error"


class Unavailable(ServerError):
    code = "unavailable"


def _below(kind: type[Problem]) -> Iterator[type[Problem]]:
    for child in kind.__subclasses__():
        yield child
        yield from _below(child)


BY_CODE = {kind.code: kind for kind in _below(Problem) if kind.code}
BY_STATUS = {kind.__dict__["family"]: kind for kind in _below(Problem) if "family" in kind.__dict__}


def problem(
    status: int,
    said: dict[str, Any],
    *,
    retry_after: float | None = None,
    idempotency_key: str = "",
) -> Problem:
    """`said` is the problem document, {} for an answer that is none."""
    fallback = BY_STATUS.get(500 if status >= 500 else status, Problem)
    kind = BY_CODE.get(str(said.get("code")), fallback)
    return kind(status, said, retry_after=retry_after, idempotency_key=idempotency_key)
