"""Danbao for programs that wait: `Danbao(url, key).escrows.create(…)`."""

import time
from typing import Self, TypeVar

import httpx2

from danbao_client.calls import Call
from danbao_client.disputes import Disputes
from danbao_client.endpoints import WebhookEndpoints
from danbao_client.errors import NoAnswer
from danbao_client.escrows import Escrows
from danbao_client.evidence import Evidence
from danbao_client.log import Events
from danbao_client.payouts import Payouts
from danbao_client.problems import Problem
from danbao_client.retries import BROKEN, Retries
from danbao_client.wire import NO_CONTENT, PATIENCE, Wire, answer, deleted, no_answer

T = TypeVar("T")


class Danbao:
    """One merchant at one installation. Threads may share it. Use with `with`, or close it.

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
        http: httpx2.Client | None = None,
    ) -> None:
        self._wire = Wire(base_url, api_key, timeout)
        self._retries = retries or Retries()
        self._http = http or httpx2.Client()
        self._ours = http is None
        self.escrows = Escrows(self)
        self.disputes = Disputes(self)
        self.evidence = Evidence(self)
        self.events = Events(self)
        self.payouts = Payouts(self)
        self.webhook_endpoints = WebhookEndpoints(self)

    def __repr__(self) -> str:
        return self._wire.shown("Danbao")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        if self._ours:
            self._http.close()

    def send(self, call: Call[T]) -> T:
        """Send `call` until it is answered. Raises Problem, NoAnswer, UnreadableAnswer."""
        tried = 1
        while isinstance(got := self._try(call), Problem | NoAnswer):
            if tried > 1 and deleted(call, got):
                return call.read(NO_CONTENT, b"")
            time.sleep(self._retries.pause(tried, got))
            tried += 1
        return got

    def _try(self, call: Call[T]) -> T | Problem | NoAnswer:
        """Failures that may pass are returned."""
        try:
            said = self._http.request(**self._wire.request(call))
        except BROKEN as broken:
            return no_answer(call, broken)
        except httpx2.HTTPError as never:
            raise no_answer(call, never) from never
        return answer(call, said.status_code, said.headers, said.content)
