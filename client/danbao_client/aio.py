"""The same as sync.py, for asyncio: `await AsyncDanbao(url, key).escrows.create(…)`."""

import asyncio
from typing import Self, TypeVar

import httpx2

from danbao_client.aio_escrows import AsyncEscrows
from danbao_client.calls import Call
from danbao_client.disputes import AsyncDisputes
from danbao_client.endpoints import AsyncWebhookEndpoints
from danbao_client.errors import NoAnswer
from danbao_client.evidence import AsyncEvidence
from danbao_client.log import AsyncEvents
from danbao_client.payouts import AsyncPayouts
from danbao_client.problems import Problem
from danbao_client.retries import BROKEN, Retries
from danbao_client.wire import NO_CONTENT, PATIENCE, Wire, answer, deleted, no_answer

T = TypeVar("T")


class AsyncDanbao:
    """One merchant at one installation. Tasks may share it. Use with `async with`, or close it.

    `timeout` is in seconds, for each try. `http` is a client of your own (proxies, certificates),
    which you close yourself.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        timeout: float = PATIENCE,
        retries: Retries | None = None,
        http: httpx2.AsyncClient | None = None,
    ) -> None:
        self._wire = Wire(base_url, api_key, timeout)
        self._retries = retries or Retries()
        self._http = http or httpx2.AsyncClient()
        self._ours = http is None
        self.escrows = AsyncEscrows(self)
        self.disputes = AsyncDisputes(self)
        self.evidence = AsyncEvidence(self)
        self.events = AsyncEvents(self)
        self.payouts = AsyncPayouts(self)
        self.webhook_endpoints = AsyncWebhookEndpoints(self)

    def __repr__(self) -> str:
        return self._wire.shown("AsyncDanbao")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.close()

    async def close(self) -> None:
        if self._ours:
            await self._http.aclose()

    async def send(self, call: Call[T]) -> T:
        """Send `call` until it is answered. Raises Problem, NoAnswer, UnreadableAnswer."""
        tried = 1
        while isinstance(got := await self._try(call), Problem | NoAnswer):
            if tried > 1 and deleted(call, got):
                return call.read(NO_CONTENT, b"")
            await asyncio.sleep(self._retries.pause(tried, got))
            tried += 1
        return got

    async def _try(self, call: Call[T]) -> T | Problem | NoAnswer:
        """Failures that may pass are returned."""
        try:
            said = await self._http.request(**self._wire.request(call))
        except BROKEN as broken:
            return no_answer(call, broken)
        except httpx2.HTTPError as never:
            raise no_answer(call, never) from never
        return answer(call, said.status_code, said.headers, said.content)
