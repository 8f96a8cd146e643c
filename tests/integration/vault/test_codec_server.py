"""The codec server as a process, asked as the Temporal UI and the CLI ask it."""

import json
import os
import subprocess
import sys
from base64 import b64decode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from google.protobuf.json_format import MessageToDict
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.api.common.v1 import Payload
from temporalio.converter import WorkflowSerializationContext

from runtime.embedded.finder import find_temporal
from runtime.embedded.places import inherited
from runtime.embedded.process import Process
from tests.conftest import ROOT, Database, answers
from tests.integration.vault.conftest import K1, TOKEN, NewPurchase
from tests.integration.vault.shifts import Shifts
from tests.workflows.world import command
from vault import upkeep
from vault.codec import KEY
from vault.problems import MOST_BYTES
from vault.ring import Ring
from workflows.commands import Ship
from workflows.escrow import EscrowWorkflow

RING = Ring.parse(K1)
SECRET = {"carrier": "SF", "tracking": "buyer-lives-here"}
Json = dict[str, Any]


@dataclass(frozen=True)
class Door:
    url: str
    #: Where the UI's pages come from.
    ui: str
    process: Process

    async def ask(
        self, body: Json | bytes, *, path: str = "/decode", method: str = "POST", **headers: str
    ) -> httpx2.Response:
        """Headers by name with `_` for `-`."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with httpx2.AsyncClient(base_url=self.url, trust_env=False) as http:
            return await http.request(method, path, content=content, headers=named)

    async def with_token(self, body: Json | bytes) -> httpx2.Response:
        return await self.ask(body, authorization=f"Bearer {TOKEN}")

    async def as_the_ui(self, body: Json, origin: str = "") -> httpx2.Response:
        """The UI sends no token of ours: it is a part of the endpoint that it was given."""
        return await self.ask(
            body,
            path=f"/{TOKEN}/decode?preserveStorageRefs=true",
            origin=origin or self.ui,
            content_type="application/json",
            x_namespace="default",
        )


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def door(
    database: Database, shifts: Shifts, codec_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Door]:
    ui = shifts.server.ui_url
    process = Process(
        name="codec",
        argv=[sys.executable, "-m", "runtime.codec"],
        env={
            **inherited(os.environ),
            "DATABASE_URL": database.app_url,
            "DANBAO_VAULT_KEYS": K1,
            "DANBAO_CODEC_TOKEN": TOKEN,
            "DANBAO_CODEC_ORIGINS": f"https://elsewhere.example, {ui}",
            "DANBAO_CODEC_PORT": codec_url.rpartition(":")[2],
        },
        cwd=ROOT,
        log=tmp_path_factory.mktemp("codec") / "codec.log",
    )
    process.start()
    await process.ready(lambda: answers(f"{codec_url}/healthz"))
    yield Door(codec_url, ui, process)
    await process.stop()


@pytest_asyncio.fixture
async def encrypted(shifts: Shifts, new_purchase: NewPurchase) -> Json:
    """A body with one encrypted payload and one that is a label."""
    return body(*await encrypted_for(shifts, await new_purchase()), label())


def label() -> Payload:
    return Payload(metadata={"encoding": b"json/plain"}, data=b'"shipped"')


async def encrypted_for(shifts: Shifts, escrow_id: str) -> list[Payload]:
    plain = Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(SECRET).encode())
    context = WorkflowSerializationContext("default", escrow_id)
    return await shifts.codec(RING).with_context(context).encode([plain])


def body(*payloads: Payload) -> Json:
    return {"payloads": [MessageToDict(payload) for payload in payloads]}


def said(response: httpx2.Response) -> list[bytes]:
    assert response.status_code == 200, response.text
    return [b64decode(payload.get("data", "")) for payload in response.json()["payloads"]]


async def test_it_decrypts_for_whoever_shows_the_token(door: Door, encrypted: Json) -> None:
    for response in (await door.with_token(encrypted), await door.as_the_ui(encrypted)):
        assert [json.loads(data) for data in said(response)] == [SECRET, "shipped"]


async def test_the_ui_hears_that_it_may_ask(door: Door) -> None:
    asked = {
        "access_control_request_method": "POST",
        "access_control_request_headers": "content-type,x-namespace",
    }
    path = f"/{TOKEN}/decode"
    allowed = await door.ask(b"", path=path, method="OPTIONS", origin=door.ui, **asked)
    assert allowed.status_code == 204
    assert allowed.headers["access-control-allow-origin"] == door.ui
    assert allowed.headers["access-control-allow-methods"] == "POST"
    headers = allowed.headers["access-control-allow-headers"]
    assert {"content-type", "x-namespace", "authorization"} <= set(headers.split(", "))
    assert "access-control-allow-credentials" not in allowed.headers


@pytest.mark.parametrize("method", ["OPTIONS", "POST"])
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1"])
async def test_other_pages_may_not_ask_even_with_the_token(
    door: Door, encrypted: Json, method: str, origin: str
) -> None:
    path = f"/{TOKEN}/decode"
    refused = await door.ask(encrypted, path=path, method=method, origin=origin)
    assert (refused.status_code, refused.json()["code"]) == (403, "foreign_origin")
    assert "access-control-allow-origin" not in refused.headers


@pytest.mark.parametrize(
    "shown", ["", "Bearer", "Bearer wrong", f"Bearer {TOKEN}x", f"Basic {TOKEN}", TOKEN]
)
async def test_without_the_token_nothing_is_decrypted(
    door: Door, encrypted: Json, shown: str
) -> None:
    headers = {"authorization": shown} if shown else {}
    refused = await door.ask(encrypted, origin=door.ui, **headers)
    assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["www-authenticate"] == "Bearer"
    # Without it the UI's page could not even show that it was refused.
    assert refused.headers["access-control-allow-origin"] == door.ui


async def test_a_wrong_token_in_the_address_is_wrong_too(door: Door, encrypted: Json) -> None:
    refused = await door.ask(encrypted, path="/wrong/decode")
    assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize(
    "path", ["/", "/encode", f"/{TOKEN}/encode", "/docs", "/openapi.json", f"/{TOKEN}/x/decode"]
)
async def test_there_is_nothing_else(door: Door, path: str) -> None:
    for method in ("GET", "POST"):
        refused = await door.ask({}, path=path, method=method, authorization=f"Bearer {TOKEN}")
        assert (refused.status_code, refused.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("malformed", [b"", b"{", b"\xff", b'{"payload": []}', b'{"payloads": 1}'])
async def test_nonsense_is_refused(door: Door, malformed: bytes) -> None:
    refused = await door.with_token(malformed)
    assert (refused.status_code, refused.json()["code"]) == (400, "malformed_body")


async def test_nobody_fills_its_memory(door: Door) -> None:
    refused = await door.with_token(b" " * (MOST_BYTES + 1))
    assert (refused.status_code, refused.json()["code"]) == (413, "body_too_large")


async def test_what_we_did_not_encrypt_is_refused(
    door: Door, shifts: Shifts, new_purchase: NewPurchase
) -> None:
    [forged] = await encrypted_for(shifts, await new_purchase())
    forged.data = forged.data[:-1] + bytes([forged.data[-1] ^ 1])
    refused = await door.with_token(body(forged))
    assert (refused.status_code, refused.json()["code"]) == (422, "not_authentic")
    forged.metadata[KEY] = b"nobody"
    refused = await door.with_token(body(forged))
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_key")


async def test_what_was_erased_is_gone(
    door: Door, shifts: Shifts, owner_engine: AsyncEngine, new_purchase: NewPurchase
) -> None:
    escrow_id = await new_purchase()
    payloads = await encrypted_for(shifts, escrow_id)
    async with owner_engine.begin() as connection:
        await upkeep.retire(connection, escrow_id)
        await upkeep.destroy(connection, escrow_id)
    refused = await door.as_the_ui(body(*payloads))
    assert (refused.status_code, refused.json()["code"]) == (410, "erased")
    assert refused.headers["access-control-allow-origin"] == door.ui


async def test_the_ui_is_told_of_it_and_shows_a_purchase_with_it(
    door: Door, shifts: Shifts
) -> None:
    """Its settings and a history from the UI's own server, then what its page would ask."""
    async with shifts.shift(RING) as world:
        trade = await world.paid()
        await trade.handle.execute_update(EscrowWorkflow.ship, Ship(**SECRET), id=command())
        async with httpx2.AsyncClient(base_url=door.ui, trust_env=False) as ui:
            settings = (await ui.get("/api/v1/settings")).json()
            workflow = f"/api/v1/namespaces/default/workflows/{trade.id}"
            history = (await ui.get(f"{workflow}/history")).json()
    assert settings["Codec"]["Endpoint"] == f"{door.url}/{TOKEN}"
    payloads = list(payloads_in(history))
    assert "buyer-lives-here" not in json.dumps(history)
    plain = said(await door.as_the_ui({"payloads": payloads}))
    assert SECRET in [json.loads(data) for data in plain if data]


