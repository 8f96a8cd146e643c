"""What can be wrong at a door, as types; the rules of the trade have theirs in domain/errors.py.

DoorError
├── MalformedBody            not JSON at all
├── UnsupportedMediaType     a body that does not say it is JSON
├── BodyTooLarge             more than 64 kB
├── InvalidRequest           JSON, but not what this route takes
├── UnknownPaymentMethod     no bank of ours offers it
├── Unauthenticated          nobody said who is asking
├── InvalidApiKey
├── MissingScope             a key that may not do this
├── TooManyKeys              a third live key
├── InvalidLink              not a link that we signed
├── ExpiredLink
├── StaleForm                a page's form that is too old or not ours
├── NotAuthentic             a callback that the bank did not sign, or long ago
├── InvalidCursor            not a cursor that this list gave to this merchant
├── VersionMoved             `If-Match` names a version that is not the present one
├── TooManyRequests          a key, a link or an address asks too much
├── NotFound                 nothing here, or somebody else's
├── MethodNotAllowed
├── IdempotencyKeyMissing
├── IdempotencyKeyInvalid
├── IdempotencyKeyReused     the same key with another request
├── IdempotencyKeyInFlight   the first request with this key is still being answered
├── PaymentDeclined          the bank refused to start the payment
├── TooManyWaiting           one caller's long polls and streams
├── TooManyEndpoints         a merchant's webhook endpoints
├── EndpointDisabled         nothing is told to a webhook endpoint that is switched off
├── NobodyAsked              no webhook endpoint asks for events of this type
├── NotAForm                 evidence that does not come as multipart/form-data
├── FileTooLarge             a file of more than 5 MB
├── FileTypeRefused          a file that is not of a kind we take, or not what it says
├── TooMuchEvidence          one side's statements or files in one dispute
├── EvidenceErased           what was said is forgotten, only its digest is left
├── EvidenceDamaged          our storage has lost or changed a file
├── OperatorExists           somebody has this login already
├── MissingRole              an operator who may not do this
├── PreconditionRequired     a decision that does not say which version it is about
├── NoProposal               nothing to approve
├── ProposalDiffers          an approval of other amounts than the proposed ones
├── OwnProposal              four eyes are those of two people
├── Unavailable              Temporal or PostgreSQL does not answer in time
└── InternalError            a bug of ours
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong with a request.

    `pointer` is a JSON pointer into the body (`#/amount`); "" when `parameter` names a path,
    query or header parameter instead.
    """

    detail: str
    pointer: str = ""
    parameter: str = ""


class DoorError(Exception):
    """`code` is stable and public; the text is for people; `retry_after` is in seconds."""

    code: ClassVar[str] = "door_error"

    def __init__(
        self, detail: str = "", *, flaws: tuple[Flaw, ...] = (), retry_after: int | None = None
    ) -> None:
        super().__init__(detail)
        self.flaws = flaws
        self.retry_after = retry_after


class MalformedBody(DoorError):
    code = "malformed_body"


class UnsupportedMediaType(DoorError):
    code = "unsupported_media_type"


class BodyTooLarge(DoorError):
    code = "body_too_large"


class InvalidRequest(DoorError):
    code = "invalid_request"


class UnknownPaymentMethod(DoorError):
    code = "unknown_payment_method"


class Unauthenticated(DoorError):
    code = "unauthenticated"


class InvalidApiKey(DoorError):
    code = "invalid_api_key"


class MissingScope(DoorError):
    code = "missing_scope"


class TooManyKeys(DoorError):
    code = "too_many_keys"


class InvalidLink(DoorError):
    code = "invalid_link"


class ExpiredLink(DoorError):
    code = "expired_link"


class StaleForm(DoorError):
    code = "stale_form"


class NotAuthentic(DoorError):
    code = "not_authentic"


class InvalidCursor(DoorError):
    code = "invalid_cursor"


class VersionMoved(DoorError):
    code = "version_moved"


class TooManyRequests(DoorError):
    code = "too_many_requests"


class NotFound(DoorError):
    code = "not_found"


class MethodNotAllowed(DoorError):
    code = "method_not_allowed"


class IdempotencyKeyMissing(DoorError):
    code = "idempotency_key_missing"


class IdempotencyKeyInvalid(DoorError):
    code = "idempotency_key_invalid"


class IdempotencyKeyReused(DoorError):
    code = "idempotency_key_reused"


class IdempotencyKeyInFlight(DoorError):
    code = "idempotency_key_in_flight"


class PaymentDeclined(DoorError):
    code = "payment_declined"


class TooManyWaiting(DoorError):
    code = "too_many_waiting"


class TooManyEndpoints(DoorError):
    code = "too_many_endpoints"


class EndpointDisabled(DoorError):
    code = "endpoint_disabled"


class NobodyAsked(DoorError):
    code = "nobody_asked"


class OperatorExists(DoorError):
    code = "operator_exists"


class MissingRole(DoorError):
    code = "missing_role"


class PreconditionRequired(DoorError):
    code = "precondition_required"


class NoProposal(DoorError):
    code = "no_proposal"


class ProposalDiffers(DoorError):
    code = "proposal_differs"


class OwnProposal(DoorError):
    code = "own_proposal"


class NotAForm(DoorError):
    code = "not_a_form"


class FileTooLarge(DoorError):
    code = "file_too_large"


class FileTypeRefused(DoorError):
    code = "file_type_refused"


class TooMuchEvidence(DoorError):
    code = "too_much_evidence"


class EvidenceErased(DoorError):
    code = "evidence_erased"


class EvidenceDamaged(DoorError):
    code = "evidence_damaged"


class Unavailable(DoorError):
    code = "unavailable"


class InternalError(DoorError):
    code = "internal_error"
