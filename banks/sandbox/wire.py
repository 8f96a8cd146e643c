"""The line between the bank and whoever calls it, which can break."""

import asyncio
from collections.abc import Awaitable, Callable

import uvicorn
from fastapi import Request, Response
from fastapi.responses import JSONResponse
from uvicorn.protocols.http.h11_impl import H11Protocol

from banks.sandbox.faults import Met
from banks.sandbox.magic import Kind


class Wire:
    """Knows the server's connections, so that one can be cut without a byte of an answer."""

    def __init__(self) -> None:
        self.server: uvicorn.Server | None = None

    async def through(
        self, request: Request, met: Met, do: Callable[[], Awaitable[Response]]
    ) -> Response:
        """`do`, with what goes wrong on the line before and after it."""
        if met.get(Kind.LOST):
            return await self._cut(request)
        if met.get(Kind.ERROR):
            said = {"code": "unavailable", "message": "The bank is not available."}
            return JSONResponse(said, status_code=503)
        await asyncio.sleep(met.seconds(Kind.SLOW))
        answer = await do()
        if met.get(Kind.ANSWER_LOST):
            return await self._cut(request)
        await asyncio.sleep(met.seconds(Kind.SLOW_ANSWER))
        return answer

    async def _cut(self, request: Request) -> Response:
        connections = self.server.server_state.connections if self.server else set()
        for connection in connections:
            if isinstance(connection, H11Protocol) and connection.client == request.scope["client"]:
                connection.transport.abort()
        # The server notices the broken line in the next turn of its loop, and from then on
        # throws away what is sent.
        await asyncio.sleep(0)
        return Response(status_code=503)
