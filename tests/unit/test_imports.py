import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = (
    "sqlalchemy",
    "sqlmodel",
    "asyncpg",
    "fastapi",
    "starlette",
    "uvicorn",
    "httpx2",
    "httpcore2",
)


def loaded_by(module: str) -> set[str]:
    """Top-level names of everything that `import module` loads."""
    report = f"import {module}, sys, json; print(json.dumps(list(sys.modules)))"
    said = subprocess.run(
        [sys.executable, "-c", report], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in json.loads(said.stdout)}


STORIES = ("escrow", "notice", "late", "clearing", "batch", "payout")


@pytest.mark.parametrize("module", [f"workflows.{name}" for name in STORIES])
def test_a_workflow_loads_no_database_web_or_http_module(module: str) -> None:
    """The sandbox loads a workflow's imports again and again, and replays them for years."""
    assert loaded_by(module).isdisjoint(HEAVY)


def test_activities_load_ports_only() -> None:
    modules = "activities.bookkeeping, activities.clearing, activities.funding, activities.notices"
    assert loaded_by(modules).isdisjoint(HEAVY)


def test_the_domain_needs_nothing_but_python() -> None:
    installed = loaded_by("domain.transitions") - set(sys.stdlib_module_names)
    assert {name for name in installed if not name.startswith(("_", "sitecustomize"))} <= {"domain"}
