import base64
import json
import secrets
from datetime import UTC, datetime

import httpx2
import pytest
from standardwebhooks import Webhook

from runtime.demo.shop import Notices, listening
from runtime.embedded.places import free_ports


def signed(secret: str, escrow_id: str, sequence: int, kind: str) -> tuple[bytes, dict[str, str]]:
    """A notice's body and headers, as the worker sends them."""
    data = {"sequence": sequence, "escrow": {"id": escrow_id}}
    body = json.dumps({"type": kind, "data": data})
    now = datetime.now(UTC)
    signature = Webhook(secret).sign("evt_1", now, body)
    return body.encode(), {
        "webhook-id": "evt_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signature,
    }


def new_secret() -> str:
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


async def tell(notices: Notices, secret: str, *said: tuple[str, int, str]) -> list[int]:
    async with httpx2.AsyncClient() as client:
        answers = []
        for escrow_id, sequence, kind in said:
            body, headers = signed(secret, escrow_id, sequence, kind)
            answers.append(await client.post(notices.url, content=body, headers=headers))
        return [answer.status_code for answer in answers]


async def test_a_listener_hears_one_purchase_in_its_own_order() -> None:
    async with listening(free_ports(0)[0]) as notices:
        notices.secret = new_secret()
        told = await tell(
            notices,
            notices.secret,
            ("esc_1", 3, "escrow.shipped"),
            ("esc_2", 1, "escrow.created"),
            ("esc_1", 2, "escrow.paid"),
            ("esc_1", 2, "escrow.paid"),
        )
        assert told == [204, 204, 204, 204]
        assert notices.about("esc_1") == ["escrow.paid", "escrow.shipped"]


async def test_a_forged_notice_is_refused_and_counted() -> None:
    async with listening(free_ports(0)[0]) as notices:
        notices.secret = new_secret()
        assert await tell(notices, new_secret(), ("esc_1", 2, "escrow.paid")) == [401]
        assert notices.forged == 1
        assert notices.about("esc_1") == []


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-signature"])
async def test_a_notice_without_its_headers_is_forged(missing: str) -> None:
    async with listening(free_ports(0)[0]) as notices, httpx2.AsyncClient() as client:
        notices.secret = new_secret()
        body, headers = signed(notices.secret, "esc_1", 2, "escrow.paid")
        del headers[missing]
        assert (await client.post(notices.url, content=body, headers=headers)).status_code == 401
