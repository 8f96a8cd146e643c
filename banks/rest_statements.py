"""What the sandbox bank says was booked, over its HTTP API, as a `StatementSource`."""

import re
from datetime import date

from banks.port import (
    OutcomeUnknown,
    StatementFile,
    StatementFormat,
    StatementNotice,
    UnknownStatement,
)
from banks.rest_line import Json, Line, body_of, decisive, read

_NAME = re.compile(r'filename="([^"/\\]{1,200})"')


class RestStatements:
    def __init__(self, line: Line) -> None:
        self._line = line

    async def published(self, after: int = 0, limit: int = 100) -> tuple[StatementNotice, ...]:
        path = f"/v1/statements?after={after}&limit={limit}"
        status, said = read(await self._line.send("GET", path))
        match status, said:
            case 200, {"statements": [*statements]}:
                notices = tuple(map(_notice, statements))
                numbers = [after, *(one.number for one in notices)]
                if numbers == sorted(set(numbers)):
                    return notices
        raise OutcomeUnknown("a list of statements that can't be read")

    async def fetch(self, number: int, form: StatementFormat) -> StatementFile:
        response = await self._line.send("GET", f"/v1/statements/{number}/{form}")
        if response.status_code == 404:
            match body_of(response):
                case {"code": "unknown_statement"}:
                    raise UnknownStatement(f"{number} as {form}")
        status = decisive(response)
        named = _NAME.search(response.headers.get("content-disposition", ""))
        media_type = response.headers.get("content-type", "").partition(";")[0].strip()
        if status != 200 or not named or not media_type:
            raise OutcomeUnknown(f"the bank answered {status} for statement {number}")
        return StatementFile(named[1], media_type, response.content)


def _notice(said: Json) -> StatementNotice:
    match said:
        case {
            "number": int(number),
            "account": str(account),
            "currency": str(currency),
            "sequence": int(sequence),
            "day": str(day),
            "formats": [*formats],
        }:
            known = tuple(form for form in StatementFormat if form in formats)
            try:
                on = date.fromisoformat(day)
            except ValueError as error:
                raise OutcomeUnknown("a statement of no day") from error
            return StatementNotice(number, account, currency, sequence, on, known)
    raise OutcomeUnknown("a statement that is none")
