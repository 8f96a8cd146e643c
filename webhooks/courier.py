"""One HTTP POST to somebody else's server, bounded in time and in what is read of the answer."""

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum

import httpcore2
import httpx2

from webhooks.addresses import SANDBOX, BadEndpoint, Reach
from webhooks.guard import AddressForbidden, Guard, NameNotResolved, Resolve, name_service

#: Notices that wait for slow merchants at the same time; one more fails and is tried again later.
MOST_CONNECTIONS = 200
#: A short answer is read to its end, so that the connection can be used again; no more than that.
LONGEST_ANSWER = 16 * 1024
#: As much of an answer is kept: enough for an error message.
KEPT_ANSWER = 1024
#: A merchant's wish to be left alone counts up to a day.
LONGEST_RETRY_AFTER = timedelta(days=1)
NO_ANSWER = 0
#: With every notice. What is answered is read as it comes, so it must not be compressed.
ALWAYS = {"user-agent": "Danbao-Webhooks", "accept": "*/*", "accept-encoding": "identity"}


class Trouble(StrEnum):
    """Why there was no answer, as merchants read it."""

    NONE = ""
    TIMEOUT = "timeout"
    NAME_NOT_RESOLVED = "name_not_resolved"
    ADDRESS_FORBIDDEN = "address_forbidden"
    NOT_CONNECTED = "not_connected"
    TLS_FAILED = "tls_failed"
    NO_HTTP_ANSWER = "no_http_answer"
    CONNECTION_LOST = "connection_lost"


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` is NO_ANSWER when there was none, and `error` says why."""

    status: int
    milliseconds: int
    error: Trouble = Trouble.NONE
    retry_after: timedelta | None = None
    body: bytes = b""

    @property
    def delivered(self) -> bool:
        return 200 <= self.status < 300


class Courier:
    """Sends notices. It obeys no proxy of the environment, follows no redirection, keeps no cookie:
    what one merchant's server says must not lead elsewhere, or be repeated to another's.
    """

    def __init__(self, pool: httpcore2.AsyncConnectionPool, reach: Reach) -> None:
        self._pool = pool
        self._reach = reach

    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str], timeout: timedelta
    ) -> Answer:
        """Send `body` as it is. Whatever goes wrong on the way is an Answer without a status."""
        started = time.monotonic()
        heard = Heard()
        error = Trouble.NONE
        try:
            async with asyncio.timeout(timeout.total_seconds()):
                await self._send(self._reach.check_url(url), body, headers, heard)
        except TimeoutError:
            error = Trouble.TIMEOUT
        except BadEndpoint:
            error = Trouble.ADDRESS_FORBIDDEN
        except (httpcore2.NetworkError, httpcore2.ProtocolError, OSError) as broken:
            error = _trouble(broken)
        spent = int((time.monotonic() - started) * 1000)
        # What breaks or dawdles after the status does not take the status back.
        error = Trouble.NONE if heard.status else error
        return Answer(heard.status, spent, error, heard.retry_after, heard.body)

    async def _send(
        self, url: httpx2.URL, body: bytes, headers: Mapping[str, str], heard: "Heard"
    ) -> None:
        target = httpcore2.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
        )
        lines = [(name.encode(), value.encode()) for name, value in headers.items()]
        async with self._pool.stream("POST", target, headers=lines, content=body) as answer:
            said = {
                name.lower().decode("latin-1"): value.decode("latin-1")
                for name, value in answer.headers
            }
            heard.status = answer.status
            heard.retry_after = retry_after(said)
            await heard.read(answer)


class Heard:
    """What has come of an answer so far; status NO_ANSWER while nothing has."""

    def __init__(self) -> None:
        self.status = NO_ANSWER
        self.retry_after: timedelta | None = None
        self.body = b""

    async def read(self, answer: httpcore2.Response) -> None:
        """Read what is left of a short answer, undecoded: a decoder makes gigabytes of little."""
        read = 0
        async for chunk in answer.aiter_stream():
            read += len(chunk)
            self.body += chunk[: KEPT_ANSWER - len(self.body)]
            if read > LONGEST_ANSWER:
                return


@contextlib.asynccontextmanager
async def courier(
    reach: Reach = SANDBOX, resolve: Resolve | None = None, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Courier]:
    """A courier within `reach`. `resolve` and `tls` are the system's if not given."""
    async with contextlib.AsyncExitStack() as stack:
        names = await stack.enter_async_context(name_service()) if resolve is None else resolve
        pool = httpcore2.AsyncConnectionPool(
            # The environment's certificate folder is not obeyed either.
            ssl_context=tls or httpx2.create_ssl_context(trust_env=False),
            max_connections=MOST_CONNECTIONS,
            network_backend=Guard(reach, names),
        )
        yield Courier(await stack.enter_async_context(pool), reach)


def _trouble(broken: Exception) -> Trouble:
    match broken:
        case AddressForbidden():
            return Trouble.ADDRESS_FORBIDDEN
        case NameNotResolved():
            return Trouble.NAME_NOT_RESOLVED
        case httpcore2.ConnectError():
            # The pool cuts the cause off; what the network said is the argument.
            of_tls = any(isinstance(said, ssl.SSLError) for said in broken.args)
            return Trouble.TLS_FAILED if of_tls else Trouble.NOT_CONNECTED
        case httpcore2.ProtocolError():
            return Trouble.NO_HTTP_ANSWER
        case _:
            return Trouble.CONNECTION_LOST


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """`Retry-After` in seconds or as an HTTP date; None when there is none that makes sense."""
    said = headers.get("retry-after", "").strip()
    if said.isdecimal():
        # Nine digits are thirty years; more would not fit a timedelta.
        return min(timedelta(seconds=int(said[:9])), LONGEST_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(said)
        # The oldest of the three forms that HTTP allows does not name its zone, which is UTC.
        wait = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - datetime.now(UTC)
    except (ValueError, OverflowError):
        return None
    return max(timedelta(0), min(wait, LONGEST_RETRY_AFTER))
