from types import SimpleNamespace

import httpx2
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from api import failures
from api.middleware import Envelope


class DriverError(Exception):
    def __init__(self, sqlstate: str) -> None:
        super().__init__("the database says no")
        self.sqlstate = sqlstate


def broken(sqlstate: str) -> DBAPIError:
    return DBAPIError("select 1", {}, DriverError(sqlstate))


async def answer(error: Exception) -> httpx2.Response:
    """What a route's `error` looks like from outside."""
    app = FastAPI()
    app.state.doors = SimpleNamespace(settings=SimpleNamespace(public_url=""))
    app.state.headers = {"X-Content-Type-Options": "nosniff"}
    app.add_middleware(Envelope, headers=app.state.headers, registry=CollectorRegistry())
    failures.install(app)

    @app.get("/")
    async def route() -> None:
        raise error

    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://doors") as client:
        return await client.get("/")


@pytest.mark.parametrize(
    "error",
    [
        broken("57P03"),  # starting up
        broken("57P01"),  # shutting down
        broken("53300"),  # too many connections
        broken("08006"),  # connection failure
        InterfaceError("select 1", {}, Exception("gone")),
        PoolTimeoutError("nobody gave a connection back"),
        ConnectionRefusedError(),
    ],
    ids=repr,
)
async def test_a_database_that_is_away_is_503_with_a_time_to_come_back(error: Exception) -> None:
    said = await answer(error)
    assert (said.status_code, said.json()["code"]) == (503, "unavailable")
    assert said.headers["retry-after"] == "2"


@pytest.mark.parametrize("error", [broken("22P02"), RuntimeError("a secret of ours")], ids=repr)
async def test_a_bug_is_500_and_says_nothing_about_itself(error: Exception) -> None:
    said = await answer(error)
    assert (said.status_code, said.json()["code"]) == (500, "internal_error")
    assert "secret" not in said.text
    assert "database says" not in said.text
    assert said.headers["request-id"] == said.json()["request_id"]
    assert said.headers["x-content-type-options"] == "nosniff"


async def test_a_nul_is_the_senders_mistake() -> None:
    said = await answer(broken("22021"))
    assert (said.status_code, said.json()["code"]) == (422, "invalid_request")
