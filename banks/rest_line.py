"""The line to a bank that speaks HTTP and JSON: what an answer decides, before what it means."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx2

from banks.port import BankRefusedOurRequest, OutcomeUnknown

#: The whole of one call. Shorter than an activity's own limit, so that our verdict arrives;
#: long enough for a bank in its evening peak.
PATIENCE = timedelta(seconds=10)
#: Not the bank's verdict on what we asked, only on when we asked.
TRY_LATER = frozenset({408, 425, 429})

Json = Mapping[str, Any]


class Line:
    """`client` has the bank's base URL and is closed by whoever made it."""

    def __init__(self, client: httpx2.AsyncClient, api_key: str, patience: timedelta) -> None:
        self._client = client
        self._headers = {"Authorization": f"Bearer {api_key}"}
        self._patience = patience

    async def post(self, path: str, body: Json) -> tuple[int, Json]:
        return read(await self.send("POST", path, body))

    async def send(
        self, method: str, path: str, body: Json | bytes | None = None, about: str = ""
    ) -> httpx2.Response:
        """`body` is JSON, or a file of XML.

        `about` stands for the path in what is said of a silence, where the path is nobody's.

        Raises OutcomeUnknown.
        """
        headers = self._headers
        sent: dict[str, Any] = {"json": body}
        if isinstance(body, bytes):
            headers, sent = {**headers, "Content-Type": "application/xml"}, {"content": body}
        try:
            async with asyncio.timeout(self._patience.total_seconds()):
                return await self._client.request(
                    method, path, headers=headers, follow_redirects=False, **sent
                )
        except (httpx2.HTTPError, TimeoutError) as silence:
            raise OutcomeUnknown(f"{method} {about or path}: {silence!r}") from silence


def segment(name: str) -> str:
    """A reference as one segment of a path."""
    return quote(name, safe=":")


def read(response: httpx2.Response) -> tuple[int, Json]:
    """Status and body of an answer that decides something: 2xx or 402."""
    return decisive(response), body_of(response)


def decisive(response: httpx2.Response) -> int:
    """Its status, 2xx or 402. Raises BankRefusedOurRequest, OutcomeUnknown."""
    status = response.status_code
    if 400 <= status < 500 and status != 402 and status not in TRY_LATER:
        raise BankRefusedOurRequest(refusal(response))
    if not response.is_success and status != 402:
        raise OutcomeUnknown(f"the bank answered {status}")
    return status


def body_of(response: httpx2.Response) -> Json:
    try:
        said = response.json()
    except ValueError as broken:
        raise OutcomeUnknown(f"{response.status_code} without JSON") from broken
    if not isinstance(said, dict):
        raise OutcomeUnknown(f"{response.status_code} with something else than an object")
    return said


def refusal(response: httpx2.Response) -> str:
    # Our own words come back in it; cut, because it ends up in Temporal's history.
    return f"{response.status_code}: {response.text[:300]}"
