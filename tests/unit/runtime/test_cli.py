"""`./dev`: what a shell completes is there, and the page about commands names them all."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.bootstrap import python_path
from runtime.cli import EVENTS, app
from runtime.engineer.trigger import WAYS

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/guides/commands.md").read_text()
#: What pressing Tab does with the words so far.
TAB = """
eval "$({dev} completion bash)"
COMP_WORDS=({words}); COMP_CWORD={last}
_dev_completion {dev}
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture
def dev(tmp_path: Path) -> Path:
    """`./dev` of an environment that is there already."""
    script = tmp_path / "dev"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m runtime.cli "$@"\n')
    script.chmod(0o755)
    return script


def completed(dev: Path, *words: str) -> list[str]:
    """What bash offers after these words; the last one is not finished."""
    said = " ".join(f"'{word}'" for word in ("./dev", *words))
    done = subprocess.run(
        ["bash", "-c", TAB.format(dev=dev, words=said, last=len(words))],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": python_path("")},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "offers"),
    [
        (("lis",), ["listen"]),
        (("escrow", ""), ["show"]),
        (("trigger", "escrow.re"), ["escrow.reminder", "escrow.released", "escrow.refunded"]),
        (("listen", "--f"), ["--forward"]),
    ],
)
def test_a_shell_completes(dev: Path, words: tuple[str, ...], offers: list[str]) -> None:
    assert completed(dev, *words) == offers


def test_what_is_offered_is_what_can_be_triggered() -> None:
    assert tuple(WAYS) == EVENTS


def test_the_page_names_every_event_that_can_be_triggered() -> None:
    rows = re.findall(r"^\| (`escrow\..*?) \|", PAGE, flags=re.M)
    named = [name for row in rows for name in re.findall(r"escrow[.a-z]+", row)]
    assert tuple(named) == EVENTS


@pytest.mark.parametrize("command", sorted(set(re.findall(r"\./dev (\w+)", PAGE))))
def test_every_command_of_the_page_exists(command: str) -> None:
    commands = {known.callback.__name__ for known in app.registered_commands if known.callback}
    assert command in commands | {group.name for group in app.registered_groups}
