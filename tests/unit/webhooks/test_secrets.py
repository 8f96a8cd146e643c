"""Which secrets sign when."""

from datetime import UTC, datetime, timedelta

from webhooks.endpoints import Endpoint

UNTIL = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ROTATED = Endpoint(
    id="whe_1",
    merchant_id="mer_1",
    url="https://shop.example/hooks",
    description="",
    events=None,
    secret="whsec_new",
    old_secret="whsec_old",
    old_secret_until=UNTIL,
    created_at=UNTIL,
    given_at=UNTIL,
    disabled_by=None,
)


def test_the_secret_before_signs_until_its_time_is_over() -> None:
    assert ROTATED.secrets(UNTIL - SECOND) == ["whsec_new", "whsec_old"]
    assert ROTATED.secrets(UNTIL) == ["whsec_new"]
