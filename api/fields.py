"""The scalars of our JSON: what may stand in them, and nothing else."""

import re
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    PlainSerializer,
    StrictInt,
    StringConstraints,
    WithJsonSchema,
)

from domain.money import MAX_AMOUNT

LOOPBACK = ("127.0.0.1", "localhost", "::1")

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
#: What turns the direction of all the writing that follows it, ours too.
_TURNING = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
#: At most six digits each, so that no duration overflows.
_DURATION = re.compile(
    r"P(?!$)(?:(?P<weeks>\d{1,6})W)?(?:(?P<days>\d{1,6})D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d{1,6})H)?(?:(?P<minutes>\d{1,6})M)?(?:(?P<seconds>\d{1,6})S)?)?",
    re.ASCII,
)


def printable(text: str) -> str:
    """No control characters: PostgreSQL can't store NUL, and none of them belongs in a line."""
    if _CONTROL.search(text):
        raise ValueError("must not contain control characters or line breaks")
    return text


def straight(text: str) -> str:
    """What stands in a log must not make what stands beside it look like something else."""
    if _TURNING.search(text):
        raise ValueError("must not turn the direction of writing")
    return text


def email(text: str) -> str:
    if not _EMAIL.fullmatch(text):
        raise ValueError("must be an e-mail address")
    return text


def web_address(text: str) -> str:
    """An absolute http(s) address that can't hide where it leads; plain http only to ourselves."""
    parts = urlsplit(text)
    if not text.isascii() or {" ", "\\"} & set(text):
        raise ValueError("must be written in ASCII, without spaces and backslashes")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an absolute http or https address")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not contain a user name or password")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ValueError("must be https; http is only for loopback addresses")
    return text


def parse_duration(value: object) -> timedelta:
    """An ISO 8601 duration of weeks, days, hours, minutes and seconds. Raises ValueError.

    JSON has no timedelta: one that comes is ours, on its way out.
    """
    if isinstance(value, timedelta):
        return value
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("must be an ISO 8601 duration such as P7D or PT30M")
    return timedelta(**{unit: int(number) for unit, number in match.groupdict("0").items()})


def iso_duration(duration: timedelta) -> str:
    """`P7D`, `PT30M`, `P1DT12H`: whole seconds, the shortest form."""
    minutes, seconds = divmod(duration.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "H"), (minutes, "M"), (seconds, "S"))
    time = "".join(f"{number}{unit}" for number, unit in parts if number)
    date = f"{duration.days}D" if duration.days else ""
    return f"P{date}" + (f"T{time}" if time else "" if date else "T0S")


def _described(**schema: object) -> WithJsonSchema:
    return WithJsonSchema(dict(schema))


#: What a person reads on one line of a page.
Line = Annotated[
    str,
    StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(printable),
]
#: What stands in a log for good, beside facts.
LogLine = Annotated[Line, AfterValidator(straight)]
#: A line, short and not required: "" is nothing said.
Note = Annotated[
    str,
    StringConstraints(strict=True, strip_whitespace=True, max_length=64),
    AfterValidator(printable),
]
#: A merchant's own number of an order: fit for addresses, e-mails and search attributes.
OrderId = Annotated[
    str,
    StringConstraints(strict=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/#-]{0,63}$"),
    _described(type="string", pattern="^[A-Za-z0-9][A-Za-z0-9._:/#-]{0,63}$"),
]
#: The domain knows which three letters are a currency.
Currency = Annotated[
    str,
    StringConstraints(strict=True, max_length=16),
    AfterValidator(printable),
    _described(type="string", pattern="^[A-Z]{3}$", description="ISO 4217, upper case."),
]
Email = Annotated[
    str,
    StringConstraints(strict=True, max_length=254),
    AfterValidator(printable),
    AfterValidator(email),
    _described(type="string", format="email", maxLength=254),
]
WebAddress = Annotated[
    str,
    StringConstraints(strict=True, max_length=2000),
    AfterValidator(printable),
    AfterValidator(web_address),
    _described(type="string", format="uri", maxLength=2000),
]
#: The domain knows which amounts are possible; a float, a string or `true` is none.
Amount = Annotated[
    StrictInt,
    _described(type="integer", minimum=1, maximum=MAX_AMOUNT, description="Minor units."),
]
Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(iso_duration, return_type=str),
    _described(type="string", format="duration", examples=["P7D", "PT30M"]),
]
