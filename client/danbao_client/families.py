"""The families of problems: RFC 9457 as an exception, and one class for each status."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from danbao_client.errors import DanbaoError


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong: a `pointer` into the body, or the name of a `parameter`."""

    detail: str
    pointer: str = ""
    parameter: str = ""


class Problem(DanbaoError):
    """The API's answer was no. Decide by the class or by `code`; texts may change.

    `request_id` is what Danbao's operators ask for. `retry_after` is in seconds. `idempotency_key`
    is the one that was sent with a command, "" otherwise.
    """

    code: str = ""
    family: ClassVar[int] = 0

    def __init__(
        self,
        status: int,
        said: dict[str, Any],
        *,
        retry_after: float | None = None,
        idempotency_key: str = "",
    ) -> None:
        self.status = status
        self.code = _text(said, "code")
        self.title = _text(said, "title")
        self.detail = _text(said, "detail")
        self.request_id = _text(said, "request_id")
        self.errors = tuple(_flaws(said.get("errors")))
        self.retry_after = retry_after
        self.idempotency_key = idempotency_key
        super().__init__(self._words())

    def _words(self) -> str:
        said = f"{self.status} {self.code}".strip()
        flaws = "; ".join(
            f"{flaw.pointer or flaw.parameter}: {flaw.detail}" for flaw in self.errors
        )
        words = ". ".join(word.rstrip(".") for word in (self.title, flaws or self.detail) if word)
        request = f" ({self.request_id})" if self.request_id else ""
        return f"{said}: {words}{request}" if words else f"{said}{request}"


def _text(said: dict[str, Any], name: str) -> str:
    value = said.get(name)
    return value if isinstance(value, str) else ""


def _flaws(said: object) -> Iterator[Flaw]:
    for flaw in said if isinstance(said, list) else ():
        if isinstance(flaw, dict):
            yield Flaw(_text(flaw, "detail"), _text(flaw, "pointer"), _text(flaw, "parameter"))


class BadRequest(Problem):
    family = 400


class Unauthorized(Problem):
    family = 401


class Forbidden(Problem):
    family = 403


class NotFound(Problem):
    """Nothing is there, or it belongs to another merchant."""

    family = 404
    code = "not_found"


class Conflict(Problem):
    family = 409


class PreconditionFailed(Problem):
    family = 412


class Unprocessable(Problem):
    family = 422


class PreconditionMissing(Problem):
    family = 428


class TooManyRequests(Problem):
    """Come back after `retry_after` seconds; the client has done so several times."""

    family = 429
    code = "too_many_requests"


class ServerError(Problem):
    """Something is wrong on their side; the client has repeated it and now gives up."""

    family = 500
