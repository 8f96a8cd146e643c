"""The example shop in docker-compose.yml: it is told what it understands, and nothing of ours."""

import re

from examples.shop import Settings
from tests.unit.deploy.compose import ROOT, Service

KEYS = {"DANBAO_API_KEY": "ek_test_1", "SHOP_WEBHOOK_SECRETS": "whsec_1"}
SCRIPT = (ROOT / "deploy/shop/merchant.sh").read_text()


def test_it_can_start_with_what_it_is_told(composed: dict[str, Service]) -> None:
    told = composed["shop"]["environment"]
    settings = Settings.from_environment(told | KEYS)

    assert settings.host == "0.0.0.0", "127.0.0.1 would be the container's own"  # noqa: S104
    assert composed["shop"]["ports"] == [f"127.0.0.1:{settings.port}:{settings.port}"]
    assert settings.url == f"http://127.0.0.1:{settings.port}"
    assert settings.danbao_url == "http://api:8800"
    assert f':{settings.port}/healthz"' in composed["shop"]["healthcheck"]["test"][-1]


def test_it_knows_nothing_of_ours(composed: dict[str, Service], env: dict[str, str]) -> None:
    said = str(composed["shop"])

    assert not [name for name, value in env.items() if len(value) == 64 and value in said]


def test_its_merchant_is_told_where_it_listens(composed: dict[str, Service]) -> None:
    port = composed["shop"]["environment"]["SHOP_PORT"]

    assert f"http://shop:{port}/webhooks" in SCRIPT


def test_what_its_merchant_leaves_is_what_it_reads(composed: dict[str, Service]) -> None:
    (keys,) = re.findall(r"SHOP_KEYS:-(/\S+)}", SCRIPT)
    folder = keys.rpartition("/")[0]

    assert composed["shop"]["command"][-1].startswith(f". {keys} && exec python examples/shop.py")
    assert composed["shop"]["environment"]["SHOP_DATABASE"].startswith(f"{folder}/")
    for name in ("shop", "shop-merchant"):
        assert f"shop:{folder}" in composed[name]["volumes"]
    assert f"--owner=danbao --mode=0700 {folder}\n" in (ROOT / "Dockerfile").read_text()


def test_it_can_write_nothing_but_its_volume_and_become_nobody_else(
    composed: dict[str, Service],
) -> None:
    for name in ("shop", "shop-merchant"):
        assert composed[name]["read_only"] is True
        assert composed[name]["cap_drop"] == ["ALL"]
        assert composed[name]["security_opt"] == ["no-new-privileges:true"]
