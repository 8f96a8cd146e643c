"""One way to write each address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.wallet.addresses import NOBODY, NotAnAddress, Recognition, normalised

WHO = Recognition("s" * 64)


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("Li.Lei@Example.COM", "li.lei@example.com"),
        (" li+tea@example.com\n", "li+tea@example.com"),
        ("li@BÜCHER.example", "li@xn--bcher-kva.example"),
        ("li@xn--bcher-kva.example", "li@xn--bcher-kva.example"),
        ("li@例子.example", "li@xn--fsqu00a.example"),
    ],
)
def test_every_way_to_write_an_address_is_one_address(typed: str, address: str) -> None:
    assert normalised(typed) == address
    assert WHO.digest(typed) == WHO.digest(address) != NOBODY


@given(st.text(max_size=300))
def test_whatever_is_typed_is_an_address_that_a_header_can_hold_or_none(typed: str) -> None:
    try:
        address = normalised(typed)
    except NotAnAddress:
        assert WHO.digest(typed) == NOBODY
        return
    assert address.isascii()
    assert address.isprintable()
    assert " " not in address
    assert normalised(address) == address


def test_without_the_secret_a_digest_says_nothing() -> None:
    other = Recognition("t" * 64)
    assert WHO.digest("li@example.com") != other.digest("li@example.com")
    assert WHO.digest("li@example.com") != WHO.digest("lu@example.com")
