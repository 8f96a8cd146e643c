import httpx2
import pytest

from runtime.embedded.places import LOOPBACK, free_ports
from runtime.health import health_door


async def test_the_door_says_whether_the_process_is_ready() -> None:
    [port] = free_ports(0)
    ready = False
    async with (
        health_door(LOOPBACK, port, lambda: ready),
        httpx2.AsyncClient(base_url=f"http://{LOOPBACK}:{port}") as client,
    ):
        assert (await client.get("/healthz")).status_code == 503
        ready = True
        assert (await client.get("/healthz")).status_code == 200


async def test_the_door_shows_metrics_and_nothing_else() -> None:
    [port] = free_ports(0)
    async with (
        health_door(LOOPBACK, port, lambda: True),
        httpx2.AsyncClient(base_url=f"http://{LOOPBACK}:{port}") as client,
    ):
        assert "python_info" in (await client.get("/metrics")).text
        assert (await client.get("/")).status_code == 404
        assert (await client.post("/healthz")).status_code == 404


async def test_a_request_without_end_does_not_close_the_door() -> None:
    [port] = free_ports(0)
    async with (
        health_door(LOOPBACK, port, lambda: True),
        httpx2.AsyncClient(base_url=f"http://{LOOPBACK}:{port}") as client,
    ):
        with pytest.raises(httpx2.TransportError):
            await client.get("/healthz", headers={"x": "y" * 20_000})
        assert (await client.get("/healthz")).status_code == 200
