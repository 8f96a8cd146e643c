"""One HTTP POST to somebody else's server, bounded in time and in what is read of the answer."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx2

#: Notices that wait for slow merchants at the same time; one more fails and is tried again later.
MOST_CONNECTIONS = 200
#: A short answer is read to its end, so that the connection can be used again; no more than that.
LONGEST_ANSWER = 16 * 1024
#: A merchant's wish to be left alone counts up to a day.
LONGEST_RETRY_AFTER = timedelta(days=1)
NO_ANSWER = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` is NO_ANSWER when there was none, and `error` says why in one word."""

    status: int
    milliseconds: int
    error: str = ""
    retry_after: timedelta | None = None

    @property
    def delivered(self) -> bool:
        return 200 <= self.status < 300


def courier() -> httpx2.AsyncClient:
    """A client for notices: close it when the process ends.

    It obeys no proxy, password file or certificate folder of the environment, and keeps no
    cookie: what one merchant's server says must not be repeated to another's.
    """
    return httpx2.AsyncClient(
        headers={"user-agent": "Danbao-Webhooks"},
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        follow_redirects=False,
        limits=httpx2.Limits(max_connections=MOST_CONNECTIONS),
        # `post` limits the whole of a try; the client's own limits are for each part of it.
        timeout=None,
        trust_env=False,
    )


async def post(
    client: httpx2.AsyncClient,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    timeout: timedelta,
) -> Answer:
    """Send `body` as it is. Whatever goes wrong on the way is an Answer without a status."""
    started = time.monotonic()
    status, error, wish = NO_ANSWER, "", None
    try:
        async with (
            asyncio.timeout(timeout.total_seconds()),
            client.stream("POST", url, content=body, headers=dict(headers)) as answer,
        ):
            status, wish = answer.status_code, retry_after(answer.headers)
            await _finish(answer)
    except TimeoutError:
        error = "timeout"
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as broken:
        error = type(broken).__name__
    spent = int((time.monotonic() - started) * 1000)
    # What breaks or dawdles after the status does not take the status back.
    return Answer(status, spent, "" if status else error, wish)


async def _finish(answer: httpx2.Response) -> None:
    """Read what is left of a short answer, undecoded: a decoder may make gigabytes of little."""
    read = 0
    async for chunk in answer.aiter_raw():
        read += len(chunk)
        if read > LONGEST_ANSWER:
            return


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """`Retry-After` in seconds or as an HTTP date; None when there is none that makes sense."""
    said = headers.get("retry-after", "").strip()
    if said.isdecimal():
        # Nine digits are thirty years; more would not fit a timedelta.
        return min(timedelta(seconds=int(said[:9])), LONGEST_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(said)
    except ValueError:
        return None
    # The oldest of the three forms that HTTP allows does not name its zone, which is UTC.
    wait = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - datetime.now(UTC)
    return max(timedelta(0), min(wait, LONGEST_RETRY_AFTER))
