"""Which problems a route may answer with, by what kind of route it is: for its description."""

from typing import Any

from api import errors as door
from api.problems import MEDIA_TYPE, PROBLEMS, Problematic, document
from domain import errors as rules

Responses = dict[int | str, dict[str, Any]]


def problems(*kinds: type[Problematic]) -> Responses:
    """What a route may answer instead of what it promises, by status."""
    by_status: dict[int | str, list[type[Problematic]]] = {}
    for kind in kinds:
        by_status.setdefault(PROBLEMS[kind].status, []).append(kind)
    return {status: _response(those) for status, those in by_status.items()}


def _response(kinds: list[type[Problematic]]) -> dict[str, Any]:
    return {
        "description": "; ".join(f"`{kind.code}`: {PROBLEMS[kind].title}" for kind in kinds),
        "content": {
            MEDIA_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {
                    kind.code: {"$ref": f"#/components/examples/{kind.code}"} for kind in kinds
                },
            }
        },
    }


def examples() -> dict[str, dict[str, Any]]:
    """One document per code, as the components that every route points at."""
    request_id = "req_0193c8a1b2c37d4e8f9a0b1c2d3e4f50"
    return {
        kind.code: {
            "summary": problem.title,
            "value": document(kind(), "https://pay.example", request_id),
        }
        for kind, problem in PROBLEMS.items()
    }


_ANY = (
    door.Unauthenticated,
    door.InvalidApiKey,
    door.MissingScope,
    door.InvalidRequest,
    door.TooManyRequests,
    door.Unavailable,
)
_BODY = (door.MalformedBody, door.UnsupportedMediaType, door.BodyTooLarge)
_KEY = (
    door.IdempotencyKeyMissing,
    door.IdempotencyKeyInvalid,
    door.IdempotencyKeyReused,
    door.IdempotencyKeyInFlight,
)
_LINK = (door.InvalidLink, door.ExpiredLink)
_RULES = (rules.NotYourCommand, rules.WrongStage, rules.EscrowEnded)

CREATE: Responses = problems(
    *_ANY,
    *_BODY,
    *_KEY,
    rules.NotYourCommand,
    rules.UnknownCurrency,
    rules.AmountOutOfRange,
    rules.WindowOutOfRange,
)
LIST: Responses = problems(*_ANY, rules.NotYourCommand)
READ: Responses = problems(*_ANY, *_LINK, door.NotFound)
#: Where a change can be waited for.
WAIT: Responses = problems(*_ANY, *_LINK, door.NotFound, door.TooManyWaiting)
CALLBACK: Responses = problems(
    door.MalformedBody, door.NotAuthentic, door.NotFound, door.BodyTooLarge, door.Unavailable
)


#: What only operators ask.
OPERATORS: Responses = problems(
    door.Unauthenticated,
    door.InvalidApiKey,
    door.InvalidRequest,
    door.TooManyRequests,
    door.Unavailable,
)


def decision(*more: type[Problematic]) -> Responses:
    """For what operators decide, bound to a version."""
    return problems(
        door.Unauthenticated,
        door.InvalidApiKey,
        door.InvalidRequest,
        door.TooManyRequests,
        door.Unavailable,
        door.NotFound,
        door.MissingRole,
        door.PreconditionRequired,
        door.VersionMoved,
        *_BODY,
        *_KEY,
        rules.NoDisputeOpen,
        rules.WrongStage,
        rules.EscrowEnded,
        *more,
    )


def command(*more: type[Problematic]) -> Responses:
    """For a command of either side; `more` are the refusals of its own."""
    return problems(*_ANY, *_LINK, door.NotFound, door.VersionMoved, *_BODY, *_KEY, *_RULES, *more)


def merchants(*more: type[Problematic], keyed: bool = True) -> Responses:
    """For what only a merchant may send, with a body; `keyed` with an Idempotency-Key."""
    key = _KEY if keyed else ()
    return problems(*_ANY, rules.NotYourCommand, *_BODY, *key, *more)
