import json
import socket
from dataclasses import asdict
from pathlib import Path

import pytest

from runtime.embedded.places import LOOPBACK
from runtime.stack import Stack
from runtime.whereabouts import (
    USUAL_PORTS,
    MissingSetting,
    Ports,
    Secrets,
    insist,
    shop_environment,
    wanted_ports,
)

ELSEWHERE = {
    "DATABASE_URL": "postgresql://danbao_app:a@db.example/danbao",
    "DANBAO_MIGRATION_URL": "postgresql+asyncpg://danbao_owner:o@db.example/danbao",
    "SANDBOX_BANK_DATABASE_URL": "postgresql://sandbox_bank:b@db.example/sandbox_bank",
    "TEMPORAL_ADDRESS": "temporal.example:7233",
}


def test_servers_that_are_named_are_used_and_not_started(tmp_path: Path) -> None:
    stack = Stack(tmp_path, environ=ELSEWHERE)
    assert list(stack.parts) == ["bank", "mailbox", "api", "worker", "codec"]
    assert stack.at.temporal_address == "temporal.example:7233"
    told = stack.parts["worker"].process.env
    assert told["DATABASE_URL"] == "postgresql+asyncpg://danbao_app:a@db.example/danbao"
    assert told["TEMPORAL_ADDRESS"] == "temporal.example:7233"


@pytest.mark.parametrize("missing", ["DANBAO_MIGRATION_URL", "SANDBOX_BANK_DATABASE_URL"])
def test_a_named_database_without_its_companions_is_refused(tmp_path: Path, missing: str) -> None:
    environ = {name: value for name, value in ELSEWHERE.items() if name != missing}
    with pytest.raises(MissingSetting, match=f"so {missing} has to be set too"):
        Stack(tmp_path, environ=environ)


def test_no_part_learns_a_password_that_is_not_its_own(tmp_path: Path) -> None:
    stack = Stack(tmp_path, environ=ELSEWHERE)
    environments = {name: set(part.process.env.values()) for name, part in stack.parts.items()}
    assert all(stack.at.owner_url not in told for told in environments.values())
    assert stack.at.app_url not in environments["bank"]
    assert stack.secrets.link not in environments["bank"]
    assert stack.at.bank_database_url not in environments["api"] | environments["worker"]


def test_the_shop_is_told_what_a_merchant_knows_and_no_more(tmp_path: Path) -> None:
    stack = Stack(tmp_path, environ=ELSEWHERE)
    books, client = tmp_path / "shop.sqlite", tmp_path / "client"
    told = shop_environment(stack.at, "ek_test_1", "whsec_1", books, client)
    assert told["DANBAO_URL"] == stack.at.api_url
    assert told["SHOP_URL"] == stack.at.shop_url
    ours = {stack.at.owner_url, stack.at.app_url, stack.secrets.link, stack.secrets.bank_api_key}
    assert ours.isdisjoint(told.values())
    assert {name for name in told if name.startswith("DANBAO_")} == {"DANBAO_URL", "DANBAO_API_KEY"}


def test_every_part_has_its_own_port(tmp_path: Path) -> None:
    stack = Stack(tmp_path, environ=ELSEWHERE, workers=3)
    workers = [part.process for name, part in stack.parts.items() if name.startswith("worker")]
    ports = [process.env["DANBAO_WORKER_HEALTH_PORT"] for process in workers]
    ports += [process.env["DANBAO_METRICS_PORT"] for process in workers]
    ports += [str(port) for port in (stack.at.api_port, stack.at.bank_port, stack.at.shop_port)]
    assert len(set(ports)) == 9


def test_a_part_can_be_told_more(tmp_path: Path) -> None:
    stack = Stack(tmp_path, environ=ELSEWHERE, extra={"worker": {"DANBAO_LOG_LEVEL": "debug"}})
    assert stack.parts["worker"].process.env["DANBAO_LOG_LEVEL"] == "debug"
    assert "DANBAO_LOG_LEVEL" not in stack.parts["api"].process.env


def test_a_home_of_an_older_version_gets_the_secrets_that_it_has_not(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    older = {"link": "l" * 64, "bank_api_key": "b" * 64, "bank_callback": "c" * 64}
    file.write_text(json.dumps(older))
    kept = Secrets.kept_in(file)
    assert asdict(kept).items() >= older.items()
    assert len(kept.vault_key) == len(kept.codec) == 64
    assert Secrets.kept_in(file) == kept


def test_the_codec_server_is_for_the_ui_of_this_temporal(tmp_path: Path) -> None:
    stack = Stack(tmp_path, environ=ELSEWHERE | {"TEMPORAL_UI_URL": "https://ui.example"})
    told = stack.parts["codec"].process.env
    assert told["DANBAO_CODEC_ORIGINS"].split(",")[0] == "https://ui.example"
    assert stack.secrets.codec not in stack.parts["api"].process.env.values()


def test_secrets_stay_the_same_and_to_themselves(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    assert Secrets.kept_in(file) == Secrets.kept_in(file)
    assert file.stat().st_mode & 0o077 == 0


def test_ports_are_the_usual_ones_or_what_the_environment_says() -> None:
    assert wanted_ports({}) == USUAL_PORTS
    assert wanted_ports({"DANBAO_API_PORT": "9000"}).api == 9000
    assert wanted_ports({"SHOP_PORT": "9001"}).shop == 9001
    assert Ports() == Ports(0, 0, 0, 0, 0)


def test_a_port_that_was_asked_for_is_not_exchanged() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        busy = str(server.getsockname()[1])
        with pytest.raises(MissingSetting, match=f"DANBAO_API_PORT={busy}, but somebody listens"):
            insist({"DANBAO_API_PORT": busy})
    insist({"DANBAO_API_PORT": busy})
