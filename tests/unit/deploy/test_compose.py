"""docker-compose.yml as a whole: nothing dangerous, nothing left to chance."""

import re

import yaml

from runtime.embedded.temporal import SEARCH_ATTRIBUTES
from tests.unit.deploy.compose import FILE, ROOT, Service, waits_for

ONE_SHOT = {"migrate", "temporal-schema", "temporal-namespace", "shop-merchant"}


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


def test_the_temporal_ui_only_looks(composed: dict[str, Service]) -> None:
    assert composed["temporal-ui"]["environment"]["TEMPORAL_DISABLE_WRITE_ACTIONS"] == "true"


def test_the_ui_finds_the_codec_server_which_lets_in_its_pages_only(
    composed: dict[str, Service],
) -> None:
    codec = composed["codec"]["environment"]
    endpoint = composed["temporal-ui"]["environment"]["TEMPORAL_CODEC_ENDPOINT"]

    assert endpoint == f"http://127.0.0.1:8830/{codec['DANBAO_CODEC_TOKEN']}"
    assert composed["codec"]["ports"] == ["127.0.0.1:8830:8830"]
    [published] = composed["temporal-ui"]["ports"]
    assert codec["DANBAO_CODEC_ORIGINS"].startswith(f"http://{published.rpartition(':')[0]},")


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


def test_evidence_is_in_a_named_volume_that_only_the_api_has(composed: dict[str, Service]) -> None:
    folder = composed["api"]["environment"]["DANBAO_EVIDENCE_DIR"]
    having = [
        name for name, one in composed.items() if f"evidence:{folder}" in one.get("volumes", [])
    ]

    assert having == ["api"]
    page = (ROOT / "docs/operating/compose.md").read_text()
    assert page.index("pg_basebackup") < page.index(f"api tar -C {folder} -cz . >")
    assert page.index("down --volumes           #") < page.index(f"api tar -C {folder} -xz <")
    assert "evidence" in yaml.safe_load(FILE.read_text())["volumes"]
    assert f"--owner=danbao --mode=0700 {folder} " in (ROOT / "Dockerfile").read_text()


def test_every_file_that_is_mounted_is_there_and_cannot_be_changed(
    composed: dict[str, Service],
) -> None:
    mounted = [one for service in composed.values() for one in service.get("volumes", [])]
    files = [one.split(":") for one in mounted if one.startswith("./")]

    assert len(files) == 5
    for here, _, mode in files:
        assert (ROOT / here).is_file()
        assert mode == "ro"


def test_the_page_for_operators_names_every_service_and_its_port(
    composed: dict[str, Service],
) -> None:
    page = (ROOT / "docs/operating/compose.md").read_text()
    rows = re.findall(r"^\| `([a-z-]+)` \|.*\| ([\d.:]*) *\|$", page, re.M)

    assert dict(rows) == {
        name: one.get("ports", [":"])[0].rpartition(":")[0] for name, one in composed.items()
    }
