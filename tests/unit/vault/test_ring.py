import pytest

from vault.errors import MasterKeyMissing, NotAuthentic
from vault.ring import Ring, Wrapped, decrypt, encrypt, fingerprint

K1, K2 = "1" * 64, "2" * 64


def test_the_first_key_wraps_and_every_key_unwraps() -> None:
    wrapped = Ring.parse(K1).wrap(b"secret", "here")
    rotated = Ring.parse(f"{K2}, {K1.upper()}")
    assert rotated.unwrap(wrapped, "here") == b"secret"
    assert rotated.wrap(b"secret", "here").by == fingerprint(bytes.fromhex(K2))


def test_what_a_removed_key_has_wrapped_stays_so_and_says_which_key_is_missing() -> None:
    wrapped = Ring.parse(K1).wrap(b"secret", "here")
    with pytest.raises(MasterKeyMissing, match=fingerprint(bytes.fromhex(K1))):
        Ring.parse(K2).unwrap(wrapped, "here")


@pytest.mark.parametrize("said", ["", "short", "x" * 64, f"{K1},", f"{K1},{K1}", f"{K1};{K2}"])
def test_nonsense_is_no_ring(said: str) -> None:
    with pytest.raises(ValueError, match=r"hexadecimal|twice"):
        Ring.parse(said)


def test_nothing_is_read_elsewhere_than_where_it_belongs() -> None:
    ring = Ring.parse(K1)
    with pytest.raises(NotAuthentic):
        ring.unwrap(ring.wrap(b"secret", "here"), "there")


@pytest.mark.parametrize("place", [0, 12, -1])
def test_one_changed_bit_is_noticed(place: int) -> None:
    ring = Ring.parse(K1)
    wrapped = ring.wrap(b"secret", "here")
    forged = bytearray(wrapped.box)
    forged[place] ^= 1
    with pytest.raises(NotAuthentic):
        ring.unwrap(Wrapped(wrapped.by, bytes(forged)), "here")


@pytest.mark.parametrize("length", [0, 1, 11, 12, 27])
def test_a_box_that_is_too_short_is_not_authentic(length: int) -> None:
    with pytest.raises(NotAuthentic):
        decrypt(bytes(32), bytes(length), "here")


def test_the_same_secret_looks_different_each_time() -> None:
    assert len({encrypt(bytes(32), b"secret", "here") for _ in range(50)}) == 50


def test_a_ring_and_what_it_wraps_show_no_secret() -> None:
    ring = Ring.parse(K1)
    assert K1 not in repr(ring)
    assert repr(ring.wrap(b"secret", "here")) == f"Wrapped(by='{ring.first}')"
