"""The routes about money as data."""

from collections.abc import Mapping
from datetime import date

from danbao_client.calls import Asked, Call, model
from danbao_client.money import Balances, LinePage, Payout, PayoutPage, StatementPage


def balance() -> Call[Balances]:
    return Call("GET", "/v1/balance", model(Balances))


def list_payouts(
    *, status: str | None = None, cursor: str | None = None, limit: int = 100
) -> Call[PayoutPage]:
    query = _query(cursor, limit, {"status": status} if status else {})
    return Call("GET", "/v1/payouts", model(PayoutPage), query=query)


def get_payout(payout_id: str) -> Call[Payout]:
    return Call("GET", "/v1/payouts/{payout_id}", model(Payout), {"payout_id": payout_id})


def payout_lines(payout_id: str, *, cursor: str | None = None, limit: int = 100) -> Call[LinePage]:
    return Call(
        "GET",
        "/v1/payouts/{payout_id}/lines",
        model(LinePage),
        {"payout_id": payout_id},
        query=_query(cursor, limit, {}),
    )


def statement(
    day: date, currency: str, *, cursor: str | None = None, limit: int = 100
) -> Call[StatementPage]:
    return Call(
        "GET",
        "/v1/statements/{day}",
        model(StatementPage),
        {"day": day.isoformat()},
        query=_query(cursor, limit, {"currency": currency}),
    )


def _query(cursor: str | None, limit: int, said: Mapping[str, Asked]) -> dict[str, Asked]:
    query: dict[str, Asked] = {"limit": limit, **said}
    return query | {"cursor": cursor} if cursor else query
