"""Every call of the client with everything that it can say; what it leaves out, and why."""

from datetime import date, timedelta
from typing import Any

from danbao_client import calls, evidence_calls, hook_calls, money_calls
from danbao_client.calls import Call
from danbao_client.models import Status

ESCROW = "esc_0193c8a1b2c37d4e8f9a0b1c2d3e4f50"
WINDOW = timedelta(days=2)

CALLS: tuple[Call[Any], ...] = (
    calls.create_escrow(
        order_id="A-1001",
        amount=12_900,
        currency="CNY",
        description="A pair of walking boots",
        buyer_email="buyer@example.com",
        return_url="https://shop.example/orders/A-1001",
        items=[{"name": "Boots", "quantity": 1, "amount": 12_900}],
        terms={
            "funding": "deduct",
            "hold_expiry": "lapse",
            "goods": "goods",
            "windows": {
                "payment": WINDOW,
                "shipping": WINDOW,
                "inspection": WINDOW,
                "answer": WINDOW,
                "arbitration": "P2D",
            },
        },
    ),
    calls.list_escrows(status=Status.DISPUTED, order_id="A-1001", cursor=ESCROW, limit=5),
    calls.escrow_changed(ESCROW, 3, 25),
    calls.get_escrow(ESCROW),
    calls.outlook(ESCROW),
    calls.escrow_events(ESCROW, 3),
    calls.list_events(after="evt_1", types=["escrow.paid"], limit=5),
    calls.get_event("evt_1"),
    hook_calls.create_endpoint(
        "https://shop.example/hooks",
        events=["escrow.paid"],
        description="Orders",
        enabled=True,
        idempotency_key=None,
    ),
    hook_calls.list_endpoints(),
    hook_calls.get_endpoint("whe_1"),
    hook_calls.replace_endpoint(
        "whe_1", "https://shop.example/hooks", events=None, description="", enabled=False
    ),
    hook_calls.delete_endpoint("whe_1"),
    hook_calls.rotate_secret("whe_1", WINDOW, idempotency_key=None),
    hook_calls.revoke_old_secret("whe_1"),
    hook_calls.list_unheard("whe_1", state="parked", cursor="unh_1", limit=5),
    hook_calls.redeliver_parked("whe_1", idempotency_key=None),
    hook_calls.list_deliveries("evt_1", cursor="dlv_1", limit=5),
    hook_calls.redeliver_event("evt_1", "whe_1", idempotency_key=None),
    money_calls.balance(),
    money_calls.list_payouts(status="settled", cursor="pay_1", limit=5),
    money_calls.get_payout("pay_1"),
    money_calls.payout_lines("pay_1", cursor="c", limit=5),
    money_calls.statement(date(2026, 11, 23), "CNY", cursor="c", limit=5),
    calls.ship(ESCROW, carrier="SF Express", tracking="SF1", at_version=3),
    calls.extend(ESCROW, timedelta(days=3), at_version=3),
    calls.cancel(ESCROW, at_version=3),
    calls.refund(ESCROW, 100, at_version=3),
    calls.answer_dispute(ESCROW, "contest", at_version=3),
    evidence_calls.say(ESCROW, "It left us whole.", at_version=3),
    evidence_calls.show(ESCROW, "packing list.pdf", b"%PDF-1.7", at_version=3),
    evidence_calls.list_evidence(ESCROW),
    evidence_calls.download(ESCROW, "evd_1"),
)

BUYERS = "the buyer's own, with the token of a link: a merchant must not pay or confirm for a buyer"
OPERATORS = "for operators, who have keys of their own and ./dev disputes"
LEFT_OUT = {
    ("post", "/v1/escrows/{escrow_id}/payment"): BUYERS,
    ("post", "/v1/escrows/{escrow_id}/receipt"): BUYERS,
    ("post", "/v1/escrows/{escrow_id}/dispute"): BUYERS,
    ("post", "/v1/escrows/{escrow_id}/dispute/withdrawal"): BUYERS,
    ("get", "/v1/disputes"): OPERATORS,
    ("get", "/v1/disputes/{dispute_id}"): OPERATORS,
    ("get", "/v1/disputes/{dispute_id}/evidence/{evidence_id}"): OPERATORS,
    ("post", "/v1/disputes/{dispute_id}/resolution"): OPERATORS,
    ("post", "/v1/disputes/{dispute_id}/approval"): OPERATORS,
    ("post", "/v1/banks/{bank}/callbacks"): "for banks, which sign what they say",
}
#: Parameters of routes that the client has.
NOT_SAID = {
    ("/v1/escrows/{escrow_id}/events", "last-event-id"): "of the stream, which is for browsers",
}
