import pytest

from runtime.temporal import LONGEST_IDENTITY, connect, identity
from tests.conftest import Temporal


def test_an_identity_is_short_and_says_which_part_it_is() -> None:
    """It is repeated in every event of every history."""
    assert identity("worker").startswith("worker:")
    assert len(identity("worker")) <= LONGEST_IDENTITY


async def test_the_environment_names_the_server(
    temporal: Temporal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", temporal.address)
    monkeypatch.setenv("TEMPORAL_NAMESPACE", "default")
    client = await connect("tests")
    assert client.namespace == "default"
    assert client.identity == identity("tests")
    assert (await client.count_workflows("OrderId = 'nobody'")).count == 0


async def test_a_lazy_client_is_there_before_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    assert (await connect("api", lazy=True)).identity == identity("api")
    with pytest.raises(RuntimeError):
        await connect("worker")