def payloads_in(part: Any) -> Any:
    """Every payload, wherever it stands, as the UI looks for them."""
    if isinstance(part, dict):
        if {"metadata", "data"} <= set(part):
            yield part
        for inner in part.values():
            yield from payloads_in(inner)
    if isinstance(part, list):
        for inner in part:
            yield from payloads_in(inner)


async def test_the_temporal_cli_reads_a_purchase_with_it(door: Door, shifts: Shifts) -> None:
    async with shifts.shift(RING) as world:
        trade = await world.paid()
        await trade.handle.execute_update(EscrowWorkflow.ship, Ship(**SECRET), id=command())
    show = [str(find_temporal().path), "workflow", "show", "--address", shifts.server.address]
    show += ["--workflow-id", trade.id, "--output", "json"]
    with_key = ["--codec-endpoint", door.url, "--codec-auth", f"Bearer {TOKEN}"]
    assert not any(b"buyer-lives-here" in data for data in output(show))
    assert any(b"buyer-lives-here" in data for data in output([*show, *with_key]))


def output(command: list[str]) -> list[bytes]:
    """What is in the payloads of a history that the CLI shows."""
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [b64decode(payload["data"]) for payload in payloads_in(json.loads(shown))]


def test_its_log_says_nothing_secret(door: Door) -> None:
    log = door.process.log.read_text()
    assert '"code": "unauthenticated"' in log
    for secret in (TOKEN, K1, "buyer-lives-here"):
        assert secret not in log
