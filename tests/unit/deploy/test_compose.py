"""docker-compose.yml says what the programs understand, and nothing that is dangerous."""

import os
import re
import shutil
import subprocess
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError
from pydantic_settings import BaseSettings

import worker
from api.__main__ import GRACE
from banks.sandbox.settings import Settings as BankSettings
from runtime.embedded.temporal import SEARCH_ATTRIBUTES
from runtime.settings import MigrationSettings, Settings
from runtime.whereabouts import CALLBACK_PATH
from tests.unit.deploy.compose import (
    EXAMPLE,
    FILE,
    HOLE,
    ROOT,
    Service,
    assignments,
    new_env,
    services,
    waits_for,
)

ONE_SHOT = {"migrate", "temporal-schema", "temporal-namespace"}
OURS: dict[str, type[BaseSettings]] = {
    "api": Settings,
    "worker": Settings,
    "migrate": MigrationSettings,
    "bank": BankSettings,
}
SECRET = re.compile(r"SECRET|PASSWORD|KEY")


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return assignments(new_env(tmp_path_factory.mktemp("env")).read_text())


@pytest.fixture(scope="module")
def composed(env: dict[str, str]) -> dict[str, Service]:
    return services(env)


def settings_of(name: str, service: Service, monkeypatch: pytest.MonkeyPatch) -> BaseSettings:
    """What this process would read from its environment, and nothing else."""
    for known in os.environ:
        if known.startswith(("DANBAO_", "SANDBOX_BANK_", "DATABASE_URL")):
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
    [("api", "api_port"), ("worker", "worker_health_port"), ("bank", "port")],
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


def test_nothing_is_published_beyond_this_machine(composed: dict[str, Service]) -> None:
    published = [port for one in composed.values() for port in one.get("ports", [])]

    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)
    assert not any("network_mode" in one for one in composed.values())


def test_every_image_is_pinned_to_one_version(composed: dict[str, Service]) -> None:
    for one in composed.values():
        assert re.search(r":\d+\.\d+(\.\d+)?(-[a-z]+)?$", one["image"])


def test_temporals_parts_are_of_one_version(composed: dict[str, Service]) -> None:
    versions = {
        one["image"].rpartition(":")[2]
        for one in composed.values()
        if one["image"].startswith(("temporalio/server", "temporalio/admin-tools"))
    }

    assert len(versions) == 1


def test_whoever_waits_waits_for_the_right_thing(composed: dict[str, Service]) -> None:
    for one in composed.values():
        for name, condition in waits_for(one).items():
            once = name in ONE_SHOT
            assert condition == ("service_completed_successfully" if once else "service_healthy")


def test_whatever_keeps_running_says_how_it_is(composed: dict[str, Service]) -> None:
    for name, one in composed.items():
        assert ("healthcheck" in one) is (name not in ONE_SHOT), name
        assert one["restart"] == ("on-failure:5" if name in ONE_SHOT else "unless-stopped")


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


def test_the_temporal_ui_only_looks(composed: dict[str, Service]) -> None:
    assert composed["temporal-ui"]["environment"]["TEMPORAL_DISABLE_WRITE_ACTIONS"] == "true"


def test_temporal_keeps_everything_in_postgresql(composed: dict[str, Service]) -> None:
    said = composed["temporal"]["environment"]

    assert said["DB"] == "postgres12_pgx"
    assert (said["DBNAME"], said["VISIBILITY_DBNAME"]) == ("temporal", "temporal_visibility")
    assert int(said["NUM_HISTORY_SHARDS"]) == 512


def test_temporal_is_fair_between_merchants(composed: dict[str, Service]) -> None:
    inside = composed["temporal"]["environment"]["DYNAMIC_CONFIG_FILE_PATH"]
    (mounted,) = composed["temporal"]["volumes"]
    here, there, _ = mounted.split(":")
    config = yaml.safe_load((ROOT / here).read_text())

    assert there == inside
    assert config["matching.enableFairness"] == [{"value": True}]


def test_everybody_means_the_same_namespace(composed: dict[str, Service]) -> None:
    named = {
        value
        for one in composed.values()
        for name, value in one.get("environment", {}).items()
        if name in ("TEMPORAL_NAMESPACE", "TEMPORAL_DEFAULT_NAMESPACE")
    }

    assert named == {"danbao"}


