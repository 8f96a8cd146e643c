"""Buyers with a mailbox and a browser, who sign in at the wallet by what comes to it."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import uuid4

import httpx2
import pytest_asyncio

from runtime.mailbox import Mail, Mailbox
from tests.integration.api.buyer import HIDDEN

ENTRANCE = "/wallet/sign-in"
LINK = re.compile(r"http\S+/wallet/link/\S+")


@dataclass(frozen=True, slots=True)
class Holder:
    """`http` is their browser: keeps cookies, follows no redirect."""

    http: httpx2.AsyncClient
    box: Mailbox
    email: str

    async def press(self, page: httpx2.Response, action: str, **typed: str) -> httpx2.Response:
        forms = dict(HIDDEN.findall(page.text))
        return await self.http.post(action, data={"form": forms[action], **typed})

    async def ask(self, email: str = "") -> httpx2.Response:
        page = await self.http.get(ENTRANCE)
        return await self.press(page, ENTRANCE, email=email or self.email)

    async def mails(self, number: int = 1) -> list[Mail]:
        """Theirs, newest first, once there are so many."""
        while True:
            theirs = [one for one in self.box.mails if one.to == [self.email]]
            if len(theirs) >= number:
                return theirs
            await asyncio.sleep(0.02)

    async def link(self, number: int = 1) -> str:
        """The path that the newest of `number` mails brings."""
        found = LINK.search((await self.mails(number))[0].text)
        assert found
        return urlsplit(found[0]).path

    async def open(self, link: str) -> httpx2.Response:
        return await self.press(await self.http.get(link), link)

    async def sign_in(self) -> None:
        """For the first time."""
        await self.ask()
        opened = await self.open(await self.link())
        assert (opened.status_code, opened.headers["location"]) == (303, "/wallet")


NewHolder = Callable[[], Awaitable[Holder]]


@pytest_asyncio.fixture
async def new_holder(served: str, mailbox: Mailbox) -> AsyncIterator[NewHolder]:
    """Somebody who is not signed in."""
    clients = []

    async def make() -> Holder:
        client = httpx2.AsyncClient(base_url=served, timeout=40, trust_env=False)
        clients.append(client)
        return Holder(client, mailbox, f"{uuid4().hex[:12]}@buyer.example")

    yield make
    for client in clients:
        await client.aclose()


@pytest_asyncio.fixture
async def holder(new_holder: NewHolder) -> Holder:
    """Somebody who is signed in."""
    holder = await new_holder()
    await holder.sign_in()
    return holder
