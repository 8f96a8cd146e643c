import json
from pathlib import Path
from typing import Any

import pytest

DOCUMENT = Path(__file__).parents[3] / "docs/reference/openapi.json"


@pytest.fixture
def escrow() -> dict[str, Any]:
    """A purchase as the API's own document shows it."""
    schemas = json.loads(DOCUMENT.read_text())["components"]["schemas"]
    [example] = schemas["EscrowOut"]["examples"]
    return dict(example)
