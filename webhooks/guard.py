"""Connections of the courier: the name is asked for once, and what was checked is what is used.

A name may lead to a public address when it is checked and to 127.0.0.1 a moment later, when it is
asked for again (DNS rebinding). Here nobody asks again: TCP goes to the checked address, while
TLS and the Host header keep the name.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpcore2

from webhooks.addresses import Reach

#: (host, port) → its IP addresses, best first. Raises OSError.
Resolve = Callable[[str, int], Awaitable[list[str]]]
#: Names that are asked for at the same time: a merchant's slow name server holds a whole thread.
MOST_QUESTIONS = 64
#: Seconds for one of several addresses of a name, before the next is tried.
ONE_OF_SEVERAL = 3.0


class AddressForbidden(httpcore2.ConnectError):
    """One of the name's addresses leads inside, or the name is a number."""


class NameNotResolved(httpcore2.ConnectError):
    """The name has no address, or nobody says so."""


class Guard(httpcore2.AsyncNetworkBackend):
    """Makes connections within `reach`; `plain` makes them to numbers, without looking."""

    def __init__(
        self, reach: Reach, resolve: Resolve, plain: httpcore2.AsyncNetworkBackend | None = None
    ) -> None:
        self._reach = reach
        self._resolve = resolve
        self._plain = plain or httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Raises AddressForbidden, NameNotResolved, httpcore2.ConnectError."""
        *others, last = await self.checked(host, port)
        for address in others:
            with contextlib.suppress(httpcore2.ConnectError, httpcore2.ConnectTimeout):
                return await self._plain.connect_tcp(address, port, timeout=ONE_OF_SEVERAL)
        return await self._plain.connect_tcp(last, port, timeout=timeout)

    async def checked(self, host: str, port: int) -> list[str]:
        """Where to connect to: all addresses of `host`, every one of them allowed.

        A name with one bad address among good ones is bad: the next answer may begin with it.
        """
        try:
            found = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise NameNotResolved(type(error).__name__) from error
        if not found:
            raise NameNotResolved("no address")
        # The name stays out of the message, and the address too: it would map our network.
        if not all(map(self._reach.allows, found)):
            raise AddressForbidden("not a public address")
        return found


@contextlib.asynccontextmanager
async def name_service() -> AsyncIterator[Resolve]:
    """The system's resolver, in threads of its own.

    The loop's own threads also look up the banks: they must not all wait for one merchant's name
    server, which can't be interrupted.
    """
    with contextlib.ExitStack() as stack:
        threads = ThreadPoolExecutor(MOST_QUESTIONS, "webhook-names")
        stack.callback(threads.shutdown, wait=False, cancel_futures=True)

        async def resolve(host: str, port: int) -> list[str]:
            def ask() -> list[Any]:
                return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)

            found = await asyncio.get_running_loop().run_in_executor(threads, ask)
            return list(dict.fromkeys(str(answer[4][0]) for answer in found))

        yield resolve
