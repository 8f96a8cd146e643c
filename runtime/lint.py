"""`./dev lint`: everything that is checked without running the service."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

PYTHON = sys.executable
STEPS: dict[str, list[str]] = {
    "ruff check": [PYTHON, "-m", "ruff", "check", "--quiet", "."],
    "ruff format": [PYTHON, "-m", "ruff", "format", "--check", "--quiet", "."],
    "mypy": [PYTHON, "-m", "mypy", "--no-error-summary"],
    "import contracts": [
        *(PYTHON, "-c"),
        "import sys; sys.path.insert(0, 'client'); "
        "from importlinter.cli import lint_imports_command; lint_imports_command()",
    ],
    "generated pages": [PYTHON, "-m", "runtime.docs", "--check"],
}
#: Where something came from is whoever installs it's business, and differs from place to place.
ADDRESS = re.compile(r"https?://|pypi\.org|pythonhosted\.org|registry\.npmjs|deb\.debian", re.I)
INDEX_OPTION = re.compile(r"--(?:extra-)?index-?url|--find-?links")
MACHINE_PATH = re.compile(r"(?:^|[^\w.-])/(?:work|farm)/")
#: Documents may mention an option; nothing else has a reason to.
PROSE = ".md"


def lint(root: Path) -> list[str]:
    """Run every check, show what those say that fail, and return their names."""
    failed = []
    for name, command in STEPS.items():
        sys.stdout.write(f"{name} …\n")
        sys.stdout.flush()
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.stdout.write(done.stdout + done.stderr)
            failed.append(name)
    leaks = list(leaked(root, committed(root)))
    if leaks:
        sys.stdout.write("\n".join(leaks) + "\n")
        failed.append("addresses and paths")
    return failed


def committed(root: Path) -> list[Path]:
    """The files that git has, or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    return [Path(name) for name in listed.stdout.split("\0") if name]


def leaked(root: Path, files: list[Path]) -> Iterator[str]:
    """`file:line: text` of each registry address, index option or path of some machine."""
    for file in files:
        if not (root / file).is_file():
            continue
        text = (root / file).read_bytes().decode(errors="replace")
        for number, line in enumerate(text.splitlines(), start=1):
            if _leaks(file, line):
                yield f"{file}:{number}: {line.strip()}"


def _leaks(file: Path, line: str) -> bool:
    if file.suffix == ".lock" and ADDRESS.search(line):
        return True
    if file.suffix == PROSE:
        return False
    return bool(INDEX_OPTION.search(line) or MACHINE_PATH.search(line))
