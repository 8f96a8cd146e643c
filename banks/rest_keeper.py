"""What the sandbox bank keeps for payers, over its HTTP/JSON API, as a `Keeper`.

An answer that is not exactly what was asked for is unknown: a method is forgotten when the bank
says so, and never because it said nothing.
"""

import re

from banks.port import OutcomeUnknown, SavedMethod
from banks.rest_line import Json, Line, read, segment

MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)


class RestKeeper:
    """Whose methods and which is in no message of ours: messages are logged."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def saved_methods(self, payer: str) -> tuple[SavedMethod, ...]:
        path = f"/v1/payers/{segment(payer)}/methods"
        status, said = read(await self._line.send("GET", path, about="a payer's methods"))
        match status, said:
            case 200, {"methods": [*methods]}:
                return tuple(map(_method, methods))
        raise OutcomeUnknown("a payer's methods can't be read")

    async def forget_method(self, payer: str, token: str) -> None:
        path = f"/v1/payers/{segment(payer)}/methods/{segment(token)}"
        status, said = read(await self._line.send("DELETE", path, about="a payer's method"))
        if (status, said.get("status")) != (200, "forgotten"):
            raise OutcomeUnknown("the bank did not say that a method is forgotten")


def _method(said: Json) -> SavedMethod:
    match said:
        case {"token": str(token), "method": str(method), "label": str(label), "expires": str(at)}:
            if token and (at == "" or MONTH.fullmatch(at)):
                return SavedMethod(token, method, label, at)
    raise OutcomeUnknown("a saved method that is none")
