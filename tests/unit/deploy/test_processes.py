"""Our processes in docker-compose.yml: what they are told is what they understand."""

import os
import re
from datetime import timedelta
from importlib.util import find_spec

import pytest
from pydantic import ValidationError
from pydantic_settings import BaseSettings

import worker
from api.__main__ import GRACE
from banks.sandbox.settings import Settings as BankSettings
from runtime.mail import MailServer
from runtime.mailbox import Settings as MailboxSettings
from runtime.settings import CodecSettings, MigrationSettings, Settings
from runtime.whereabouts import CALLBACK_PATH
from tests.unit.deploy.compose import ROOT, Service

OURS: dict[str, type[BaseSettings]] = {
    "api": Settings,
    "worker": Settings,
    "codec": CodecSettings,
    "migrate": MigrationSettings,
    "bank": BankSettings,
    "mailbox": MailboxSettings,
}


def settings_of(name: str, service: Service, monkeypatch: pytest.MonkeyPatch) -> BaseSettings:
    """What this process would read from its environment, and nothing else."""
    for known in os.environ:
        if known.startswith(("DANBAO_", "SANDBOX_BANK_", "MAILBOX_", "DATABASE_URL")):
            monkeypatch.delenv(known)
    for variable, value in service["environment"].items():
        monkeypatch.setenv(variable, str(value))
    return OURS[name]()


def understood(settings: type[BaseSettings]) -> set[str]:
    prefix = settings.model_config.get("env_prefix", "")
    return {
        str(field.validation_alias or f"{prefix}{name}".upper())
        for name, field in settings.model_fields.items()
    }


@pytest.mark.parametrize("name", OURS)
def test_each_of_our_processes_can_start_with_what_it_is_told(
    name: str, composed: dict[str, Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings_of(name, composed[name], monkeypatch)


@pytest.mark.parametrize("name", OURS)
def test_no_process_is_told_what_it_does_not_understand(
    name: str, composed: dict[str, Service]
) -> None:
    told = {one for one in composed[name]["environment"] if not one.startswith("TEMPORAL_")}

    assert told <= understood(OURS[name])


@pytest.mark.parametrize("name", OURS)
def test_each_of_our_commands_is_there(name: str, composed: dict[str, Service]) -> None:
    match composed[name]["command"]:
        case ["python", "-m", str(module)]:
            found = find_spec(module)
            assert found is not None
            assert found.submodule_search_locations is None or find_spec(f"{module}.__main__")
        case ["python", str(script)]:
            assert (ROOT / script).is_file()
        case other:
            pytest.fail(f"{other} is not how our processes are started")


@pytest.mark.parametrize(
    ("name", "port"),
    [
        ("api", "api_port"),
        ("worker", "worker_health_port"),
        ("bank", "port"),
        ("codec", "codec_port"),
        ("mailbox", "port"),
    ],
)
def test_health_is_asked_where_the_process_answers(
    name: str, port: str, composed: dict[str, Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = getattr(settings_of(name, composed[name], monkeypatch), port)
    check = composed[name]["healthcheck"]["test"]

    assert f'"http://127.0.0.1:{wanted}/healthz"' in check[-1]
    compile(check[-1], name, "exec")


@pytest.mark.parametrize(("name", "port"), [("api", "api_port"), ("bank", "port")])
def test_what_buyers_reach_is_the_port_that_is_listened_on(
    name: str, port: str, composed: dict[str, Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_of(name, composed[name], monkeypatch)
    (published,) = composed[name]["ports"]
    address, outside, inside = published.split(":")

    assert int(inside) == getattr(settings, port)
    assert getattr(settings, "public_url", "").endswith(f"{address}:{outside}")
    listens = getattr(settings, "api_host", None) or getattr(settings, "host", None)
    assert listens == "0.0.0.0", "127.0.0.1 would be the container's own"  # noqa: S104


def test_the_bank_and_we_know_each_other(
    composed: dict[str, Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    bank = settings_of("bank", composed["bank"], monkeypatch)
    ours = settings_of("api", composed["api"], monkeypatch)
    assert isinstance(bank, BankSettings)
    assert isinstance(ours, Settings)

    assert ours.bank_url == f"http://bank:{bank.port}"
    assert bank.callback_url == f"http://api:{ours.api_port}{CALLBACK_PATH}"
    assert bank.api_key == ours.bank_api_key
    assert bank.callback_secret == ours.bank_callback_secret


def test_mails_are_handed_to_the_mailbox(
    composed: dict[str, Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox = settings_of("mailbox", composed["mailbox"], monkeypatch)
    ours = settings_of("api", composed["api"], monkeypatch)
    assert isinstance(mailbox, MailboxSettings)
    assert isinstance(ours, Settings)

    assert ours.mail_server == MailServer("mailbox", mailbox.smtp_port, "none")
    assert mailbox.host == "0.0.0.0", "127.0.0.1 would be the container's own"  # noqa: S104


def test_the_api_and_the_worker_are_told_the_same(composed: dict[str, Service]) -> None:
    own = re.compile(r"_(HOST|PORT)$")
    api, worker_ = (
        {name: said for name, said in composed[one]["environment"].items() if not own.search(name)}
        for one in ("api", "worker")
    )

    assert api == worker_


def test_only_the_migration_knows_the_owners_password(
    composed: dict[str, Service], env: dict[str, str]
) -> None:
    owner = env["DANBAO_OWNER_PASSWORD"]
    told = {name for name, one in composed.items() if owner in str(one.get("environment"))}

    assert told == {"migrate", "postgres"}


def test_live_mode_refuses_the_addresses_of_the_example(
    composed: dict[str, Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    live = {"environment": composed["api"]["environment"] | {"DANBAO_MODE": "live"}}

    with pytest.raises(ValidationError, match="https in live mode"):
        settings_of("api", live, monkeypatch)


def test_our_processes_may_finish_what_is_under_way(composed: dict[str, Service]) -> None:
    longest = max(timedelta(seconds=GRACE), worker.GRACE)

    for name in ("api", "worker", "bank"):
        grace = timedelta(seconds=int(composed[name]["stop_grace_period"].removesuffix("s")))
        assert grace > longest


def test_our_processes_can_write_nothing_and_become_nobody_else(
    composed: dict[str, Service],
) -> None:
    for name in OURS:
        assert composed[name]["read_only"] is True
        assert composed[name]["cap_drop"] == ["ALL"]
        assert composed[name]["security_opt"] == ["no-new-privileges:true"]
