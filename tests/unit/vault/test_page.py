"""docs/concepts/personal-data.md says what is so."""

import re
from pathlib import Path

from api.erasure import PATIENCE, NotErased
from runtime.cli import app
from vault import errors, problems
from vault.errors import VaultError
from vault.keys import KEPT_FOR, MOST
from vault.problems import Refused

PAGE = (Path(__file__).parents[3] / "docs/concepts/personal-data.md").read_text()


def statuses() -> dict[str, int]:
    """Of every refusal that the codec server can say."""
    shut = {
        kind.code: problems.STATUSES.get(kind.code, 422)
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, VaultError) and kind is not VaultError
    }
    # Nothing is written there, so it needs to know no purchase.
    del shut["without_context"], shut["unknown_purchase"]
    return shut | {kind.code: kind.status for kind in Refused.__subclasses__()}


def test_every_refusal_of_the_codec_server_has_its_line() -> None:
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| (\d+) \|", PAGE, re.M)
    said = {code: int(status) for codes, status in rows for code in re.findall(r"`(\w+)`", codes)}
    assert said == statuses()


def test_every_refusal_of_an_erasure_of_a_purchase_that_is_there_is_named() -> None:
    codes = {kind.code for kind in NotErased.__subclasses__()} - {"not_found"}
    assert all(f"(`{code}` otherwise)" in PAGE or f"(`{code}`)" in PAGE for code in codes)


def test_its_times_and_commands_are_those_of_the_code() -> None:
    assert f"waits {PATIENCE.seconds} seconds" in PAGE
    assert KEPT_FOR.seconds == 60, "at most a minute"
    assert f"at most {MOST:,} keys" in PAGE
    commands = {registered.callback for registered in app.registered_commands}
    names = {command.__name__ for command in commands if command}
    assert set(re.findall(r"`\./dev (\w+)", PAGE)) <= names
