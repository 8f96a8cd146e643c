import json
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.telemetry import REDACTED, blot_out_secrets, drop_secret_keys

ROOT = Path(__file__).parents[3]

SECRETS = {
    "api key": "ek_test_4fG7aQ",
    "webhook secret": "whsec_MfKQ9r8GKYqrTwjU",
    "database password": "postgresql+asyncpg://danbao_app:hunter2@db/danbao",
    "cashier link": "GET /pay/Zk3v9xQm71Lw0PqRs8Tu HTTP/1.1",
    "order link": "http://localhost/orders/Zk3v9xQm71Lw0PqRs8Tu?x=1",
    "query": "/callback?token=Zk3v9xQm71&x=1",
    "header": "authorization: Bearer Zk3v9xQm71",
    "address": "sent to li.wei+test@example.com today",
}
NEEDLES = ("4fG7aQ", "MfKQ9", "hunter2", "Zk3v9xQm71", "li.wei")


@pytest.mark.parametrize("text", SECRETS.values(), ids=SECRETS.keys())
def test_what_looks_secret_is_blotted_out(text: str) -> None:
    shown = blot_out_secrets(text)
    assert REDACTED in shown
    assert not [needle for needle in NEEDLES if needle in shown]


@pytest.mark.parametrize(
    "text",
    [
        "esc_0198c0ffee00",
        "/v1/escrows/esc_0198c0ffee00?wait=25",
        "/pay/esc_0198c0ffee0011",
        "worker:412:host",
    ],
)
def test_what_operators_look_for_stays(text: str) -> None:
    assert blot_out_secrets(text) == text


def test_secret_keys_lose_their_values_at_any_depth() -> None:
    event = {"escrow_id": "esc_1", "bank": {"api_key": "k", "answers": [{"card_token": "t"}]}}
    assert drop_secret_keys(None, "", event) == {
        "escrow_id": "esc_1",
        "bank": {"api_key": REDACTED, "answers": [{"card_token": REDACTED}]},
    }


SPEAKER = """
import logging, structlog
from runtime.telemetry import configure_logging
configure_logging("tester")
structlog.get_logger().info("paid", escrow_id="esc_1", password="hunter2")
logging.getLogger("some.library").warning("whsec_hunter2 %s", "said")
try:
    raise ValueError("postgresql://app:hunter2@db/x")
except ValueError:
    structlog.get_logger().exception("failed")
    logging.getLogger("some.library").exception("also failed")
logging.getLogger("httpx2").info("GET something")
"""


@pytest.fixture(scope="module")
def lines() -> list[dict[str, str]]:
    """What a process of ours logs: logging is global, so it is configured in one of its own."""
    said = subprocess.run(
        [sys.executable, "-c", SPEAKER], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [json.loads(line) for line in said.stdout.splitlines()]


def test_every_line_is_json_and_says_who_when_and_what(lines: list[dict[str, str]]) -> None:
    assert [line["event"] for line in lines] == [
        "paid",
        f"whsec_{REDACTED} said",
        "failed",
        "also failed",
    ]
    assert {line["service"] for line in lines} == {"tester"}
    assert all(line["timestamp"].endswith("Z") and line["level"] for line in lines)


def test_tracebacks_are_kept_and_their_secrets_are_not(lines: list[dict[str, str]]) -> None:
    failures = [line for line in lines if "failed" in line["event"]]
    assert all("ValueError" in line["exception"] for line in failures)
    assert "hunter2" not in json.dumps(lines)