def test_the_same_search_attributes_are_made_as_in_the_embedded_server() -> None:
    script = (ROOT / "deploy/temporal/namespace.sh").read_text()

    assert dict(re.findall(r"^attribute (\w+) (\w+)$", script, re.M)) == SEARCH_ATTRIBUTES


def test_the_data_is_in_a_named_volume_where_postgresql_18_keeps_it(
    composed: dict[str, Service],
) -> None:
    assert "postgres:/var/lib/postgresql" in composed["postgres"]["volumes"]
    assert "postgres" in yaml.safe_load(FILE.read_text())["volumes"]


def test_every_file_that_is_mounted_is_there_and_cannot_be_changed(
    composed: dict[str, Service],
) -> None:
    mounted = [one for service in composed.values() for one in service.get("volumes", [])]
    files = [one.split(":") for one in mounted if one.startswith("./")]

    assert len(files) == 4
    for here, _, mode in files:
        assert (ROOT / here).is_file()
        assert mode == "ro"


def test_nothing_that_is_asked_for_has_a_default() -> None:
    asked = HOLE.findall(FILE.read_text())

    assert {how for _, how in asked} == {":?"}
    assert {name for name, _ in asked} == set(assignments(EXAMPLE.read_text()))


def test_the_example_has_no_secret_and_a_new_env_has_every_one(env: dict[str, str]) -> None:
    example = assignments(EXAMPLE.read_text())
    secrets = {name for name in example if SECRET.search(name)}

    assert {name for name, value in example.items() if not value} == secrets
    assert len({env[name] for name in secrets}) == len(secrets)
    assert all(re.fullmatch(r"[0-9a-f]{64}", env[name]) for name in secrets)
    assert {name: env[name] for name in example if name not in secrets} == {
        name: value for name, value in example.items() if value
    }


def test_a_new_env_is_for_its_owner_only_and_never_replaces_one(tmp_path: Path) -> None:
    made = new_env(tmp_path)
    before = made.read_text()

    again = subprocess.run(
        [ROOT / "deploy" / "new-env", made], capture_output=True, text=True, check=False
    )

    assert made.stat().st_mode & 0o077 == 0
    assert again.returncode == 1
    assert "not replaced" in again.stderr
    assert made.read_text() == before


def docker_compose() -> list[str]:
    """The command, as a plugin or by itself."""
    if alone := shutil.which("docker-compose"):
        return [alone]
    if docker := shutil.which("docker"):
        plugin = [docker, "compose"]
        if subprocess.run([*plugin, "version"], capture_output=True, check=False).returncode == 0:
            return plugin
    pytest.fail("no docker-compose here: apt-get install docker-compose (.ci/run does)")


def config(env_file: Path) -> subprocess.CompletedProcess[str]:
    # Nothing of our own environment: it would count more than the file.
    return subprocess.run(
        [*docker_compose(), "--file", str(FILE), "--env-file", str(env_file), "config"],
        env={"PATH": os.environ["PATH"], "HOME": str(env_file.parent)},
        cwd=env_file.parent,
        capture_output=True,
        text=True,
        check=False,
    )


def test_docker_compose_accepts_it(tmp_path: Path, composed: dict[str, Service]) -> None:
    accepted = config(new_env(tmp_path))

    assert accepted.returncode == 0, accepted.stderr
    assert set(yaml.safe_load(accepted.stdout)["services"]) == set(composed)


def test_docker_compose_refuses_it_without_secrets(tmp_path: Path) -> None:
    refused = config(Path(shutil.copy(EXAMPLE, tmp_path / "env")))

    assert refused.returncode != 0
    assert "PASSWORD" in refused.stderr or "SECRET" in refused.stderr


def test_the_page_for_operators_names_every_service_and_its_port(
    composed: dict[str, Service],
) -> None:
    page = (ROOT / "docs/operating/compose.md").read_text()
    rows = re.findall(r"^\| `([a-z-]+)` \|.*\| ([\d.:]*) *\|$", page, re.M)

    assert dict(rows) == {
        name: one.get("ports", [":"])[0].rpartition(":")[0] for name, one in composed.items()
    }
