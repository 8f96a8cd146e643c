"""Which problems a route may answer with, by what kind of route it is."""

from typing import Any

from api import errors as door
from api.problems import Problematic, problems
from domain import errors as rules

Responses = dict[int | str, dict[str, Any]]

_ANY = (door.Unauthenticated, door.InvalidApiKey, door.InvalidRequest, door.Unavailable)
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
CALLBACK: Responses = problems(
    door.NotAuthentic, door.NotFound, door.BodyTooLarge, door.Unavailable
)


def command(*more: type[Problematic]) -> Responses:
    """For a command of either side; `more` are the refusals of its own."""
    return problems(*_ANY, *_LINK, door.NotFound, *_BODY, *_KEY, *_RULES, *more)
