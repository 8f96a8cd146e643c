"""Operators at their doors, and a dispute for them to decide."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx2
import pytest_asyncio

from api.doors import Doors
from api.operators import accounts
from api.operators.roles import Role
from tests.conftest import Temporal
from tests.integration.api.course import shipped
from tests.integration.api.shop import Shop, token_of
from tests.workflows.parts import ScriptedBank

PART = 4000


@dataclass(frozen=True, slots=True)
class Person:
    """An operator with a fresh key."""

    http: httpx2.AsyncClient
    id: str
    login: str
    key: str
    password: str

    def headers(self, **more: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}", **more}

    async def get(self, path: str, **params: Any) -> httpx2.Response:
        return await self.http.get(path, params=params or None, headers=self.headers())

    async def read(self, dispute: str) -> dict[str, Any]:
        answer = await self.get(f"/v1/disputes/{dispute}")
        assert answer.status_code == 200, answer.text
        assert answer.headers["ETag"] == f'"{answer.json()["version"]}"'
        said: dict[str, Any] = answer.json()
        return said

    async def post(
        self, dispute: str, what: str, version: int | None, key: str | None = None, **body: Any
    ) -> httpx2.Response:
        headers = self.headers(**{"Idempotency-Key": key or uuid4().hex})
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        return await self.http.post(f"/v1/disputes/{dispute}/{what}", json=body, headers=headers)

    async def propose(
        self, dispute: str, version: int | None, refund: int, release: int, key: str | None = None
    ) -> httpx2.Response:
        said = {"refund": refund, "release": release, "note": "The photographs show it."}
        return await self.post(dispute, "resolution", version, key, **said)

    async def approve(
        self, dispute: str, version: int | None, refund: int, release: int, key: str | None = None
    ) -> httpx2.Response:
        split = {"refund": refund, "release": release}
        return await self.post(dispute, "approval", version, key, **split)


NewPerson = Callable[[Role], Awaitable[Person]]


@pytest_asyncio.fixture
async def new_person(http: httpx2.AsyncClient, doors: Doors) -> NewPerson:
    async def make(role: Role) -> Person:
        login = f"{role}-{uuid4().hex[:8]}"
        async with doors.engine.begin() as connection:
            made = await accounts.create(connection, login, "", role, "test")
        return Person(http, made.id, made.login, made.key, made.password)

    return make


@pytest_asyncio.fixture
async def mei(new_person: NewPerson) -> Person:
    """Proposes."""
    return await new_person(Role.OPERATOR)


@pytest_asyncio.fixture
async def tomas(new_person: NewPerson) -> Person:
    """Approves."""
    return await new_person(Role.APPROVER)


@pytest_asyncio.fixture
async def disputed(shop: Shop, teller: ScriptedBank, temporal: Temporal) -> dict[str, Any]:
    """The merchant's turn."""
    sent = await shipped(shop, teller, temporal)
    complaint = {"amount": PART, "reason": "damaged"}
    path = f"/v1/escrows/{sent['id']}/dispute"
    answer = await shop.post(path, complaint, token=token_of(sent))
    assert answer.status_code == 200, answer.text
    opened: dict[str, Any] = answer.json()
    return opened


@pytest_asyncio.fixture
async def contested(shop: Shop, disputed: dict[str, Any]) -> dict[str, Any]:
    """The operators' turn."""
    path = f"/v1/escrows/{disputed['id']}/dispute/answer"
    answer = await shop.post(path, {"answer": "contest"})
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said
