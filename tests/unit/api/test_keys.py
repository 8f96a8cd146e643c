import pytest

from api.keys import digest, new_key, well_formed


def test_a_new_key_says_its_mode_and_is_well_formed() -> None:
    for mode in ("test", "live"):
        key = new_key(mode)
        assert key.startswith(f"ek_{mode}_")
        assert well_formed(key, mode)


def test_no_two_keys_are_the_same() -> None:
    assert len({new_key("test") for _ in range(1000)}) == 1000


def test_every_slip_of_one_character_is_noticed_without_a_database() -> None:
    key = new_key("test")
    for place in range(len("ek_test_"), len(key)):
        other = "a" if key[place] != "a" else "b"
        assert not well_formed(key[:place] + other + key[place + 1 :], "test")


@pytest.mark.parametrize(
    "key",
    ["", "ek_", "ek_test_", "ek_test_" + "0" * 48, "ek_test_" + "é" * 49, "sk_test_" + "0" * 49],
)
def test_what_is_no_key_is_refused(key: str) -> None:
    assert not well_formed(key, "test")


def test_a_key_of_the_other_mode_is_refused() -> None:
    assert not well_formed(new_key("live"), "test")
    assert not well_formed(new_key("test"), "live")


def test_only_the_digest_is_kept_and_it_does_not_contain_the_key() -> None:
    key = new_key("test")
    assert len(digest(key)) == 32
    assert key.encode() not in digest(key)
