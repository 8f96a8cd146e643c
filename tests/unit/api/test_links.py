import time
from datetime import UTC, datetime, timedelta

import pytest

from api.errors import ExpiredLink, InvalidLink, StaleForm
from api.links import AFTERWARDS, FORM_AGE, Links, expiry
from domain.terms import Terms, Windows

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
ESCROW = "esc_0193c8a1b2c37d4e8f9a0b1c2d3e4f50"
OTHER = "esc_0193c8a1b2c37d4e8f9a0b1c2d3e4f51"
SECRET = "a secret of at least thirty-two characters"


@pytest.fixture
def links() -> Links:
    return Links(SECRET, "https://pay.example")


def terms(**windows: timedelta) -> Terms:
    return Terms(ESCROW, "mer_1", "A-1", 100, "EUR", NOW, windows=Windows(**windows))


def test_a_token_opens_its_purchase(links: Links) -> None:
    token = links.token(ESCROW, NOW + timedelta(days=1))
    assert links.escrow_of(token, NOW) == ESCROW


def test_the_same_purchase_always_gets_the_same_links(links: Links) -> None:
    again = Links(SECRET, "https://pay.example")
    assert links.cashier(terms()) == again.cashier(terms())
    assert links.cashier(terms()).startswith("https://pay.example/pay/")
    assert links.order(terms()).startswith("https://pay.example/orders/")


def test_a_link_outlives_the_longest_course_of_its_purchase(links: Links) -> None:
    longest = terms(
        payment=timedelta(days=15),
        shipping=timedelta(days=90),
        inspection=timedelta(days=90),
        answer=timedelta(days=30),
        arbitration=timedelta(days=60),
    )
    course = timedelta(days=15 + 90 + 90 + 30 + 2 * (30 + 60))
    assert expiry(longest) == NOW + course + AFTERWARDS
    token = links.cashier(longest).rsplit("/", 1)[1]
    assert links.escrow_of(token, NOW + course) == ESCROW


def test_an_expired_token_says_so(links: Links) -> None:
    token = links.token(ESCROW, NOW)
    with pytest.raises(ExpiredLink):
        links.escrow_of(token, NOW)


def test_a_token_of_another_secret_is_refused(links: Links) -> None:
    forged = Links("another secret of thirty-two characters!", "").token(
        ESCROW, NOW + timedelta(days=1)
    )
    with pytest.raises(InvalidLink):
        links.escrow_of(forged, NOW)


def test_no_character_of_a_token_can_be_changed(links: Links) -> None:
    token = links.token(ESCROW, NOW + timedelta(days=1))
    for place in range(len(token) - 1):
        other = "A" if token[place] != "A" else "B"
        with pytest.raises(InvalidLink):
            links.escrow_of(token[:place] + other + token[place + 1 :], NOW)


@pytest.mark.parametrize("token", ["", ".", "a.b", "\x00.\x00", "é" * 40, ESCROW, "x" * 5000])
def test_what_is_no_token_is_refused(links: Links, token: str) -> None:
    with pytest.raises(InvalidLink):
        links.escrow_of(token, NOW)


def test_a_form_is_good_for_its_own_purchase_and_action_only(links: Links) -> None:
    form = links.form(ESCROW, "receipt", "nonce")
    assert links.nonce_of(form, ESCROW, "receipt") == "nonce"
    for escrow, action in ((OTHER, "receipt"), (ESCROW, "payment")):
        with pytest.raises(StaleForm):
            links.nonce_of(form, escrow, action)
    with pytest.raises(StaleForm):
        links.nonce_of(form + "x", ESCROW, "receipt")


def test_a_link_is_no_form_and_a_form_is_no_link(links: Links) -> None:
    token = links.token(ESCROW, NOW + timedelta(days=1))
    with pytest.raises(StaleForm):
        links.nonce_of(token, ESCROW, "receipt")
    with pytest.raises(InvalidLink):
        links.escrow_of(links.form(ESCROW, "receipt", "nonce"), NOW)


def test_a_form_is_good_for_half_a_day(links: Links, monkeypatch: pytest.MonkeyPatch) -> None:
    form = links.form(ESCROW, "receipt", "n1")
    made = time.time()
    monkeypatch.setattr(time, "time", lambda: made + FORM_AGE.total_seconds() - 60)
    assert links.nonce_of(form, ESCROW, "receipt") == "n1"
    monkeypatch.setattr(time, "time", lambda: made + FORM_AGE.total_seconds() + 60)
    with pytest.raises(StaleForm):
        links.nonce_of(form, ESCROW, "receipt")
